/** The block reader: reads the register blocks of a device, less often those that fail, and around points it refuses. */
import type { DeviceContext } from '../device/device-context.ts';
import { isIllegalRequest, ModbusFailure } from '../failures.ts';
import type { ReadRequest } from '../messages.ts';
import type { PollGroup } from '../profiles/point.ts';
import { compileBlock, planBlocks } from './compiled-block.ts';
import { FarFactors } from './far-factors.ts';
import { createPolledBlocks, type PolledBlock, type ReadOutcome } from './polled-block.ts';
import type { RegisterBlock } from './read-plan.ts';
import { RefusalSearch } from './refusal-search.ts';
import { separateAlike } from './request-order.ts';

/** A block that is answered with exceptions is read less and less often, up to this pause, ms. */
const longestPauseMs = 30_000;
const firstPauseMs = 500;

const groups = ['fast', 'slow', 'once'] as const satisfies PollGroup[];

/** The blocks of one device. */
export class BlockReader {
  readonly #context: DeviceContext;
  readonly #search: RefusalSearch;
  readonly #farFactors: FarFactors;
  /** Blocks by their requests, also those that are not read any more: doubts about a response come later. */
  readonly #blockOf = new WeakMap<ReadRequest, PolledBlock>();
  #blocks: Record<PollGroup, PolledBlock[]>;

  constructor(context: DeviceContext) {
    this.#context = context;
    this.#farFactors = new FarFactors(context);
    this.#search = new RefusalSearch(context, {
      read: (polled) => this.#read(polled, 0),
      create: (block) => this.#create(block),
      replace: (whole, parts) => this.#replace(whole, parts),
    });
    this.#blocks = this.#plan();
  }

  /**
   * Reads the blocks of some groups that are due, all at once.
   * @param retryUntil monotonic ms by which a second attempt has to be over
   */
  async read(wanted: readonly PollGroup[], retryUntil: number): Promise<ReadOutcome[]> {
    if (this.#context.absent?.takeDue()) this.#blocks = this.#plan();
    const due = this.#dueBlocks(wanted);
    // Two requests are neighbours in any order.
    const ordered = due.length > 2 ? separateAlike(due) : due;
    const outcomes = await Promise.all(ordered.map((polled) => this.#read(polled, retryUntil)));
    const isRefused = outcomes.some(({ failure }) => failure && isIllegalRequest(failure));
    return this.#farFactors.confirm(isRefused ? await this.#search.explore(outcomes) : outcomes);
  }

  blocksOf(group: PollGroup): readonly PolledBlock[] {
    return this.#blocks[group];
  }

  allBlocks(): PolledBlock[] {
    return groups.flatMap((group) => this.#blocks[group]);
  }

  /** @returns the block that a request of this reader asked for */
  blockOf(request: ReadRequest): PolledBlock | undefined {
    return this.#blockOf.get(request);
  }

  /** Whether the device has refused no point, and every block that was read has a value. */
  get isWhole(): boolean {
    return this.#context.absent === undefined && this.failure() === undefined;
  }

  /** @returns why a block has no value; undefined if all have one, or were not read yet */
  failure(): ModbusFailure | undefined {
    for (const group of groups) for (const { failure } of this.#blocks[group]) if (failure) return failure;
    return undefined;
  }

  /** Forgets what the device refused, because a new connection may lead to a device that has more to tell. */
  forget(): void {
    const { absent } = this.#context;
    if ((absent && absent.names().length > 0) || this.#search.hasFoundNothing) {
      absent?.forget();
      this.#blocks = this.#plan();
    }
    this.#search.forget();
    for (const polled of this.allBlocks()) polled.askAt = 0;
  }

  #plan(): Record<PollGroup, PolledBlock[]> {
    const { layout, learnt, absent, unit } = this.#context;
    const plan = planBlocks(layout, learnt, absent);
    const all = createPolledBlocks(
      groups.flatMap((group) => plan[group]),
      unit,
    );
    for (const polled of all) this.#blockOf.set(polled.request, polled);
    const [fastEnd, slowEnd] = [plan.fast.length, plan.fast.length + plan.slow.length];
    return { fast: all.slice(0, fastEnd), slow: all.slice(fastEnd, slowEnd), once: all.slice(slowEnd) };
  }

  #create(block: RegisterBlock): PolledBlock {
    const { layout, unit } = this.#context;
    const [polled] = createPolledBlocks([compileBlock(block, layout)], unit);
    if (!polled) throw new Error('a register block has no request');
    this.#blockOf.set(polled.request, polled);
    return polled;
  }

  #replace(whole: PolledBlock, parts: PolledBlock[]): void {
    for (const group of groups) {
      const at = this.#blocks[group].indexOf(whole);
      if (at >= 0) this.#blocks[group].splice(at, 1, ...parts);
    }
  }

  #dueBlocks(wanted: readonly PollGroup[]): PolledBlock[] {
    const now = this.#context.clock.monotonic();
    const due: PolledBlock[] = [];
    for (const group of wanted) for (const polled of this.#blocks[group]) if (polled.askAt <= now) due.push(polled);
    return due;
  }

  async #read(polled: PolledBlock, retryUntil: number): Promise<ReadOutcome> {
    const { bus, clock } = this.#context;
    try {
      this.#take(polled, await bus.read(polled.request, retryUntil));
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
      this.#fail(polled, error);
    }
    return { polled, failure: polled.failure, ts: clock.now() };
  }

  #take(polled: PolledBlock, data: Buffer): void {
    const { values, absent } = this.#context;
    const { block, last, isKnown } = polled;
    polled.failure = undefined;
    polled.withdrawn = undefined;
    polled.exceptions = 0;
    polled.askAt = 0;
    absent?.answered(block.points);
    if (isKnown && last.equals(data)) return;
    data.copy(last);
    polled.isKnown = true;
    const { decodeTable: table, texts, address } = block;
    values.decode({ table, texts, address }, last);
  }

  #fail(polled: PolledBlock, failure: ModbusFailure): void {
    polled.isKnown = false;
    polled.failure = failure;
    polled.exceptions = failure.kind === 'exception' ? polled.exceptions + 1 : 0;
    const pauseMs = polled.exceptions < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** polled.exceptions);
    polled.askAt = this.#context.clock.monotonic() + pauseMs;
  }
}
