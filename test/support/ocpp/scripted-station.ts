/**
 * A charging station whose frames a test writes: a WebSocket at the real CSMS with the real codec and driver behind it,
 * and a bridge where it is asked for. say() sends a CALL, setAnswers() scripts its answers, and every call of ours is
 * checked against the official schemas. The helper for a new OCPP message; stations with less behind them are
 * decoded-station.ts and raw-station.ts.
 */
import assert from 'node:assert/strict';
import { Bridge } from '../../../src/bridge/bridge.ts';
import {
  type Applied,
  CommandFailure,
  type Cycle,
  type DeviceState,
  type Driver,
  type DriverEvent,
  type DriverSink,
  type Progress,
} from '../../../src/drivers/driver.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { createOcppDriver, type OcppDriver, type OcppDriverOptions } from '../../../src/drivers/ocpp/driver.ts';
import type { Version } from '../../../src/drivers/ocpp/messages.ts';
import type { StationSettings } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import type { Params, Response } from '../../../src/model/command.ts';
import type { Message } from '../../../src/model/message.ts';
import { isoTime } from '../../../src/model/time.ts';
import { incomingCommand } from '../bridge/incoming-command.ts';
import { createMemoryJournal, type MemoryJournal } from '../memory-journal.ts';
import { until } from '../until.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import { chargingOrder } from './charging-orders.ts';
import { usualOptions } from './decoded-station.ts';
import { faultsOfCall, faultsOfResult } from './ocpp-schemas.ts';
import { dial, type RawStation } from './raw-station.ts';
import { openSettings, startTestCsms, type TestCsms } from './test-csms.ts';

export type Payload = Record<string, unknown>;

/** How a station answers a call: with a CALLRESULT, with a CALLERROR, not at all, or by hanging up. */
export type ScriptedAnswer = object | { error: string; description?: string } | 'silence' | 'hang_up';
export type Answering = (action: string, payload: Payload) => ScriptedAnswer | undefined;

export interface HeardCall {
  action: string;
  payload: Payload;
  /** Monotonic, ms. */
  at: number;
}

export interface Told {
  value: unknown;
  ts: number;
  isEstimated?: boolean;
  reason?: string;
  /** The station's own word. */
  raw?: string;
}

export interface ScriptedStationOptions {
  version?: Version;
  /** The node and what its integrator said. */
  driver?: Partial<OcppDriverOptions>;
  settings?: Partial<StationSettings>;
  /** Its answers where they differ from those of an ordinary station without settings. */
  answers?: Answering;
  /** A bridge stands between the driver and the test: commands, leases and setpoints. */
  hasBridge?: boolean;
}

export interface ScriptedStation {
  version: Version;
  clock: VirtualClock;
  csms: TestCsms;
  journal: MemoryJournal;
  driver(): OcppDriver;
  station(): RawStation;
  /** Calls the station received, in order. */
  calls: HeardCall[];
  /** Payloads of the received calls of one action. */
  asked(action: string): Payload[];
  /** Actions of the received calls, in order. */
  actions(): string[];
  setAnswers(answers: Answering): void;
  connect(): Promise<void>;
  /** Connects, boots, tells its status, and waits until the set-up is over. */
  ready(): Promise<void>;
  /** Breaks the connection without a close frame. */
  drop(): Promise<void>;
  /** Sends a CALL. @returns the CALLRESULT, which fits the schema */
  say(action: string, payload: object): Promise<Payload>;
  /** Sends a CALL. @returns the whole frame of the answer: a CALLRESULT or a CALLERROR */
  frame(action: string, payload: object): Promise<unknown[]>;
  boot(more?: { vendor?: string; model?: string; firmware?: string; serial?: string }): Promise<Payload>;
  /** A status in the words of the version. */
  status(status: string, evse?: number, more?: object): Promise<Payload>;
  /** Now, by the clock of the test; agoMs earlier. */
  time(agoMs?: number): string;
  /** Time passes, and whatever is on the wire arrives. @param stepMs between two looks at the wire */
  pass(ms: number, stepMs?: number): Promise<void>;
  told(path: string): Told[];
  /** The last value told on a path: "1/power", "1/current/l1". */
  last(path: string): unknown;
  events: DriverEvent[];
  named(name: string): DriverEvent[];
  states: DeviceState[];
  /** Progress of orders, as the driver reported it. */
  progress: (Progress & { actuator: string })[];
  /** With a bridge: what it said and answered. */
  messages: Message[];
  /** With a bridge: a command, for the first EVSE unless more.component says otherwise. @returns its id */
  send(verb: string, params?: Params, more?: Record<string, unknown>): string;
  /** With a bridge: the outcome of a command. */
  outcome(id: string): Response | undefined;
  /** With a bridge: the newest setpoint of a verb. */
  setpoint(verb: string): Record<string, unknown> | undefined;
  /** An order to the driver, whose outcome takes its time. */
  order(verb: string, params?: Params, actuator?: string): Promise<Applied>;
  /** The same, and time passes until it has come to something. */
  apply(verb: string, params?: Params, actuator?: string): Promise<Applied>;
  /** Ends the process of the bridge without a word, and begins anew with what was written down. */
  kill(): void;
  /** Also looks that the bridge never said anything that the schemas do not know. */
  close(): Promise<void>;
}

