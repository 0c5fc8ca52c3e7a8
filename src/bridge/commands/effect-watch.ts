/**
 * Watches whether a component comes to do what it was told, by the values that it measures afterwards. Registers that
 * hold the order do not prove that: a hybrid that reads back "charge" may go on discharging.
 */
import type { Actuator, Progress } from '../../drivers/driver.ts';
import type { ExpectedEffect } from './expected-effect.ts';

/** A measured value of a component, in the unit and sign of the model. */
export interface MeasuredValue {
  quantity: string;
  part?: string;
  value: number;
  /** Time of measurement, wall clock, ms. */
  ts: number;
  /** The same time, monotonic ms. */
  at: number;
}

/** Below and above these states of charge a battery does less than it is told, %. */
const emptySoc = 10;
const fullSoc = 95;

/** Times until a component follows, if the driver does not know them of the device, s. */
const defaultLatencyS = 5;
const defaultTimeConstantS = 5;

/** How fast a component follows what it is told, s; undefined: the driver does not know. */
type ResponseTimes = Pick<Actuator, 'latencyS' | 'timeConstantS'>;

/** @returns how long an effect may take, ms: after three time constants, 95 % of a step have been made */
const patienceMs = ({ latencyS = defaultLatencyS, timeConstantS = defaultTimeConstantS }: ResponseTimes = {}): number =>
  (latencyS + 3 * timeConstantS) * 1000;

interface WatchedEffect {
  effect: ExpectedEffect;
  /** Monotonic ms at which the device was told; infinite while it is being told. */
  since: number;
  /** Whether the effect was there before the device was told, as far as is known: then no value has to change. */
  wasThere: boolean;
  /** Monotonic ms since when the effect is not there. */
  absentSince: number | undefined;
}

const isWithin = ({ min, max, tolerance }: ExpectedEffect, value: number): boolean =>
  value >= min - tolerance && value <= max + tolerance;

/** Whether a bound keeps the value where it is. */
const isAtBound = ({ min, max, tolerance }: ExpectedEffect, value: number): boolean =>
  Math.abs(value - min) <= tolerance || Math.abs(value - max) <= tolerance;

/** @returns "power is 300 W instead of -1000 W" */
const difference = ({ quantity, min, max }: ExpectedEffect, value: number): string => {
  const unit = quantity === 'power' ? 'W' : 'A';
  const expected = min === max ? `${min}` : value > max ? `at most ${max}` : `at least ${min}`;
  return `${quantity} is ${Number(value.toFixed(1))} ${unit} instead of ${expected} ${unit}`;
};

/** The effects that are expected of one component. */
export class EffectWatch {
  readonly #describe: () => ResponseTimes | undefined;
  readonly #onProgress: (verb: string, progress: Progress) => void;
  readonly #effects = new Map<string, WatchedEffect>();
  /** The newest values by quantity and part. */
  readonly #values = new Map<string, MeasuredValue>();

  /**
   * @param describe returns the component as the driver describes it now
   * @param onProgress called with what the values show, also if that has not changed
   */
  constructor(describe: () => ResponseTimes | undefined, onProgress: (verb: string, progress: Progress) => void) {
    this.#describe = describe;
    this.#onProgress = onProgress;
  }

  /** The device is about to be told: values that are measured until then prove nothing. @param effects by verb */
  begin(effects: Map<string, ExpectedEffect>): void {
    for (const [verb, { effect }] of this.#effects)
      if (JSON.stringify(effect) !== JSON.stringify(effects.get(verb))) this.#effects.delete(verb);
    for (const [verb, effect] of effects) {
      if (this.#effects.has(verb)) continue;
      const value = this.#newest(effect.quantity, Number.NEGATIVE_INFINITY);
      const wasThere = value === undefined || isWithin(effect, value);
      this.#effects.set(verb, { effect, since: Number.POSITIVE_INFINITY, wasThere, absentSince: undefined });
    }
  }

  /** The device has been told. @param now monotonic ms */
  onCarriedOut(now: number): void {
    for (const each of this.#effects.values()) if (each.since === Number.POSITIVE_INFINITY) each.since = now;
  }

  onMeasured(measured: MeasuredValue): void {
    const { quantity, part, at } = measured;
    // A device that tells the power of its phases tells their sum as well, and only the sum counts.
    if (quantity === 'power' && part !== undefined) return;
    this.#values.set(part === undefined ? quantity : `${quantity}/${part}`, measured);
    for (const [verb, watched] of this.#effects)
      if (watched.effect.quantity === quantity && at > watched.since) this.#compare(verb, watched, measured);
  }

  #compare(verb: string, watched: WatchedEffect, { at, ts }: MeasuredValue): void {
    const { effect, since } = watched;
    const value = this.#newest(effect.quantity, since);
    if (value === undefined) return;
    if (isWithin(effect, value)) {
      watched.absentSince = undefined;
      const isSettled = at - since >= patienceMs(this.#describe());
      if (!watched.wasThere || (isSettled && isAtBound(effect, value)))
        this.#onProgress(verb, { isReached: true, at: ts });
      return;
    }
    watched.wasThere = false;
    watched.absentSince ??= at;
    if (at - watched.absentSince < patienceMs(this.#describe())) return;
    const reason = this.#excuseOf(effect);
    const outcome = reason === undefined ? { isReached: false } : { reason };
    this.#onProgress(verb, { ...outcome, what: difference(effect, value), at: ts });
  }

  /** @returns the newest value after a monotonic time; of several phases, the largest */
  #newest(quantity: string, since: number): number | undefined {
    const values = [...this.#values.values()].filter((each) => each.quantity === quantity && each.at > since);
    return values.length === 0 ? undefined : Math.max(...values.map(({ value }) => value));
  }

  /** @returns the state of charge that excuses the component, if it has reached that */
  #excuseOf({ excuse }: ExpectedEffect): string | undefined {
    const soc = this.#values.get('soc')?.value;
    if (soc === undefined) return undefined;
    return (excuse === 'full' && soc >= fullSoc) || (excuse === 'empty' && soc <= emptySoc) ? excuse : undefined;
  }
}
