/** A device behind a Modbus bus: polls its profile's blocks, decodes them, and tells in words what does not work. */
import type { Clock, Timer } from '../../model/time.ts';
import type { DeviceDescription, DeviceState, Driver, DriverSink, Sample } from '../driver.ts';
import { createActor } from './actor.ts';
import type { Bus } from './bus.ts';
import { pointsNeeded } from './controls.ts';
import { isTextPoint } from './decode-text.ts';
import { channelsOf, describeProfile, hasTarget, identityOf, rawWords } from './describe.ts';
import { type BlockPoint, compileBlock, type OpTable } from './op-table.ts';
import { type Block, type LearntRange, planReads, splitBlock } from './plan.ts';
import type { Point } from './point.ts';
import { dataLength, ModbusFailure } from './request.ts';
import type { ResolvedProfile } from './resolve.ts';
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

const defaultTimeoutMs = 1000;
const defaultSlowMs = 60_000;
/** Points that the device refuses are tried again this often. */
const retryAbsentMs = 3_600_000;

type GroupName = Point['group'];

/** A block ready to be read: where its values go, and what it read last. */
interface CompiledBlock {
  block: Block;
  table: OpTable;
  texts: Point[];
  /** Channels fed by this block. */
  channels: number[];
  /** Bytes of the last answer, in place; whether they still count. */
  last: Buffer;
  view: DataView;
  isKnown: boolean;
}

interface ReadOutcome {
  compiled: CompiledBlock;
  failure?: ModbusFailure;
  ts: number;
}

/** Illegal function, data address or data value: the device will say so again. */
const isRefusal = (failure: ModbusFailure): boolean =>
  failure.kind === 'exception' && (failure.code === 1 || failure.code === 2 || failure.code === 3);

/**
 * @param options.bus must outlive the driver
 */