const subProtocols: Record<Version, string> = { '1.6': 'ocpp1.6', '2.0.1': 'ocpp2.0.1', '2.1': 'ocpp2.1' };

/** The answers of an ordinary station that knows no settings. */
const usualAnswer = (version: Version, action: string, payload: Payload): object => {
  switch (action) {
    case 'GetConfiguration':
      return { configurationKey: [], unknownKey: [] };
    case 'GetVariables':
      return {
        getVariableResult: (payload.getVariableData as object[]).map((each) => ({
          ...each,
          attributeStatus: 'UnknownVariable',
        })),
      };
    case 'SetVariables':
      return {
        setVariableResult: (payload.setVariableData as object[]).map((each) => ({
          ...each,
          attributeStatus: 'Accepted',
        })),
      };
    case 'GetTransactionStatus':
      return { messagesInQueue: false, ongoingIndicator: true };
    case 'UnlockConnector':
      return { status: 'Unlocked' };
    default:
      return { status: version === '1.6' && action === 'DataTransfer' ? 'UnknownVendorId' : 'Accepted' };
  }
};

const isError = (answer: object): answer is { error: string; description?: string } => 'error' in answer;

/** Everything that was sent before has arrived at the other end, there and back. */
const exchange = async (station: RawStation): Promise<void> => {
  if (station.socket.readyState === 1) await Promise.race([station.settled(), station.closed]);
  await new Promise((resolve) => setImmediate(resolve));
};

/** Between two looks at the wire, ms. */
const lookMs = 100;

