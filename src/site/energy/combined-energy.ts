/**
 * Energy of several sources that means something only together: the consumption of a site, or what a meter measures
 * beside the devices behind it. The sum is added once each source was heard since the last time; where one of them was
 * not measured meanwhile, the others are not added either, unless the missing energy is told later (aggregation §3.4).
 */
import type { Source } from '../sources/sources.ts';
import type { Gap } from './late-samples.ts';

/** Time in which one of the sources was not measured, with the energy of the others until the missing one is told. */
type Hole = { wh: number; ms: number; gaps: Set<Gap> };

/** The saved state. */
export interface CombinedEnergyState {
  /** Absent as long as the sum was never settled. */
  settled?: {
    /** Time up to which all was known when the sum was last settled: monotonic ms, since 1970 where it is saved. */
    at: number;
    /** Running time of the site when the sum was first settled, ms. */
    startedMs: number;
  };
  /** Energy since then, Wh. */
  pendingWh: number;
  coveredMs: number;
}

/** Receiver and running time of a combined energy. */
export interface CombinedEnergyContext {
  /** Receives energy that is known of all sources, Wh. */
  add(wh: number): void;
  /** @returns running time of the site, ms */
  elapsedMs(): number;
}

interface Member {
  /** Time up to which the source is known, monotonic ms. */
  at: number;
  /** Running time of the site when the source was last heard, ms. */
  heardMs: number;
}

const unheard: Member = { at: Number.NEGATIVE_INFINITY, heardMs: Number.NEGATIVE_INFINITY };

/** Longest pause between two of the readings that a source has kept while it had no connection, ms. */
export const pauseMs = 10_000;
const mostHoles = 32;
/** Unsettled time that is no gap yet, ms. */
const shortestGapMs = 60_000;

/** @returns the state with its time moved by so many ms */
export const moveCombinedEnergy = (state: CombinedEnergyState, ms: number): CombinedEnergyState => ({
  ...state,
  ...(state.settled && { settled: { ...state.settled, at: state.settled.at + ms } }),
});

/** The combined energy of several sources. */
export class CombinedEnergy {
  readonly #context: CombinedEnergyContext;
  #pendingWh: number;
  #coveredMs: number;
  /** Monotonic ms. */
  #settledAt: number;
  #startedMs: number | undefined;
  #members = new Map<Source, Member>();
  /** Sources that are not known further than the sum was settled. */
  #missing = new Set<Source>();
  /** Gaps of the sources in the pending time, which may be filled; and whether some of that time is lost for good. */
  #gaps = new Set<Gap>();
  #isLost: boolean;
  /** Longest gap of the sources, ms. */
  #longestMs = shortestGapMs;
  #holes: Hole[] = [];

  /** @param saved in times of this run */
  constructor(context: CombinedEnergyContext, saved: CombinedEnergyState = { pendingWh: 0, coveredMs: 0 }) {
    this.#context = context;
    this.#pendingWh = saved.pendingWh;
    this.#coveredMs = saved.coveredMs;
    this.#settledAt = saved.settled?.at ?? Number.NEGATIVE_INFINITY;
    this.#startedMs = saved.settled?.startedMs;
    this.#isLost = this.#startedMs === undefined;
  }

