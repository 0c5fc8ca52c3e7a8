/** A device behind a Modbus bus: polls its profile's blocks, decodes them, and tells in words what does not work. */

import type { Clock } from '../../model/time.ts';
import type { DeviceDescription, Driver, DriverSink, Sample } from '../driver.ts';
import { createActor } from './actor.ts';
import { createBlockReader, type GroupName, type ReadOutcome } from './block-reader.ts';
import type { Bus } from './bus.ts';
import { eventOf } from './bus-events.ts';
import type { BusNotice } from './bus-notice.ts';
import { defaultTimeoutMs } from './codec/limits.ts';
import { type CompiledBlock, createBlockCompiler } from './compiled-block.ts';
import { channelsOf, describeProfile, hasTarget, rawWords } from './describe.ts';
import { DeviceHealth, type PollFinding } from './device-health.ts';
import { identityOf } from './identity.ts';
import { type LearntRange, planReads } from './plan.ts';
import { conditionsOf, type DerivedPoint, type Point } from './point.ts';
import { faultsOf, findingOf, optionalPoints } from './poll-finding.ts';
import { PollSchedule } from './poll-schedule.ts';
import { ModbusFailure } from './request.ts';
import { polledPoints, type ResolvedProfile } from './resolve.ts';
import { createSampler } from './sampler.ts';

export interface ModbusDriverOptions {
  resolved: ResolvedProfile;
  bus: Bus;
  unit: number;
  /** Fast points are read this often. */
  intervalMs: number;
  /** Name of the device in the source of its readings. */
  name: string;
  /** Delay before the first poll, so that many devices do not ask at once. */
  phaseMs?: number;
  /** Ranges found unreadable in an earlier run. */
  learnt?: LearntRange[];
  /** Numbers for commands that the integrator entered. */
  settings?: Record<string, number>;
  onLearnt?(ranges: LearntRange[]): void;
}

const defaultSlowMs = 60_000;

/** What was told in a poll may have turned out to be in doubt before its end. */
const withoutWithdrawn = (outcome: ReadOutcome): ReadOutcome => {
  const { withdrawn } = outcome.compiled;
  return withdrawn && !outcome.failure ? { ...outcome, failure: withdrawn } : outcome;
};

const isMadeFrom = (point: DerivedPoint, names: ReadonlySet<string>): boolean =>
  [...point.terms.map(({ name }) => name), ...conditionsOf(point).map((condition) => condition.point)].some((name) =>
    names.has(name),
  );

/**
 * @param options.bus must outlive the driver
 */
