/**
 * A battery behind the driver interface, without a protocol: it takes orders and fails in every way a real device can.
 * createBridgedDevice puts a bridge in front of it. Batteries with registers: modbus/battery-server.ts.
 */
import { Bridge, type BridgeOptions, type BridgeStatus } from '../../../src/bridge/bridge.ts';
import type { Reply } from '../../../src/bridge/commands/command-journal.ts';
import {
  type Actuator,
  type Applied,
  type Channel,
  CommandFailure,
  type Driver,
  type DriverSink,
  type Order,
} from '../../../src/drivers/driver.ts';
import type { Response } from '../../../src/model/command.ts';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { createMemoryJournal, type MemoryJournal } from '../memory-journal.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import { incomingCommand } from './incoming-command.ts';

/** The way in which orders fail. late: the device carries the order out, but its answer never comes. */
export type Trouble = 'none' | 'offline' | 'refused' | 'late' | 'mismatch';

export interface Write {
  at: number;
  order: Order;
  /** Ends the waiting of the driver. */
  signal: AbortSignal;
}

export const maxPowerW = 5000;

const watts = { unit: 'W', min: 0, max: maxPowerW };
const setpoint = (params: Actuator['verbs'][string]['params']) => ({
  kind: 'setpoint' as const,
  params,
  maxLeaseS: 3600,
});

export const batteryActuator: Actuator = {
  key: 'battery',
  type: 'battery',
  verbs: {
    charge: setpoint({ power_w: { ...watts, limitedBy: 'limit_charge' } }),
    discharge: setpoint({ power_w: watts }),
    hold: setpoint({}),
    limit_charge: { kind: 'limit', params: { power_w: watts }, maxLeaseS: 3600 },
  },
  fallback: { means: { mode: 'auto' } },
  minWriteIntervalMs: 100,
  latencyS: 1,
  verifyS: 1,
  verification: 'readback',
  isPersistent: false,
};

const soc: Channel = {
  type: 'battery',
  quantity: 'soc',
  unit: '%',
  kind: 'gauge',
  intervalS: 1,
  maxAgeS: 1e9,
  signed: false,
};

const power: Channel = { ...soc, quantity: 'power', unit: 'W', signed: true };

/** @param actuators what it can be told */
export const createScriptedDevice = (clock: VirtualClock, actuators: Actuator[] = [batteryActuator]) => {
  const writes: Write[] = [];
  /** Keys of actuators that refuse every order. */
  const refusing = new Set<string>();
  let trouble: Trouble = 'none';
  let proven: Applied = { verified: true, by: 'register' };
  let sink: DriverSink | undefined;

  const pass = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

  /** As a driver does it: the time is looked at before the write, and nothing is written behind it. */
  const apply: Driver['apply'] = async (order, signal) => {
    await pass(5);
    if (trouble === 'offline') throw new CommandFailure('DEVICE_OFFLINE', 'no connection');
    if (clock.monotonic() >= Math.min(order.startBy, order.notAfter))
      throw new CommandFailure('EXPIRED', 'its time was over');
    if (trouble === 'refused') throw new CommandFailure('DEVICE_REJECTED', 'exception 4');
    if (refusing.has(order.actuator)) throw new CommandFailure('DEVICE_REJECTED', `${order.actuator} refuses`);
    const now = trouble;
    writes.push({ at: clock.monotonic(), order: structuredClone({ ...order }), signal });
    await pass(20);
    if (now === 'late') throw new CommandFailure('TIMEOUT', 'no answer');
    if (now === 'mismatch') throw new CommandFailure('READBACK_MISMATCH', 'reads something else');
    return proven;
  };

  const createDriver = (): Driver => ({
    describe: () => ({ protocol: 'test', source: 'test/b', channels: [soc, power], components: {} }),
    inspect: () => new Map(),
    actuators: () => actuators,
    apply,
    start(given) {
      sink = given;
      given.state({ kind: 'online' });
    },
    close: async () => {},
  });

  const measure = (channel: number, value: number): void =>
    sink?.cycle({ samples: [{ channel, value, ts: clock.now() }], durationMs: 1, errors: [] });

  return {
    writes,
    refusing,
    createDriver,
    sink: () => sink as DriverSink,
    setTrouble(next: Trouble): void {
      const was = trouble;
      trouble = next;
      if (next === 'offline') sink?.state({ kind: 'offline', reason: 'no connection' });
      else if (was === 'offline') sink?.state({ kind: 'online' });
    },
    measureSoc: (value: number): void => measure(0, value),
    measurePower: (value: number): void => measure(1, value),
    /** Sets what the driver reports of the orders to come. */
    setProof(next: Applied): void {
      proven = next;
    },
    /** The last order that was written. */
    holds: (): Order | undefined => writes.at(-1)?.order,
  };
};

