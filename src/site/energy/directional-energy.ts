/**
 * Energy of one direction of one source: by its counter, or by its power over time where there is no counter or one that
 * is not trusted (aggregation §3.1).
 */
import {
  type ComparisonRules,
  createCounterComparison,
  noteCount,
  noteFlow,
  noteGap,
} from '../counters/counter-power-comparison.ts';
import { type CounterEvent, type CounterState, type CounterStep, emptyCounter } from '../counters/counter-state.ts';
import { assessCounter, contradictsPower } from '../counters/counter-trust.ts';
import { stepCounter } from '../counters/energy-counter.ts';
import type { Counter } from '../sources/source-counters.ts';
import { createDirectionalEnergyState, type DirectionalEnergyState, emptyAccount } from './directional-energy-state.ts';
import type { CounterTrustEvent } from './energy-sink.ts';

/** Energy to be added to the totals. */
export interface EnergyIncrement {
  /** Wh; negative where too much was added before. */
  wh: number;
  trust?: CounterTrustEvent;
}

/** The increment by a reading of the counter. */
export interface CountedIncrement extends EnergyIncrement {
  isAccepted: boolean;
  event?: CounterEvent;
}

/** Energy by power, beside a counter. */
export interface IntegratedEnergy {
  wh: number;
  /** How much of the time is covered, ms. */
  ms: number;
  /** The energy belongs into an earlier time. */
  isLate: boolean;
  /** That time was missing until now, so that only the counter has seen the energy. */
  isFilling: boolean;
  isEstimated: boolean;
}

/** A reading of the counter. */
export interface CounterReading {
  wh: number;
  /** Time of measurement, monotonic ms. */
  ts: number;
  isPowerKnown: boolean;
  /** @returns energy by power since a monotonic time in ms, Wh; undefined where it is unknown */
  flowedSince(ts: number): number | undefined;
}

/** Energy by power below which no counter can be in doubt, Wh, so that most samples need no assessment. */
const leastStillWh = 20;

/** One direction of one source. */
export class DirectionalEnergy {
  readonly state: DirectionalEnergyState;

  constructor(state = createDirectionalEnergyState()) {
    this.state = state;
  }

  /** Whether the energy is that of the counter. */
  get followsCounter(): boolean {
    return this.state.usesCounter && this.state.check.trust === 'trusted';
  }

  /** Whether nothing has flowed since the counter was read that it could have counted. */
  get isAtRest(): boolean {
    const { pending } = this.state.check;
    return pending.energyWh === 0 && !pending.hasGap;
  }

  /** Adds time of which the energy is known, ms. */
  cover(ms: number, isEstimated: boolean): void {
    this.state.coveredMs += ms;
    if (isEstimated) this.state.estimatedMs += ms;
  }

  /** The source has no counter any more: its energy is that of its power. */
  dropCounter(): void {
    const { state } = this;
    state.counter = emptyCounter;
    state.usesCounter = false;
    state.check = createCounterComparison();
    state.account = emptyAccount();
  }

  /** The power was unknown for a time. */
  missPower(): void {
    noteGap(this.state.check);
  }

  /** Takes energy by power, beside a counter. */
  takeIntegrated(integrated: IntegratedEnergy, rules: ComparisonRules): EnergyIncrement {
    const { check, account } = this.state;
    account.integratedWh += integrated.wh;
    if (integrated.isFilling) account.seenWh += integrated.wh;
    if (!integrated.isLate) noteFlow(check, integrated, rules);
    if (!this.followsCounter) this.cover(integrated.ms, integrated.isEstimated || check.trust === 'doubted');
    else if (integrated.isLate || check.still.integratedWh < leastStillWh) return { wh: 0 };
    return this.#assess(rules);
  }