export const createModbusDriver = (options: ModbusDriverOptions, clock: Clock): Driver => {
  const { resolved, bus, unit, intervalMs, name, phaseMs = 0 } = options;
  const { profile, sums } = resolved;
  const slowMs = Math.max(intervalMs, profile.slowMs ?? defaultSlowMs);
  const learnt: LearntRange[] = [...(options.learnt ?? [])];
  const needed = pointsNeeded(resolved);
  const points = resolved.points.filter((point) => point.isReadable && isWanted(point));
  const indexOf = new Map(points.map((point, index) => [point.name, index]));
  let identity: Partial<DeviceDescription> = {};
  const absent = new Set<string>();

  function isWanted(point: Point): boolean {
    return (
      needed.has(point.name) ||
      point.target !== undefined ||
      point.source.identity !== undefined ||
      sums.some((sum) => sum.terms.some((term) => term.name === point.name)) ||
      resolved.points.some((other) => other.source.scaleFrom === point.name)
    );
  }

  const periodMs = (group: GroupName): number => (group === 'fast' ? intervalMs : slowMs);

  const channelPoints = points.filter(hasTarget);
  const channelOfPoint = new Map<Point, number>(channelPoints.map((point, channel) => [point, channel]));
  const description = describeProfile(resolved, name, channelsOf(channelPoints, sums, periodMs));
  const sampler = createSampler(points, channelPoints, sums, channelPoints.length);
  const compile = (block: Block): CompiledBlock => {
    const entries: BlockPoint[] = block.points.map((point) => {
      const scaleIndex = point.source.scaleFrom === undefined ? undefined : indexOf.get(point.source.scaleFrom);
      return { point, index: indexOf.get(point.name) ?? 0, ...(scaleIndex === undefined ? {} : { scaleIndex }) };
    });
    const last = Buffer.alloc(dataLength({ unit, ...block }));
    return {
      block,
      table: compileBlock(entries, block.address),
      texts: block.points.filter(isTextPoint),
      channels: block.points.map((point) => channelOfPoint.get(point)).filter((channel) => channel !== undefined),
      last,
      view: new DataView(last.buffer, last.byteOffset, last.length),
      isKnown: false,
    };
  };

  const plan = (group: GroupName): CompiledBlock[] =>
    planReads(
      points.filter((point) => point.group === group && !absent.has(point.name)),
      profile,
      learnt,
    ).map(compile);

  const blocks: Record<GroupName, CompiledBlock[]> = { fast: plan('fast'), slow: plan('slow'), once: plan('once') };
  let sink: DriverSink | undefined;
  let timer: Timer | undefined;
  let isBusy = false;
  let isDue = false;
  let isClosed = false;
  let state: DeviceState = { kind: 'connecting' };
  let slowDueAt = Number.NEGATIVE_INFINITY;
  let isIdentified = false;
  let nextAt = 0;
  let absentAt = 0;

  const decode = (compiled: CompiledBlock, data: Buffer): void => {
    const { table, texts, block, last, view, isKnown } = compiled;
    if (isKnown && last.equals(data)) return;
    data.copy(last);
    compiled.isKnown = true;
    sampler.decode(table, texts, block.address, view);
  };

  const learn = (range: LearntRange): void => {
    learnt.push(range);
    options.onLearnt?.(learnt);
  };

  /** Takes a refused block apart until what is left is readable; what is refused alone is absent. */
  const bisect = async (group: GroupName, compiled: CompiledBlock, failure: ModbusFailure): Promise<ReadOutcome[]> => {
    const parts = splitBlock(compiled.block);
    const at = blocks[group].indexOf(compiled);
    if (parts.length < 2) {
      for (const point of compiled.block.points) absent.add(point.name);
      absentAt = clock.monotonic();
      if (at >= 0) blocks[group].splice(at, 1);
      return [{ compiled, failure, ts: clock.now() }];
    }
    const halves = parts.map(compile);
    if (at >= 0) blocks[group].splice(at, 1, ...halves);
    const outcomes = (await Promise.all(halves.map((half) => readBlock(group, half)))).flat();
    const [first, second] = parts;
    const from = first ? first.address + first.count : 0;
    const to = second ? second.address - 1 : -1;
    if (from <= to && outcomes.every((outcome) => !outcome.failure)) learn({ table: compiled.block.table, from, to });
    return outcomes;
  };

  const readBlock = async (group: GroupName, compiled: CompiledBlock): Promise<ReadOutcome[]> => {
    const { table, address, count } = compiled.block;
    try {
      const data = await bus.read({ unit, table, address, count });
      decode(compiled, data);
      return [{ compiled, ts: clock.now() }];
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
      compiled.isKnown = false;
      if (isRefusal(error) && !isClosed) return bisect(group, compiled, error);
      return [{ compiled, failure: error, ts: clock.now() }];
    }
  };

  const identify = (): void => {
    const before = JSON.stringify(identity);
    identity = { ...identity, ...identityOf(points, sampler.valueOf) };
    if (JSON.stringify(identity) !== before) sink?.described();
  };

  const enter = (next: DeviceState): void => {
    if (state.kind === 'offline' && next.kind !== 'offline') actor.returned();
    state = next;
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

  const stateAfter = (outcomes: ReadOutcome[]): DeviceState => {
    const failures = outcomes.map((outcome) => outcome.failure).filter((failure) => failure !== undefined);
    const [first] = failures;
    if (!first)
      return absent.size === 0
        ? { kind: 'online' }
        : { kind: 'degraded', reason: `the device refuses ${[...absent].join(', ')}` };
    const isAnswering = failures.length < outcomes.length || failures.some(isRefusal);
    if (isAnswering) return { kind: 'degraded', reason: first.message };
    const { retryMs } = bus.health(unit);
    const link = bus.linkState();
    return {
      kind: 'offline',
      reason: first.message,
      retryMs: link.kind === 'waiting' ? link.retryMs : retryMs || intervalMs,
    };
  };

  const dueGroups = (): GroupName[] => {
    const due: GroupName[] = ['fast'];
    if (clock.monotonic() >= slowDueAt) due.push('slow');
    if (!isIdentified) due.push('once');
    return due;
  };

  const retryAbsent = (): void => {
    if (absent.size === 0 || clock.monotonic() - absentAt < retryAbsentMs) return;
    absent.clear();
    for (const group of ['fast', 'slow', 'once'] as const) blocks[group] = plan(group);
  };

  const poll = async (): Promise<void> => {
    const startedAt = clock.monotonic();
    retryAbsent();
    const due = dueGroups();
    const outcomes = (
      await Promise.all(due.flatMap((group) => blocks[group].map((compiled) => readBlock(group, compiled))))
    ).flat();
    if (isClosed) return;
    const samples: Sample[] = [];
    const failed = new Set<string>();
    for (const { compiled, failure, ts } of outcomes) {
      if (failure) for (const point of compiled.block.points) failed.add(point.name);
      for (const channel of compiled.channels) samples.push(sampler.sample(channel, ts, failure));
    }
    samples.push(...sampler.sampleSums(failed, clock.now()));
    const next = stateAfter(outcomes);
    const isAnswering = next.kind !== 'offline';
    if (due.includes('once')) identify();
    if (due.includes('slow')) tellOffer();
    isIdentified = isAnswering;
    if (due.includes('slow') && isAnswering) slowDueAt = startedAt + slowMs;
    if (!isAnswering) slowDueAt = Number.NEGATIVE_INFINITY;
    enter(next);
    const errors = [...new Set(outcomes.flatMap(({ failure }) => (failure ? [failure.message] : [])))];
    sink?.cycle({ samples, durationMs: clock.monotonic() - startedAt, errors });
  };

  /** Fixed rate: a late poll does not move the following ones. */
  const schedule = (): void => {
    const now = clock.monotonic();
    // One interval on, whether the timer came a little early or late; further where whole intervals were missed.
    nextAt += intervalMs * Math.max(1, Math.ceil((now - nextAt) / intervalMs));
    timer = clock.after(nextAt - now, tick);
  };

  const tick = (): void => {
    schedule();
    isDue = true;
    if (!isBusy) void pollWhileDue();
  };

  /** What became due during a poll follows at once, and only once: a bus that is too slow is used to the full. */
  const pollWhileDue = async (): Promise<void> => {
    isBusy = true;
    while (isDue && !isClosed) {
      isDue = false;
      try {
        await poll();
      } catch (error) {
        enter({ kind: 'offline', reason: String(error) });
      }
    }
    isBusy = false;
  };

  const { connection = {} } = profile;
  const detach = bus.attach(unit, {
    timeoutMs: connection.timeoutMs ?? defaultTimeoutMs,
    maxInFlight: connection.maxInFlight ?? 1,
    interRequestMs: connection.interRequestMs ?? 0,
  });

  return {
    describe: () => ({ ...description, ...identity }),
    inspect() {
      const seen = new Map<number, string>();
      for (const { block, last, isKnown } of Object.values(blocks).flat())
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
      sink.state(state);
      nextAt = clock.monotonic() + phaseMs;
      timer = clock.after(phaseMs, tick);
    },
    async close() {
      isClosed = true;
      timer?.cancel();
      actor.close();
      detach();
    },
  };
};