export interface BridgedDevice {
  device: ReturnType<typeof createScriptedDevice>;
  journal: MemoryJournal;
  responses: (Response & { topic: string })[];
  replies: Reply[];
  events: Message[];
  said: Message[];
  statuses: BridgeStatus[];
  bridge(): Bridge;
  /** Takes a command; what is not given has a sensible value. */
  send(verb: string, params: object, more?: Record<string, unknown>): string;
  /** The same, and time passes in which the device is told. @returns its id */
  ask(verb: string, params: object, more?: Record<string, unknown>): Promise<string>;
  /** The outcome of a command, after its acceptance. */
  outcome(id: string): Response | undefined;
  restart(isKilled?: boolean): Promise<void>;
  /** @param isFinal nobody will come back to the device */
  stop(isFinal?: boolean): Promise<void>;
}

/** A bridge over a device that can be told something. */
export const createBridgedDevice = (
  clock: VirtualClock,
  options: Partial<BridgeOptions> = {},
  device = createScriptedDevice(clock),
): BridgedDevice => {
  const journal = createMemoryJournal();
  const rig = {
    responses: [] as BridgedDevice['responses'],
    replies: [] as Reply[],
    events: [] as Message[],
    said: [] as Message[],
    statuses: [] as BridgeStatus[],
  };
  let generation = 0;
  let sent = 0;

  const open = (): Bridge => {
    const own = ++generation;
    // A process that was killed says nothing any more.
    const isAlive = (): boolean => own === generation;
    const placement = { device: 'b', site: 'home', gateway: 'gw' };
    const bridge = new Bridge(
      { placement, driver: device.createDriver(), clock, journal, ...options },
      {
        readings: (messages) => isAlive() && rig.said.push(...messages),
        events: (messages) => isAlive() && rig.events.push(...messages),
        answer(response, reply) {
          if (!isAlive()) return;
          rig.responses.push(response);
          rig.replies.push(reply);
        },
        status: (status) => isAlive() && rig.statuses.push(status),
      },
    );
    bridge.start();
    return bridge;
  };
  let bridge = open();

  const send: BridgedDevice['send'] = (verb, params, more = {}) => {
    const { topic = `devices/b/battery/command/${verb}`, isRetained = false, reply = {}, ...body } = more;
    const given = { id: `c${++sent}`, ts: isoTime(clock.now()), ttl_s: 10, lease_s: 60, requester: 'test', ...body };
    bridge.onCommand(
      incomingCommand(
        String(topic),
        { schema: 'command/1', params, ...given },
        { isRetained: isRetained === true, reply: reply as Reply },
      ),
    );
    return given.id as string;
  };

  return {
    ...rig,
    device,
    journal,
    bridge: () => bridge,
    send,
    async ask(verb, params, more) {
      const id = send(verb, params, more);
      await clock.advanceAsync(150);
      return id;
    },
    outcome: (id) => rig.responses.findLast((each) => each.id === id && each.status !== 'accepted'),
    async restart(isKilled = false) {
      const old = bridge;
      if (!isKilled) await old.close();
      generation++;
      if (isKilled) await old.close();
      bridge = open();
    },
    stop: (isFinal) => bridge.close(isFinal),
  };
};
