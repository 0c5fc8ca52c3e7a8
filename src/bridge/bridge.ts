/**
 * One device at work: runs its driver and says everything the rest of the street has to know: readings, which grow
 * old, meta, availability and events. Commands are carried out at its desk.
 */
import type { Actuator, Cycle, DeviceState, Driver } from '../drivers/driver.ts';
import type { Event } from '../model/event.ts';
import { createBoot, createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { createAgeWatch } from './age-watch.ts';
import { createDesk, type Incoming } from './desk.ts';
import { createLedger, type Journal, type Reply } from './ledger.ts';
import { componentKey, describeDevice, type Placement } from './meta.ts';
import { createOutputs } from './outputs.ts';
import { createOwnerWatch } from './owner-watch.ts';
import { setpointsOf } from './setpoints.ts';

export interface BridgeSink {
  /** Meta and availability first and whenever they change, then readings: one array per cycle. */
  readings(messages: Message[]): void;
  /** Events and setpoints. */
  events(messages: Message[]): void;
  answer(response: Message<'response/1'>, reply: Reply): void;
  /** What is true now, for the status of the node. */
  status(status: BridgeStatus): void;
}

export type BridgeStatus =
  | { kind: 'connecting' }
  | { kind: 'live'; points: number; durationS: number }
  | { kind: 'degraded'; points: number; reason: string }
  | { kind: 'stale'; points: number; ageS: number }
  | { kind: 'offline'; reason: string; retryS?: number };

export interface BridgeOptions {
  placement: Placement;
  /** Emit bridge_cycle for every poll. */
  reportsCycles?: boolean;
  /** Requesters that may claim the reserved priorities. */
  trusted?: string[];
  /** What its commands leave behind for the next start. */
  journal: Journal;
}

export interface Bridge {
  start(): void;
  /**
   * @param isForGood nobody comes after it: what it holds is brought into its safe state first. Rejects where that
   * cannot be confirmed.
   */
  close(isForGood?: boolean): Promise<void>;
  /** A command for this device, or for another. */
  take(incoming: Incoming): void;
  /** A node has come to the broker or left it: what its requesters hold for their session may end. */
  nodeState(node: string, isOnline: boolean): void;
  /** What can be commanded, as far as it is known by now. */
  actuators(): Actuator[];
  /** The last reading of every channel, for the live view of the form. */
  snapshot(): Reading[];
  /** What the device said on the wire, by topic. */
  raw(): Record<string, string>;
  meta(): Message<'meta/1'>;
}

/**
 * @param driver started and closed with the bridge
 */
export const createBridge = (options: BridgeOptions, driver: Driver, clock: Clock, sink: BridgeSink): Bridge => {
  const { placement, reportsCycles = false, trusted = [], journal } = options;
  const { device } = placement;
  const outputs = createOutputs(placement, createBoot(), driver.describe().source);
  let state: DeviceState = { kind: 'connecting' };
  let announced: string | undefined;
  let isMetaDue = true;
  let actuators = driver.actuators();
  /** States of charge, which commands may have as their goal. */
  let goals: { channel: number; component: string }[] = [];
  /** What should be in its safe state and is not known to be. */
  let danger: string | undefined;

  const takeUp = (): void => {
    outputs.takeUp(driver.describe());
    goals = outputs
      .channels()
      .flatMap((channel, nth) =>
        channel.quantity === 'soc' && channel.part === undefined
          ? [{ channel: nth, component: componentKey(channel) }]
          : [],
      );
  };
  takeUp();

  /** The state of the device as others should see it: one that is not known to be safe is not simply online. */
  const effectiveState = (): DeviceState =>
    state.kind === 'online' && danger !== undefined
      ? { kind: 'degraded', reason: `the safe state is not confirmed: ${danger}` }
      : state;

  const availability = (): Message<'availability/1'> => {
    const shown = effectiveState();
    return {
      topic: `devices/${device}/availability`,
      schema: 'availability/1',
      state: shown.kind === 'connecting' ? 'offline' : shown.kind,
      ...('reason' in shown ? { reason: shown.reason.slice(0, 256) } : {}),
      ts: isoTime(clock.now()),
    };
  };

  const meta = (): Message<'meta/1'> =>
    describeDevice(
      { ...driver.describe(), channels: outputs.channels() },
      outputs.derived(),
      actuators,
      placement,
      isoTime(clock.now()),
    );

  const emit = (
    component: string | undefined,
    name: string,
    severity: Event['severity'],
    facts: Partial<Event>,
  ): void => {
    const from = component === undefined ? `devices/${device}` : `devices/${device}/${component}`;
    const ts = isoTime(clock.now());
    sink.events([
      { topic: `${from}/event/${name}`, schema: 'event/1', id: createEventId(), name, severity, ts, ...facts },
    ]);
  };
  const event = (name: string, severity: Event['severity'], data: NonNullable<Event['data']>): void =>
    emit(undefined, name, severity, { data });

  /** Meta and availability, where they are due. */
  const announcements = (): Message[] => {
    const due: Message[] = [];
    if (isMetaDue) {
      isMetaDue = false;
      due.push(meta());
    }
    if (state.kind === 'connecting') return due;
    const shown = effectiveState();
    const text = 'reason' in shown ? `${shown.kind}: ${shown.reason}` : shown.kind;
    if (text !== announced) {
      announced = text;
      due.push(availability());
    }
    return due;
  };

  const announceTransition = (before: DeviceState): void => {
    const wasAnswering = before.kind === 'online' || before.kind === 'degraded';
    const isAnswering = state.kind === 'online' || state.kind === 'degraded';
    if (isAnswering && !wasAnswering) {
      const { vendor, model, serial, firmware, protocol, channels } = driver.describe();
      event('bridge_online', 'info', {
        protocol,
        points: channels.length,
        ...(vendor && { vendor }),
        ...(model && { model }),
        ...(serial && { serial }),
        ...(firmware && { firmware }),
      });
    }
    if (state.kind === 'offline' && before.kind !== 'offline')
      event('bridge_offline', 'warning', { reason: state.reason });
  };

  const statusAfter = (cycle: Cycle | undefined): BridgeStatus => {
    const points = outputs.good();
    const since = outputs.staleSince();
    const shown = effectiveState();
    switch (shown.kind) {
      case 'connecting':
        return { kind: 'connecting' };
      case 'offline': {
        const { reason, retryMs } = shown;
        return { kind: 'offline', reason, ...(retryMs === undefined ? {} : { retryS: retryMs / 1000 }) };
      }
      case 'degraded':
        return { kind: 'degraded', points, reason: shown.reason };
      case 'online':
        return since === undefined
          ? { kind: 'live', points, durationS: (cycle?.durationMs ?? 0) / 1000 }
          : { kind: 'stale', points, ageS: (clock.now() - since) / 1000 };
    }
  };

  const announceNow = (): void => {
    const due = announcements();
    if (due.length > 0) sink.readings(due);
    reportStatus();
  };

  const desk = createDesk({ device, trusted }, createLedger(journal), clock, {
    apply: driver.apply,
    actuators: () => actuators,
    offline: () =>
      state.kind === 'offline' ? state.reason : state.kind === 'connecting' ? 'not connected yet' : undefined,
    respond: (topic, response, reply) => sink.answer({ ...response, topic }, reply),
    show: (component, shown, ended) => sink.events(setpointsOf(device, component, shown, ended, clock)),
    event: emit,
    unsafe(problem) {
      danger = problem;
      announceNow();
    },
  });

  const owners = createOwnerWatch(clock, desk.lost);

  const watchGoals = ({ samples }: Cycle): void => {
    for (const { channel, component } of goals)
      for (const sample of samples)
        if (sample.channel === channel && typeof sample.value === 'number')
          desk.observe(component, 'soc', sample.value);
  };

  const reportStatus = (cycle?: Cycle): void => sink.status(statusAfter(cycle));

  const takeCycle = (cycle: Cycle): void => {
    // A copy: V8 may give an array literal of this busy place to its old generation, where it would keep all its readings.
    const readings: Message[] = [...announcements()];
    outputs.take(cycle, readings);
    ages.taken();
    if (readings.length > 0) sink.readings(readings);
    if (reportsCycles)
      event('bridge_cycle', 'debug', {
        points: cycle.samples.length,
        duration_s: cycle.durationMs / 1000,
        errors: cycle.errors,
      });
    reportStatus(cycle);
    watchGoals(cycle);
  };

  const ages = createAgeWatch(outputs, clock, (old) => {
    if (old.length > 0) sink.readings(old);
    reportStatus();
  });

  return {
    start() {
      driver.start({
        described() {
          takeUp();
          isMetaDue = true;
          actuators = driver.actuators();
          desk.offered();
        },
        state(next) {
          const before = state;
          state = next;
          announceTransition(before);
          if (next.kind === 'connecting') announceNow();
          if (before.kind === 'offline' && next.kind !== 'offline') desk.returned();
        },
        cycle: takeCycle,
        drifted: desk.drifted,
        event: ({ component, name, severity, ...facts }) =>
          emit(component && componentKey(component), name, severity, facts),
      });
      desk.start();
    },
    take: desk.take,
    nodeState: owners.take,
    actuators: () => actuators,
    async close(isForGood = false) {
      owners.close();
      try {
        if (isForGood) await desk.letGo();
        else desk.close();
      } finally {
        await driver.close();
        ages.close();
      }
    },
    snapshot: outputs.snapshot,
    raw() {
      const seen = driver.inspect();
      return Object.fromEntries(
        outputs.topics().flatMap((topic, channel) => (seen.has(channel) ? [[topic, seen.get(channel) ?? '']] : [])),
      );
    },
    meta,
  };
};
