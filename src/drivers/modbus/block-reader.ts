/**
 * Reads the blocks of a device, and finds out what it does not have. A block that is refused is taken apart until what
 * is left can be read. Nothing is concluded from a moment in which a device refuses everything.
 */
import type { Clock } from '../../model/time.ts';
import { AbsentPoints } from './absent-points.ts';
import type { Bus } from './bus.ts';
import type { CompiledBlock } from './compiled-block.ts';
import { type Block, type LearntRange, splitBlock } from './plan.ts';
import type { Point } from './point.ts';
import { ModbusFailure, type ReadRequest } from './request.ts';
import { apart } from './request-order.ts';

export type GroupName = Point['group'];

export interface ReadOutcome {
  compiled: CompiledBlock;
  failure: ModbusFailure | undefined;
  /** Wall clock. */
  ts: number;
}

export interface BlockReaderOptions {
  bus: Bus;
  /** Plans the requests for the points of a group that the device is not known to refuse. */
  plan(group: GroupName, isAbsent: (name: string) => boolean): Block[];
  compile(block: Block): CompiledBlock;
  decode(compiled: CompiledBlock, data: Buffer): void;
  learn(range: LearntRange): void;
}

export interface BlockReader {
  /** @param againUntil monotonic time by which a second attempt has to be over */
  read(groups: GroupName[], againUntil: number): Promise<ReadOutcome[]>;
  /** @param group absent: all */
  blocks(group?: GroupName): readonly CompiledBlock[];
  /** Why a block has no value; undefined where all have one, or were not asked for yet. */
  failure(): ModbusFailure | undefined;
  /** The block that a request of this reader asked for. */
  compiledOf(request: ReadRequest): CompiledBlock | undefined;
  isAbsent(name: string): boolean;
  /** Points that the device refuses although it answers others. */
  absent(): string[];
  /** A new connection may lead to a device that has more to say. */
  forget(): void;
}

/** Illegal function, data address or data value: the device does not have it, or says so at the moment. */
export const isRefusal = (failure: ModbusFailure | undefined): boolean =>
  failure?.kind === 'exception' && (failure.code === 1 || failure.code === 2 || failure.code === 3);

/** A device that refuses everything is taken apart again after so long, ms. */
const apartPausesMs = [0, 10_000, 60_000, 600_000];
/** What is answered with an exception again and again is asked for less and less often, up to this pause, ms. */
const longestPauseMs = 30_000;

/** What a block fell into. */
interface Parts {
  whole: CompiledBlock;
  readable: CompiledBlock[];
  /** Single points. */
  refused: CompiledBlock[];
  outcomes: ReadOutcome[];
  /** Holes that must not be read over. */
  holes: LearntRange[];
}

const namesOf = (blocks: CompiledBlock[]): string[] =>
  blocks.flatMap(({ block }) => block.points.map(({ name }) => name));

