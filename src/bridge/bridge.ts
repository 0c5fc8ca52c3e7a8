/**
 * One device at work: runs its driver and says everything the rest of the street has to know. It stamps seq and
 * boot, turns samples into readings with the signs of the device's role, derives the unsigned pairs, lets old values
 * go stale, states meta and availability, and has commands carried out at its desk.
 */
import type { Actuator, Channel, Cycle, DeviceState, Driver, Sample } from '../drivers/driver.ts';
import type { Quality, Reason } from '../model/common.ts';
import type { Event } from '../model/event.ts';
import { createBoot, createEventId, hashTag } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Reading, Value } from '../model/reading.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { formatTopic } from '../model/topic.ts';
import { type Derivation, derivations, mounted } from './derive.ts';
import { createDesk, type Incoming } from './desk.ts';
import { createLedger, type Journal, type Reply } from './ledger.ts';
import { componentKey, describeDevice, isMeter, isSourceRole, type Placement, roleOf } from './meta.ts';
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

const watchEveryMs = 1000;

interface Output {
  channel: Channel;
  topic: string;
  factor: 1 | -1;
  /** Only its part in this direction counts: 0 where the value points the other way. */
  half: 1 | -1 | undefined;
  isTag: boolean;
  seq: number;
  /** What was said last; a reading of it is made when it is needed. Undefined quality: nothing yet. */
  quality: Quality | undefined;
  /** NaN where it was no number. Numbers have a field of their own, so that each is stored in place of the one before. */
  number: number;
  other: Exclude<Value, number>;
  /** Measured, ms since 1970. */
  ts: number;
  reason: Reason | undefined;
  raw: string | undefined;
}

/**
 * @param driver started and closed with the bridge
 */
