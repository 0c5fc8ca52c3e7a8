/**
 * The search for refused points: a block that the device refuses is taken apart until what is left can be read. Nothing
 * is concluded from a moment in which the device refuses everything.
 */
import { AbsentPoints } from '../device/absent-points.ts';
import type { DeviceContext } from '../device/device-context.ts';
import type { LearntRange } from '../device/learnt-ranges.ts';
import { isIllegalRequest } from '../failures.ts';
import type { PolledBlock, ReadOutcome } from './polled-block.ts';
import { type RegisterBlock, splitBlock } from './read-plan.ts';

/** The part of the block reader that the search uses. */
interface SearchedReader {
  read(polled: PolledBlock): Promise<ReadOutcome>;
  create(block: RegisterBlock): PolledBlock;
  /** Reads the parts in place of the whole from now on. */
  replace(whole: PolledBlock, parts: PolledBlock[]): void;
}

/** The parts of a block that was taken apart. */
interface Parts {
  whole: PolledBlock;
  readable: PolledBlock[];
  /** Blocks of a single point, or of points that cannot be read apart. */
  refused: PolledBlock[];
  outcomes: ReadOutcome[];
  /** Gaps between parts that can be read: no request may read over these. */
  holes: LearntRange[];
}

/** Pauses after which a device that refuses everything is searched again, ms. */
const searchPausesMs = [0, 10_000, 60_000, 600_000] as const;

const namesOf = (blocks: PolledBlock[]): string[] =>
  blocks.flatMap(({ block }) => block.points.map(({ name }) => name));

const isReadable = ({ failure }: ReadOutcome): boolean => failure === undefined;

/** The search on one device, with its memory of searches in vain. */
export class RefusalSearch {
  readonly #context: DeviceContext;
  readonly #reader: SearchedReader;
  /** Searches in a row that found nothing readable. */
  #vain = 0;
  /** Monotonic ms of the next search, if nothing is readable. */
  #searchAt = 0;

  constructor(context: DeviceContext, reader: SearchedReader) {
    this.#context = context;
    this.#reader = reader;
  }

  /** Whether the last search found nothing that can be read. */
  get hasFoundNothing(): boolean {
    return this.#vain > 0;
  }

  forget(): void {
    this.#vain = 0;
    this.#searchAt = 0;
  }

  /**
   * Finds out which points of refused blocks the device refuses.
   * @param outcomes of a poll
   * @returns the outcomes of the poll, with those of the parts in place of refused blocks
   */
  async explore(outcomes: ReadOutcome[]): Promise<ReadOutcome[]> {
    const { clock } = this.#context;
    const refused = outcomes.filter(({ failure }) => isIllegalRequest(failure));
    /** A block that the device answers, which proves that a refusal is about its points. */
    let witness = outcomes.find(isReadable)?.polled;
    if (!witness && clock.monotonic() < this.#searchAt) return outcomes;
    const explored: ReadOutcome[] = [];
    // If not even a part of the smallest block is answered, the others are left alone.
    const smallestFirst = refused.toSorted((a, b) => a.polled.block.points.length - b.polled.block.points.length);
    for (const outcome of smallestFirst) {
      const parts = explored.length > 0 && !witness ? undefined : await this.#takeApart(outcome.polled, outcome);
      witness ??= parts?.outcomes.find(isReadable)?.polled;
      explored.push(...(parts?.outcomes ?? [outcome]));
      if (parts && (await this.#isProven(parts, witness))) this.#conclude(parts);
    }
    this.#planNext(witness !== undefined);
    return [...outcomes.filter((outcome) => !refused.includes(outcome)), ...explored].map((each) => this.#latest(each));
  }

  /** Halves a refused block as often as necessary; one request after another, since the device is in trouble already. */
  async #takeApart(whole: PolledBlock, outcome: ReadOutcome): Promise<Parts> {
    const halves = splitBlock(whole.block);
    const [first, second] = halves;
    if (!first || !second) return { whole, readable: [], refused: [whole], outcomes: [outcome], holes: [] };
    const parts: Parts = { whole, readable: [], refused: [], outcomes: [], holes: [] };
    for (const half of halves) {
      const polled = this.#reader.create(half);
      const read = await this.#reader.read(polled);
      if (!isIllegalRequest(read.failure)) {
        parts.readable.push(polled);
        parts.outcomes.push(read);
        continue;
      }
      const inner = await this.#takeApart(polled, read);
      parts.readable.push(...inner.readable);
      parts.refused.push(...inner.refused);
      parts.outcomes.push(...inner.outcomes);
      parts.holes.push(...inner.holes);
    }
    const hole = { table: first.table, from: first.address + first.count, to: second.address - 1 };
    if (hole.from <= hole.to && parts.outcomes.every(isReadable)) parts.holes.push(hole);
    return parts;
  }

  /** Whether the refusals are about the points, and not about the moment: the witness is answered in between. */
  async #isProven({ whole, refused }: Parts, witness: PolledBlock | undefined): Promise<boolean> {
    if (!witness || !isReadable(await this.#reader.read(witness))) return false;
    // The parts were refused before the witness was answered; if all parts can be read, the whole was.
    for (const part of refused.length > 0 ? refused : [whole])
      if (!isIllegalRequest((await this.#reader.read(part)).failure)) return false;
    return true;
  }

  #conclude({ whole, readable, refused, holes }: Parts): void {
    this.#context.absent ??= new AbsentPoints(this.#context.clock);
    this.#context.absent.refused(namesOf(refused));
    for (const hole of holes) this.#context.learn(hole);
    this.#reader.replace(whole, readable);
  }

  #planNext(hasFound: boolean): void {
    if (hasFound) {
      this.#vain = 0;
      return;
    }
    this.#vain = Math.min(this.#vain + 1, searchPausesMs.length - 1);
    this.#searchAt = this.#context.clock.monotonic() + (searchPausesMs[this.#vain] ?? 0);
  }

  /** @returns the outcome of the last read of a block, because the search reads some blocks several times */
  #latest(outcome: ReadOutcome): ReadOutcome {
    const { polled, failure } = outcome;
    return failure === polled.failure ? outcome : { polled, failure: polled.failure, ts: this.#context.clock.now() };
  }
}