export const createBlockReader = (options: BlockReaderOptions, clock: Clock): BlockReader => {
  const { bus, decode } = options;
  /** Also blocks that are not asked for any more: doubts about an answer come later. */
  const compiledOf = new WeakMap<ReadRequest, CompiledBlock>();
  const compile = (block: Block): CompiledBlock => {
    const compiled = options.compile(block);
    compiledOf.set(compiled.request, compiled);
    return compiled;
  };
  const absent = new AbsentPoints(clock);
  const planned = (group: GroupName): CompiledBlock[] => options.plan(group, (name) => absent.has(name)).map(compile);
  const groups: GroupName[] = ['fast', 'slow', 'once'];
  let blocks = { fast: planned('fast'), slow: planned('slow'), once: planned('once') };
  /** Times that everything was refused, and when it is looked into again. */
  let refusedTimes = 0;
  let apartAt = 0;

  const planAnew = (): void => {
    blocks = { fast: planned('fast'), slow: planned('slow'), once: planned('once') };
  };

  const replace = (whole: CompiledBlock, parts: CompiledBlock[]): void => {
    for (const group of groups) {
      const at = blocks[group].indexOf(whole);
      if (at >= 0) blocks[group].splice(at, 1, ...parts);
    }
  };

  const readOnce = async (compiled: CompiledBlock, againUntil: number): Promise<ReadOutcome> => {
    try {
      const data = await bus.read(compiled.request, againUntil);
      decode(compiled, data);
      compiled.failure = undefined;
      compiled.exceptions = 0;
      compiled.askAt = 0;
      absent.answered(compiled.block.points);
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
      compiled.isKnown = false;
      compiled.failure = error;
      compiled.exceptions = error.kind === 'exception' ? compiled.exceptions + 1 : 0;
      const pauseMs = compiled.exceptions < 2 ? 0 : Math.min(longestPauseMs, 500 * 2 ** compiled.exceptions);
      compiled.askAt = clock.monotonic() + pauseMs;
    }
    return { compiled, failure: compiled.failure, ts: clock.now() };
  };

  /** Some blocks are read more than once to find out what a refusal means. */
  const latest = (outcome: ReadOutcome): ReadOutcome => {
    const { compiled, failure } = outcome;
    return failure === compiled.failure ? outcome : { compiled, failure: compiled.failure, ts: clock.now() };
  };

  /** Halves a refused block as often as it takes; one request after another, since the device is in no good mood. */
  const takeApart = async (whole: CompiledBlock, outcome: ReadOutcome): Promise<Parts> => {
    const halves = splitBlock(whole.block);
    const [first, second] = halves;
    if (!first || !second) return { whole, readable: [], refused: [whole], outcomes: [outcome], holes: [] };
    const parts: Parts = { whole, readable: [], refused: [], outcomes: [], holes: [] };
    for (const half of halves) {
      const compiled = compile(half);
      const read = await readOnce(compiled, 0);
      if (!isRefusal(read.failure)) {
        parts.readable.push(compiled);
        parts.outcomes.push(read);
        continue;
      }
      const inner = await takeApart(compiled, read);
      for (const list of ['readable', 'refused', 'outcomes', 'holes'] as const)
        (parts[list] as unknown[]).push(...inner[list]);
    }
    const hole = { table: first.table, from: first.address + first.count, to: second.address - 1 };
    if (hole.from <= hole.to && parts.outcomes.every(({ failure }) => !failure)) parts.holes.push(hole);
    return parts;
  };

  /** @returns whether what came of it says something about the device, and not about a moment */
  const isProven = async ({ whole, refused }: Parts, witness: CompiledBlock | undefined): Promise<boolean> => {
    if (!witness || (await readOnce(witness, 0)).failure) return false;
    // They were refused before the witness was answered, and it was whole before its parts were.
    for (const part of refused.length > 0 ? refused : [whole])
      if (!isRefusal((await readOnce(part, 0)).failure)) return false;
    return true;
  };

  /** The device refuses some blocks: finds out which points. */
  const explore = async (outcomes: ReadOutcome[]): Promise<ReadOutcome[]> => {
    const refused = outcomes.filter(({ failure }) => isRefusal(failure));
    let witness = outcomes.find(({ failure }) => !failure)?.compiled;
    if (!witness && clock.monotonic() < apartAt) return outcomes;
    const explored: ReadOutcome[] = [];
    // The smallest first: where not even a part of it is answered, the others are left alone.
    const smallestFirst = refused.toSorted((a, b) => a.compiled.block.points.length - b.compiled.block.points.length);
    for (const outcome of smallestFirst) {
      const parts = explored.length > 0 && !witness ? undefined : await takeApart(outcome.compiled, outcome);
      witness ??= parts?.outcomes.find(({ failure }) => !failure)?.compiled;
      explored.push(...(parts?.outcomes ?? [outcome]));
      if (!parts || !(await isProven(parts, witness))) continue;
      absent.refused(namesOf(parts.refused));
      for (const hole of parts.holes) options.learn(hole);
      replace(parts.whole, parts.readable);
    }
    if (witness) refusedTimes = 0;
    else {
      refusedTimes = Math.min(refusedTimes + 1, apartPausesMs.length - 1);
      apartAt = clock.monotonic() + (apartPausesMs[refusedTimes] as number);
    }
    return [...outcomes.filter((outcome) => !refused.includes(outcome)), ...explored].map(latest);
  };

  const dueBlocks = (wanted: GroupName[]): CompiledBlock[] => {
    const now = clock.monotonic();
    const due: CompiledBlock[] = [];
    for (const group of wanted) for (const block of blocks[group]) if (block.askAt <= now) due.push(block);
    return due;
  };

  return {
    async read(wanted, againUntil) {
      if (absent.takeDue()) planAnew();
      const outcomes = await Promise.all(apart(dueBlocks(wanted)).map((compiled) => readOnce(compiled, againUntil)));
      return outcomes.some(({ failure }) => isRefusal(failure)) ? explore(outcomes) : outcomes;
    },
    compiledOf: (request) => compiledOf.get(request),
    blocks: (group) => (group ? blocks[group] : groups.flatMap((each) => blocks[each])),
    failure() {
      for (const group of groups) for (const { failure } of blocks[group]) if (failure) return failure;
      return undefined;
    },
    isAbsent: (name) => absent.has(name),
    absent: () => absent.names(),
    forget() {
      if (absent.names().length > 0 || refusedTimes > 0) {
        absent.forget();
        planAnew();
      }
      refusedTimes = 0;
      apartAt = 0;
      for (const compiled of groups.flatMap((group) => blocks[group])) compiled.askAt = 0;
    },
  };
};
