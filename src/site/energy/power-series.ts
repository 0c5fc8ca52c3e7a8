/**
 * Power of one source over time, as far back as late samples may still come: they are integrated where they belong, and
 * fill gaps (aggregation §2.3).
 */
import {
  addStretch,
  type EndedSample,
  type EnergyStretch,
  type IntegrationRules,
  integrate,
  integrateFrom,
  noStretch,
  type PowerSample,
} from './integrate-power.ts';
import { type EnergyChange, insertKnot, type Knot, pruneKnots, sameMs } from './late-samples.ts';

/** The energy of the last value as far as it was counted because the value holds, though no other has come. */
interface HeldStretch extends EnergyStretch {
  /** Monotonic ms up to which the value was counted, and up to which it may be. */
  until: number;
  endsAt: number;
}

/** Knots above which old ones are forgotten. */
const usualLimit = 32;

/** @returns the sample with its times moved by so many ms */
export const moveSample = ({ w, at, until }: EndedSample, ms: number): EndedSample => ({
  w,
  at: at + ms,
  ...(until !== undefined && { until: until + ms }),
});

/** The samples of one source. */
export class PowerSeries {
  /** Samples in order of time. */
  #knots: Knot[];
  #limit = usualLimit;
  /** Whether the first knot is the first sample that ever came. */
  #isWhole: boolean;
  #held: HeldStretch | undefined;

  /** @param last the last sample of an earlier run */
  constructor(last?: EndedSample) {
    this.#knots = last ? [{ ...last, gap: undefined, isClosed: false }] : [];
    this.#isWhole = !last;
  }

  /** Whether no sample has come yet. */
  get isEmpty(): boolean {
    return this.#knots.length === 0;
  }

  /** The newest sample. */
  get last(): EndedSample | undefined {
    return this.#knots.at(-1);
  }

  /** Time up to which the power is known, monotonic ms. */
  get knownUntil(): number | undefined {
    return this.#held?.until ?? this.last?.at;
  }

  /** The last sample as another run has to go on from it. */
  get resumeSample(): EndedSample | undefined {
    const { last } = this;
    const held = this.#held;
    return last && held ? { w: last.w, at: held.until, until: held.endsAt } : last;
  }

  /** The power is unknown from a time on, monotonic ms: the last value holds no longer. */
  endLast(at: number): void {
    const last = this.#knots.at(-1);
    if (last && at >= last.at) last.until = Math.min(at, last.until ?? at);
  }

  /** Adds the newest sample. @returns undefined for the first */
  append(sample: PowerSample, rules: IntegrationRules): EnergyChange | undefined {
    const held = this.#held;
    this.#held = undefined;
    const change = this.#appendKnot({ w: sample.w, at: sample.at, gap: undefined, isClosed: false }, rules);
    return held ? { ...change, ...addStretch(change ?? noStretch, held, -1) } : change;
  }

  /** Puts a late sample between others. @returns undefined where the sample is known already, or too old */
  insert(sample: PowerSample, { isHeld, gapMs }: IntegrationRules): EnergyChange | undefined {
    return insertKnot(this.#knots, sample, { isHeld, gapMs, isWhole: this.#isWhole });
  }

  /**
   * Counts the last value of a source that reports on change, since it holds as long as no other comes.
   * @param at time up to which the value is counted, monotonic ms
   * @returns undefined where that was done already, or the value is too old
   */
  holdLast(at: number, rules: IntegrationRules): EnergyChange | undefined {
    const { last } = this;
    if (!last) return undefined;
    const endsAt = Math.min(last.at + rules.gapMs, last.until ?? Number.POSITIVE_INFINITY);
    const until = Math.min(at, endsAt);
    if (until <= (this.knownUntil ?? until)) return undefined;
    const whole = integrate(last, { w: last.w, at: until }, rules);
    const change = addStretch(whole, this.#held ?? noStretch, -1);
    this.#held = { ...whole, until, endsAt };
    return change;
  }

  /** The samples were measured so many ms later than was thought. */
  move(ms: number): void {
    for (const knot of this.#knots) Object.assign(knot, moveSample(knot, ms));
    if (!this.#held) return;
    this.#held.until += ms;
    this.#held.endsAt += ms;
  }

  #appendKnot(knot: Knot, rules: IntegrationRules): EnergyChange | undefined {
    const last = this.#knots.at(-1);
    if (!last) {
      this.#knots.push(knot);
      return undefined;
    }
    if (knot.at - last.at < sameMs) return this.#replaceLast(knot, rules);
    const change: EnergyChange = integrateFrom(last, knot, rules);
    if (change.uncoveredMs > 0) {
      last.gap = { pieces: 1 };
      change.gap = last.gap;
    }
    this.#knots.push(knot);
    if (this.#knots.length > this.#limit) this.#prune();
    return change;
  }

  /** Another value of the same moment takes the place of the first. */
  #replaceLast(knot: Knot, rules: IntegrationRules): EnergyChange | undefined {
    const before = this.#knots.at(-2);
    const last = this.#knots.pop();
    this.#knots.push(knot);
    return (
      before &&
      last &&
      addStretch(integrateFrom(before, { ...knot, at: last.at }, rules), integrateFrom(before, last, rules), -1)
    );
  }

  #prune(): void {
    this.#isWhole = false;
    this.#knots = pruneKnots(this.#knots);
    this.#limit = Math.max(usualLimit, 2 * this.#knots.length);
  }
}