export const createScriptedStation = async (options: ScriptedStationOptions = {}): Promise<ScriptedStation> => {
  const { version = '1.6', settings } = options;
  const clock = createVirtualClock();
  const csms = await startTestCsms({}, clock);
  const journal = createMemoryJournal();
  const calls: HeardCall[] = [];
  const events: DriverEvent[] = [];
  const states: DeviceState[] = [];
  const said: (Told & { path: string })[] = [];
  const faults: string[] = [];
  const progress: ScriptedStation['progress'] = [];
  const messages: Message[] = [];
  const bridgeJournal = createMemoryJournal();
  let bridge: Bridge | undefined;
  let answers: Answering = options.answers ?? (() => undefined);
  let station: RawStation | undefined;
  let registration: { remove(): void } | undefined;
  let generation = 0;
  let frames = 0;
  let commands = 0;

  const openBridge = (driver: Driver, isAlive: () => boolean): void => {
    const say = (said: Message[]): void => void (isAlive() && messages.push(...said));
    const placement = { device: 'box', site: 'home', gateway: 'gw' };
    bridge = new Bridge(
      { placement, driver, clock, journal: bridgeJournal },
      { readings: say, events: say, answer: (response) => say([response]), status() {} },
    );
    bridge.start();
  };

  const open = (): OcppDriver => {
    const own = ++generation;
    const isAlive = (): boolean => own === generation;
    const driver = createOcppDriver(
      { ...usualOptions, identity: 'CP1', codecOf: codecFor, store: journal, ...options.driver },
      clock,
    );
    const take = ({ samples }: Cycle): void => {
      const { channels } = driver.describe();
      for (const { channel, value, ts, isEstimated, reason, raw } of samples) {
        const { index = 0, quantity, part } = channels[channel] ?? {};
        const path = part === undefined ? `${index}/${quantity}` : `${index}/${quantity}/${part}`;
        said.push({
          path,
          value,
          ts,
          ...(isEstimated && { isEstimated }),
          ...(reason && { reason }),
          ...(raw !== undefined && { raw }),
        });
      }
    };
    const hears = (to?: DriverSink): DriverSink => ({
      described: () => to?.described(),
      cycle(cycle) {
        if (isAlive()) take(cycle);
        to?.cycle(cycle);
      },
      state(state) {
        if (isAlive()) states.push(state);
        to?.state(state);
      },
      drifted: (...drift) => to?.drifted(...drift),
      progressed(actuator, made) {
        if (isAlive()) progress.push({ actuator, ...made });
        to?.progressed(actuator, made);
      },
      event(event) {
        if (isAlive()) events.push(event);
        to?.event(event);
      },
    });
    if (options.hasBridge) openBridge({ ...driver, start: (sink) => driver.start(hears(sink)) }, isAlive);
    else driver.start(hears());
    registration = csms.register('CP1', { ...openSettings, ...settings }, driver);
    return driver;
  };
  let driver = open();

  const answer = (to: RawStation, id: unknown, action: string, payload: Payload): void => {
    const given = answers(action, payload) ?? usualAnswer(version, action, payload);
    if (given === 'silence') return;
    if (given === 'hang_up') to.socket.terminate();
    else if (typeof given === 'object' && isError(given)) to.send([4, id, given.error, given.description ?? '', {}]);
    else to.send([3, id, given]);
  };

  const hear = (to: RawStation, [type, id, action, payload]: unknown[]): void => {
    if (type !== 2) return;
    const call = { action: String(action), payload: payload as Payload, at: clock.monotonic() };
    calls.push(call);
    const fault = faultsOfCall(version, call.action, call.payload);
    if (fault !== undefined) faults.push(`${call.action}: ${fault}`);
    answer(to, id, call.action, call.payload);
  };

  const responses = (): Response[] => messages.flatMap((each) => (each.schema === 'response/1' ? [each] : []));
  const now = (agoMs = 0): string => isoTime(clock.now() - agoMs);
  const own = (): RawStation => station ?? assert.fail('it is not connected');

  const field: ScriptedStation = {
    version,
    clock,
    csms,
    journal,
    driver: () => driver,
    station: own,
    calls,
    asked: (wanted) => calls.filter(({ action }) => action === wanted).map(({ payload }) => payload),
    actions: () => calls.map(({ action }) => action),
    setAnswers(next) {
      answers = next;
    },
    async connect() {
      const next = await dial(csms.url(), { protocols: [subProtocols[version]] });
      next.socket.on('message', (data) => hear(next, JSON.parse(String(data))));
      station = next;
      await exchange(next);
    },
    async ready() {
      await field.connect();
      await field.boot();
      await field.status('Available');
      await field.pass(10_000);
      calls.length = 0;
    },
    async drop() {
      const old = own();
      station = undefined;
      const ended = states.length;
      old.socket.terminate();
      await until(() => states.length > ended && states.at(-1)?.kind === 'offline', 'its end is seen');
    },
    async frame(action, payload) {
      const id = `m${++frames}`;
      const to = own();
      to.send([2, id, action, payload]);
      const frame = await to.answer(id);
      await exchange(to);
      return frame;
    },
    async say(action, payload) {
      const [type, , result, words] = await field.frame(action, payload);
      assert.equal(type, 3, `${action} is answered with ${result}: ${words}`);
      assert.equal(faultsOfResult(version, action, result), undefined, `${action}: ${JSON.stringify(result)}`);
      return result as Payload;
    },
    boot({ vendor = 'Acme', model = 'Box', firmware = '1.0', serial } = {}) {
      return version === '1.6'
        ? field.say('BootNotification', {
            chargePointVendor: vendor,
            chargePointModel: model,
            firmwareVersion: firmware,
            ...(serial === undefined ? {} : { chargePointSerialNumber: serial }),
          })
        : field.say('BootNotification', {
            reason: 'PowerUp',
            chargingStation: {
              vendorName: vendor,
              model,
              firmwareVersion: firmware,
              ...(serial === undefined ? {} : { serialNumber: serial }),
            },
          });
    },
    status(status, evse = 1, more = {}) {
      return version === '1.6'
        ? field.say('StatusNotification', {
            connectorId: evse,
            errorCode: 'NoError',
            status,
            timestamp: now(),
            ...more,
          })
        : field.say('StatusNotification', {
            evseId: evse,
            connectorId: 1,
            connectorStatus: status,
            timestamp: now(),
            ...more,
          });
    },
    time: now,
    async pass(ms, step = ms > 60_000 ? 1000 : lookMs) {
      for (let left = ms; left > 0; left -= step) {
        await clock.advanceAsync(Math.min(step, left));
        if (!station) continue;
        await exchange(station);
        await exchange(station);
      }
    },
    told: (path) => said.filter((each) => each.path === path),
    last: (path) => field.told(path).at(-1)?.value,
    events,
    named: (name) => events.filter((event) => event.name === name),
    states,
    progress,
    messages,
    send(verb, params = {}, more = {}) {
      const id = `c${++commands}`;
      const { component = 'ev_charger/1', ...rest } = more;
      const given = { id, ts: isoTime(clock.now()), ttl_s: 10, lease_s: 180, requester: 'test', ...rest };
      const topic = `devices/box/${component}/command/${verb}`;
      bridge?.onCommand(incomingCommand(topic, { schema: 'command/1', params, ...given }));
      return given.id;
    },
    outcome: (id) => responses().findLast((each) => each.id === id && each.status !== 'accepted'),
    setpoint: (verb) => messages.findLast(({ topic }) => topic === `devices/box/ev_charger/1/setpoint/${verb}`),
    order(verb, params = {}, actuator = 'limit/1') {
      const startBy = clock.monotonic() + 60_000;
      const given = chargingOrder(verb, params, { actuator, startBy });
      const applied = driver.apply(given, new AbortController().signal);
      // A caller that awaits the order hears of its failure.
      applied.catch(() => {});
      return applied;
    },
    async apply(...order) {
      const applied = field.order(...order);
      let isOver = false;
      const over = (): void => {
        isOver = true;
      };
      applied.then(over, over);
      for (let i = 0; i < 600 && !isOver; i++) await field.pass(lookMs);
      return applied;
    },
    kill() {
      const old = driver;
      const { records } = journal;
      // Nothing the old driver does while it closes may reach the journal.
      journal.isWritable = false;
      registration?.remove();
      void old.close();
      journal.isWritable = true;
      journal.records = records;
      driver = open();
    },
    async close() {
      station?.socket.terminate();
      await (bridge ?? driver).close();
      await csms.close();
      assert.deepEqual(faults, [], 'what the bridge asks fits the schemas');
    },
  };
  return field;
};

/** The failure of an order, as "CODE: words". */
export const commandFailureOf = (applied: Promise<unknown>): Promise<string> =>
  applied.then(
    () => assert.fail('it was done'),
    (error: unknown) => {
      if (error instanceof CommandFailure) return `${error.code}: ${error.message}`;
      throw error;
    },
  );