export const createBridge = (options: BridgeOptions, driver: Driver, clock: Clock, sink: BridgeSink): Bridge => {
  const { placement, reportsCycles = false, trusted = [], journal } = options;
  const { device } = placement;
  const boot = createBoot();
  let description = driver.describe();
  const channels: Channel[] = [];
  const derived: Derivation[] = [];
  let state: DeviceState = { kind: 'connecting' };
  let announced: string | undefined;
  let isMetaDue = true;
  let watching: { cancel(): void } | undefined;
  let staleSince: number | undefined;
  /** No value becomes stale before this time, ms since 1970. */
  let staleFrom = Number.NEGATIVE_INFINITY;
  /** Outputs whose last value is good. */
  let good = 0;
  const { source } = description;
  let actuators = driver.actuators();
  /** What should be in its safe state and is not known to be. */
  let danger: string | undefined;

  const createOutput = (channel: Channel, half: 1 | -1 | undefined): Output => {
    const role = roleOf(
      channel.type,
      description.components[componentKey(channel)] ?? description.components[channel.type],
      placement,
    );
    const isDirected = channel.signed && /^(power|reactive_power|current)$/.test(channel.quantity);
    const isReversed = isMeter(channel.type) && placement.isReversed === true;
    const isTurned = isMeter(channel.type) && isSourceRole(role);
    // The two directions of a meter are those of its counters, whatever its role calls positive.
    const isFlipped = half === undefined ? isDirected && isTurned !== isReversed : isReversed;
    return {
      channel,
      topic: formatTopic({
        kind: 'reading',
        device,
        type: channel.type,
        ...(channel.index === undefined ? {} : { index: channel.index }),
        quantity: channel.quantity,
        ...(channel.part === undefined ? {} : { part: channel.part }),
      }),
      factor: isFlipped ? -1 : 1,
      half,
      isTag: channel.quantity === 'id_tag',
      seq: 0,
      quality: undefined,
      number: Number.NaN,
      other: null,
      ts: 0,
      reason: undefined,
      raw: undefined,
    };
  };

  /** By channel. */
  const outputs: Output[] = [];
  const halves: (Output[] | undefined)[] = [];
  const all: Output[] = [];
  /** States of charge, which commands may have as their goal. */
  let goals: { channel: number; component: string }[] = [];

  /** Channels of the driver that are not known yet: all of them at first, later what the device shows of itself. */
  const takeUp = (): void => {
    description = driver.describe();
    const known = channels.length;
    const added = mounted(description.channels, placement.isReversed === true).slice(known);
    channels.push(...added);
    for (const [place, channel] of added.entries()) {
      outputs.push(createOutput(channel, undefined));
      if (channel.quantity === 'soc' && channel.part === undefined)
        goals = [...goals, { channel: known + place, component: componentKey(channel) }];
    }
    const fresh = derivations(channels).filter(({ from }) => from >= known);
    derived.push(...fresh);
    all.push(...outputs.slice(known));
    for (const { from, channel, sign } of fresh) {
      const half = createOutput(channel, sign);
      halves[from] = [...(halves[from] ?? []), half];
      all.push(half);
    }
  };
  takeUp();

  const toReading = (output: Output, ts: string): Reading & { topic: string } => {
    const { topic, channel, number, other, quality = 'invalid', seq, reason, raw } = output;
    const value = Number.isNaN(number) ? other : number;
    const unit = channel.unit as NonNullable<Reading['unit']> | undefined;
    const reading: Reading & { topic: string } =
      unit === undefined
        ? { topic, schema: 'reading/1', value, ts, quality, seq, boot, source }
        : { topic, schema: 'reading/1', value, unit, ts, quality, seq, boot, source };
    if (reason !== undefined) reading.reason = reason;
    if (raw !== undefined) reading.raw = raw;
    return reading;
  };

  const numberFor = ({ factor, half }: Output, value: number): number => {
    const directed = value * factor;
    const part = half === undefined ? directed : Math.max(0, directed * half);
    // -0 is a 0 that frightens people.
    return part === 0 ? 0 : part;
  };

  const keepValue = (output: Output, value: Value): void => {
    if (typeof value === 'number') {
      output.number = numberFor(output, value);
      return;
    }
    output.number = Number.NaN;
    output.other = output.isTag && typeof value === 'string' ? hashTag(value) : value;
  };

  /** @returns whether there is something to say */
  const takeSample = (output: Output, sample: Sample): boolean => {
    const { value, reason } = sample;
    if (value === null) {
      // Said once: the device's availability tells the rest.
      if (output.quality === 'invalid' && output.reason === reason) return false;
      if (output.quality === undefined && reason === 'device_offline') return false;
    }
    count(output, value === null ? 'invalid' : sample.isEstimated ? 'estimated' : 'good');
    output.seq++;
    keepValue(output, value);
    output.ts = sample.ts;
    staleFrom = Math.min(staleFrom, sample.ts + output.channel.maxAgeS * 1000);
    output.reason = reason;
    output.raw = sample.raw;
    return true;
  };

  const count = (output: Output, quality: Quality): void => {
    if (output.quality === quality) return;
    if (output.quality === 'good') good--;
    if (quality === 'good') good++;
    output.quality = quality;
  };

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
      { ...driver.describe(), channels },
      derived.map(({ channel }) => channel),
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
    const points = good;
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
        return staleSince === undefined
          ? { kind: 'live', points, durationS: (cycle?.durationMs ?? 0) / 1000 }
          : { kind: 'stale', points, ageS: (clock.now() - staleSince) / 1000 };
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
    let ts = '';
    let tsMs = Number.NaN;
    for (const sample of cycle.samples) {
      if (sample.ts !== tsMs) {
        tsMs = sample.ts;
        ts = isoTime(tsMs);
      }
      const output = outputs[sample.channel];
      if (!output) continue;
      if (takeSample(output, sample)) readings.push(toReading(output, ts) as Message);
      const own = halves[sample.channel];
      if (own) for (const half of own) if (takeSample(half, sample)) readings.push(toReading(half, ts) as Message);
    }
    staleSince = undefined;
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

  /** A good value that got no successor in time is said to be old, once, with its own time. */
  const watchAges = (): void => {
    const now = clock.now();
    const stale: Message[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const output of all) {
      const { quality, channel, ts } = output;
      if (quality !== 'good' && quality !== 'estimated') continue;
      const until = ts + channel.maxAgeS * 1000;
      if (now <= until) {
        next = Math.min(next, until);
        continue;
      }
      output.seq++;
      count(output, 'stale');
      staleSince = staleSince === undefined ? ts : Math.min(staleSince, ts);
      stale.push(toReading(output, isoTime(ts)) as Message);
    }
    staleFrom = next;
    if (stale.length > 0) sink.readings(stale);
  };

  const watch = (): void => {
    // Values are looked through when one of them may be too old: thousands of devices have nothing to do here.
    if (clock.now() > staleFrom) watchAges();
    if (staleSince !== undefined) reportStatus();
  };

  return {
    start() {
      watching = clock.every(watchEveryMs, watch);
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
      watching?.cancel();
      owners.close();
      try {
        if (isForGood) await desk.letGo();
        else desk.close();
      } finally {
        await driver.close();
      }
    },
    snapshot: () => all.filter(({ quality }) => quality).map((output) => toReading(output, isoTime(output.ts))),
    raw() {
      const seen = driver.inspect();
      return Object.fromEntries(
        outputs.flatMap(({ topic }, channel) => (seen.has(channel) ? [[topic, seen.get(channel) ?? '']] : [])),
      );
    },
    meta,
  };
};