export const createModbusDriver = (options: ModbusDriverOptions, clock: Clock): Driver => {
  const { resolved, bus, unit, intervalMs, name, phaseMs = 0 } = options;
  const { profile, derived } = resolved;
  const slowMs = Math.max(intervalMs, profile.slowMs ?? defaultSlowMs);
  const learnt: LearntRange[] = [...(options.learnt ?? [])];
  const points = polledPoints(resolved);
  const indexOf = new Map(points.map((point, index) => [point.name, index]));
  let identity: Partial<DeviceDescription> = {};

  const mayLack = optionalPoints({ points, derived });
  const periodMs = (group: GroupName): number => (group === 'fast' ? intervalMs : slowMs);

  const channelPoints = points.filter(hasTarget);
  const channelOfPoint = new Map<Point, number>(channelPoints.map((point, channel) => [point, channel]));
  const description = describeProfile(resolved, name, channelsOf(channelPoints, derived, periodMs));
  const sampler = createSampler({
    points,
    channelPoints,
    derived,
    alive: resolved.alive,
    refused: { has: (point) => reader.isAbsent(point) },
  });

  /** What was asked twice in the poll at work, in words. */
  let repeated: string[] = [];

  const decode = (compiled: CompiledBlock, data: Buffer): void => {
    compiled.withdrawn = undefined;
    const { table, texts, block, last, view, isKnown } = compiled;
    if (isKnown && last.equals(data)) return;
    data.copy(last);
    compiled.isKnown = true;
    sampler.decode(table, texts, block.address, view);
  };

  const reader = createBlockReader(
    {
      bus,
      plan: (group, isAbsent) =>
        planReads(
          points.filter((point) => point.group === group && !isAbsent(point.name)),
          profile,
          learnt,
        ),
      compile: createBlockCompiler(unit, indexOf, (point) => channelOfPoint.get(point)),
      decode,
      learn(range) {
        learnt.push(range);
        options.onLearnt?.(learnt);
      },
    },
    clock,
  );
  const health = new DeviceHealth();
  let sink: DriverSink | undefined;
  let isClosed = false;
  let wasOpen = false;
  let slowDueAt = Number.NEGATIVE_INFINITY;
  let isIdentified = false;
  const identify = (outcomes: ReadOutcome[]): void => {
    const told = outcomes.flatMap(({ compiled, failure }) => (failure ? [] : compiled.block.points));
    const before = JSON.stringify(identity);
    identity = { ...identity, ...identityOf(told, sampler.valueOf) };
    if (JSON.stringify(identity) !== before) sink?.described();
  };

  const enter = (finding: PollFinding): void => {
    const before = health.state.kind;
    const next = health.judge(finding);
    if (before === 'offline' && next.kind !== 'offline') actor.returned();
    sink?.state(next);
  };

  const polledValue = (name: string): number | undefined => {
    const index = indexOf.get(name);
    const value = index === undefined ? null : sampler.valueOf(points[index] as Point);
    return typeof value === 'number' ? value : undefined;
  };

  const actor = createActor(
    { resolved, bus, unit, settings: options.settings ?? {}, polled: polledValue },
    clock,
    (key, what) => sink?.drifted(key, what),
  );

  /** Ranges that the device itself tells are known after the first polls. */
  let offered = '';
  const tellOffer = (): void => {
    if (resolved.controls.actuators.length === 0) return;
    const offer = JSON.stringify(actor.actuators());
    if (offer !== offered && offered !== '') sink?.described();
    offered = offer;
  };

  const dueGroups = (): GroupName[] => {
    const due: GroupName[] = ['fast'];
    if (clock.monotonic() < slowDueAt) return due;
    due.push('slow');
    if (!isIdentified) due.push('once');
    return due;
  };

  const samplesOf = (outcomes: ReadOutcome[], isDue: (point: DerivedPoint) => boolean): Sample[] => {
    for (const { compiled, failure } of outcomes) if (failure) sampler.fail(compiled.block.points, failure);
    sampler.settle(reader.blocks('fast'), reader.blocks('slow'));
    const samples: Sample[] = [];
    for (const { compiled, ts } of outcomes)
      for (const channel of compiled.channels) samples.push(sampler.sample(channel, ts));
    samples.push(...sampler.sampleDerived(isDue, clock.now()));
    return samples;
  };

  const isOnce = ({ block }: CompiledBlock): boolean => block.points.some(({ group }) => group === 'once');

  const poll = async (): Promise<void> => {
    const startedAt = clock.monotonic();
    const due = dueGroups();
    repeated = [];
    const read = await reader.read(due, schedule.nextAt);
    if (isClosed) return;
    const outcomes = read.map(withoutWithdrawn);
    const faults = faultsOf(outcomes, mayLack);
    const finding = findingOf(outcomes, faults, { bus, unit, reader, mayLack, intervalMs });
    if (due.includes('once')) identify(outcomes);
    if (due.includes('slow')) tellOffer();
    if (finding) {
      const isAnswering = finding.kind !== 'silent';
      if (due.includes('once')) isIdentified = !outcomes.some(({ compiled, failure }) => failure && isOnce(compiled));
      isIdentified &&= isAnswering;
      if (due.includes('slow') && isAnswering) slowDueAt = startedAt + slowMs;
      if (!isAnswering) slowDueAt = Number.NEGATIVE_INFINITY;
      enter(finding);
    }
    sink?.cycle({
      samples: samplesOf(outcomes, ({ group }) => due.includes(group)),
      durationMs: clock.monotonic() - startedAt,
      errors: [...new Set([...faults.map(({ message }) => message), ...repeated])],
    });
  };

  /** What was told of a block may be foreign: it is taken back. */
  const withdraw = (compiled: CompiledBlock, reason: string): void => {
    const failure = new ModbusFailure('malformed', reason);
    const lost = new Set(compiled.block.points.map((point) => point.name));
    // The same points may be in another block by now.
    for (const other of [compiled, ...reader.blocks()])
      if (other.block.points.some((point) => lost.has(point.name))) other.isKnown = false;
    if (schedule.isPolling) compiled.withdrawn = failure;
    if (isOnce(compiled)) isIdentified = false;
    slowDueAt = Number.NEGATIVE_INFINITY;
    sink?.cycle({
      samples: samplesOf([{ compiled, failure, ts: clock.now() }], (point) => isMadeFrom(point, lost)),
      durationMs: 0,
      errors: [reason],
    });
  };

  const onNotice = (notice: BusNotice): void => {
    if (isClosed) return;
    if (notice.kind === 'withdrawn') {
      const compiled = reader.compiledOf(notice.request);
      if (!compiled) return;
      withdraw(compiled, notice.reason);
    } else if (notice.kind === 'repeated') {
      if (reader.compiledOf(notice.request)) repeated.push(`${notice.reason}; answered when it was asked once more`);
      return;
    } else if (notice.unit !== unit) return;
    sink?.event(eventOf(notice));
  };

  const onBusChange = (): void => {
    const isOpen = bus.linkState().kind === 'open';
    if (isOpen && !wasOpen) reader.forget();
    wasOpen = isOpen;
  };

  const schedule = new PollSchedule(intervalMs, clock, async () => {
    try {
      await poll();
    } catch (error) {
      enter({ kind: 'silent', reason: String(error), retryMs: intervalMs, isGone: true });
    }
  });

  const { connection = {} } = profile;
  const unwatch = [bus.onNotice(onNotice), bus.onChange(onBusChange)];
  const detach = bus.attach(unit, {
    timeoutMs: connection.timeoutMs ?? defaultTimeoutMs,
    maxInFlight: connection.maxInFlight ?? 1,
    interRequestMs: connection.interRequestMs ?? 0,
  });

  return {
    describe: () => ({ ...description, ...identity }),
    inspect() {
      const seen = new Map<number, string>();
      for (const { block, last, isKnown } of reader.blocks())
        for (const point of block.points) {
          const channel = channelOfPoint.get(point);
          if (channel !== undefined && isKnown) seen.set(channel, rawWords(point, block.address, last));
        }
      return seen;
    },
    actuators: actor.actuators,
    apply: actor.apply,
    start(given) {
      sink = given;
      sink.state(health.state);
      schedule.start(phaseMs);
    },
    async close() {
      isClosed = true;
      schedule.close();
      actor.close();
      for (const stop of unwatch) stop();
      detach();
    },
  };
};