  /** Running time of the site when the sum was first settled, ms. */
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  /** @param at monotonic ms */
  setMembers(sources: Iterable<Source>, at: number): void {
    const next = [...sources];
    const powers = new Set(next.map(({ power }) => power));
    this.#longestMs = Math.max(shortestGapMs, ...next.map(({ gapMs }) => gapMs));
    const isOverdue = at - this.#settledAt > this.#longestMs;
    // A source that was taken away unheard leaves time that nobody can tell any more.
    if (isOverdue && [...this.#missing].some(({ power }) => !powers.has(power))) this.#isLost = true;
    const known = new Map([...this.#members].map(([{ power }, member]) => [power, member]));
    this.#members = new Map(next.map((source) => [source, known.get(source.power) ?? { ...unheard }]));
    this.#findMissing();
    this.#settle();
  }

  /** @returns whether a source is part of the sum */
  has(source: Source): boolean {
    return this.#members.has(source);
  }

  /** Adds energy of a source, Wh. @param gap the gap that the energy belongs into */
  add(source: Source, wh: number, gap?: Gap): void {
    if (!this.#members.has(source)) return;
    if (!gap || this.#gaps.has(gap)) {
      this.#pendingWh += wh;
      return;
    }
    // Energy of a gap whose time was given up means nothing any more.
    const hole = this.#holeOf(gap);
    if (hole) hole.wh += wh;
  }

  /** A source was not measured for some of the pending time; "unknown": nobody will ever tell. */
  miss(source: Source, gap: Gap | 'unknown'): void {
    if (!this.#members.has(source)) return;
    if (gap === 'unknown') this.#isLost = true;
    else this.#gaps.add(gap);
  }

  /** A source is known up to a time of measurement, monotonic ms. */
  hear(source: Source, at: number): void {
    const member = this.#members.get(source);
    if (!member) return;
    member.at = Math.max(member.at, at);
    member.heardMs = this.#context.elapsedMs();
    this.#missing.delete(source);
    this.#settle();
  }

  /** Late samples have filled a gap. */
  fill(gap: Gap): void {
    this.#gaps.delete(gap);
    const hole = this.#holeOf(gap);
    if (!hole) return;
    hole.gaps.delete(gap);
    if (hole.gaps.size > 0) return;
    this.#holes = this.#holes.filter((each) => each !== hole);
    this.#context.add(hole.wh);
    this.#coveredMs += hole.ms;
  }

  /** @returns what survives a restart */
  save(): CombinedEnergyState {
    return {
      pendingWh: this.#pendingWh,
      coveredMs: this.#coveredMs,
      ...(this.#startedMs !== undefined && { settled: { at: this.#settledAt, startedMs: this.#startedMs } }),
    };
  }

  /** @returns time that is covered up to now, ms; the unsettled time counts until it is a gap */
  coveredMs(at: number): number {
    const openMs = at - this.#settledAt;
    return this.#coveredMs + (openMs <= this.#longestMs ? openMs : 0);
  }

  #holeOf(gap: Gap): Hole | undefined {
    return this.#holes.find(({ gaps }) => gaps.has(gap));
  }

  #findMissing(): void {
    this.#missing = new Set();
    for (const [source, { at }] of this.#members) if (at <= this.#settledAt) this.#missing.add(source);
  }

  /** @returns whether a source tells what it has kept while it had no connection, and is still far behind the others */
  #isCatchingUp(): boolean {
    let [first, last]: [Member, Member] = [unheard, unheard];
    for (const member of this.#members.values()) {
      if (first === unheard || member.at > first.at) first = member;
      if (last === unheard || member.at < last.at) last = member;
    }
    return first.at - last.at > this.#longestMs && this.#context.elapsedMs() - last.heardMs < pauseMs;
  }

  #settle(): void {
    if (this.#members.size === 0 || this.#missing.size > 0 || this.#isCatchingUp()) return;
    const until = Math.max(this.#settledAt, Math.min(...[...this.#members.values()].map(({ at }) => at)));
    const ms = until - this.#settledAt;
    if (this.#gaps.size === 0 && !this.#isLost) {
      this.#context.add(this.#pendingWh);
      this.#coveredMs += ms;
    } else if (!this.#isLost) {
      this.#holes = [...this.#holes.slice(-mostHoles + 1), { wh: this.#pendingWh, ms, gaps: this.#gaps }];
    }
    this.#startedMs ??= this.#context.elapsedMs();
    this.#pendingWh = 0;
    this.#gaps = new Set();
    this.#isLost = false;
    this.#settledAt = until;
    this.#findMissing();
  }
}