  /** Takes a reading of the counter. */
  takeCounted(reading: CounterReading, { limits, rules }: Counter): CountedIncrement {
    const { state } = this;
    const before = state.counter;
    const { wh, ts } = reading;
    state.usesCounter = true;
    const step = stepCounter(before, { wh, ts }, limits);
    if (step.event === 'counter_above_ceiling') {
      const refused = this.#refuseAboveCeiling(reading, step);
      if (refused) return refused;
    }
    state.counter = step.state;
    if (step.state.last?.ts !== ts) return { wh: 0, isAccepted: false };
    this.#compare(reading, step, { before, rules });
    if (this.followsCounter && before.last && step.event !== 'counter_exchanged')
      this.cover(ts - before.last.ts, false);
    const increment = this.#assess(rules);
    // An event of a counter that is not trusted says nothing of the counter.
    return { ...increment, isAccepted: true, ...(step.event && this.followsCounter && { event: step.event }) };
  }

  /** @returns the increment where the power proves that a counter above the ceiling is wrong */
  #refuseAboveCeiling({ wh, flowedSince }: CounterReading, step: CounterStep): CountedIncrement | undefined {
    const { state } = this;
    const { counter: before, check } = state;
    if (!before.candidate) return undefined;
    const { first } = before.candidate;
    const flowedWh = flowedSince(first.ts);
    if (flowedWh === undefined || !contradictsPower(check, wh - first.wh, flowedWh)) return undefined;
    const { provenW, ...counter } = step.state;
    state.counter = before.provenW === undefined ? counter : { ...counter, provenW: before.provenW };
    const correctedWh = this.#settle();
    return { wh: correctedWh, isAccepted: true, trust: { isDoubted: true, ...check.doubt, correctedWh } };
  }

  #compare(
    { wh, ts, isPowerKnown }: CounterReading,
    step: CounterStep,
    { before, rules }: { before: CounterState; rules: ComparisonRules },
  ): void {
    const { account, check } = this.state;
    account.countedWh += step.deltaWh;
    const count = {
      deltaWh: step.deltaWh,
      riseWh: wh - (before.shownWh ?? before.last?.wh ?? wh),
      ms: ts - (before.last?.ts ?? ts),
      isBelowMark: step.state.shownWh !== undefined,
      isPowerKnown,
    };
    const alone = noteCount(check, count, rules);
    account.aloneWh += alone?.countedWh ?? 0;
    account.seenWh += alone?.seenWh ?? 0;
  }

  /** All energy since both agreed, Wh, as it is believed now; what the counter alone has seen is corrected by its ratio. */
  #believedWh(): number {
    const { account, check } = this.state;
    const { countedWh, integratedWh, aloneWh, seenWh } = account;
    if (check.trust === 'trusted') return countedWh;
    const { ratio = 0 } = check.doubt ?? {};
    return integratedWh + (ratio > 0 ? Math.max(0, aloneWh / ratio - seenWh) : 0);
  }

  /** @returns the energy that is believed and was not added yet, Wh */
  #settle(): number {
    const { account } = this.state;
    const wh = this.#believedWh() - account.bookedWh;
    account.bookedWh += wh;
    return wh;
  }

  /** @returns what the trust in the counter makes of all that is known since both last agreed */
  #assess(rules: ComparisonRules): EnergyIncrement {
    const { state } = this;
    const { check } = state;
    const wasDoubted = check.trust === 'doubted';
    // The energy until now is settled by what was believed until now.
    const wh = this.#settle();
    switch (assessCounter(check, state.counter.last?.wh ?? 0, rules)) {
      case 'unchanged':
        return { wh };
      case 'agrees':
        state.account = emptyAccount();
        return wasDoubted ? { wh, trust: { isDoubted: false, correctedWh: 0 } } : { wh };
      case 'doubted': {
        const correctedWh = this.#settle();
        // The power covers the time since the counter was read.
        this.cover(check.pending.coveredMs, true);
        return { wh: wh + correctedWh, trust: { isDoubted: true, ...check.doubt, correctedWh } };
      }
      default: {
        const correctedWh = this.#settle();
        if (!wasDoubted) return { wh: wh + correctedWh };
        state.account = emptyAccount();
        return { wh: wh + correctedWh, trust: { isDoubted: false, correctedWh } };
      }
    }
  }
}
