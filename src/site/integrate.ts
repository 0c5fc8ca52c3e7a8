/** Power over time to energy, split by direction (aggregation §3.2). */
import { clockStepMs } from './clock-watch.ts';

export interface PowerSample {
  w: number;
  /** Time of measurement, ms. */
  ts: number;
  /** Monotonic time of reception, ms: tells a stepped clock from time that passed. */
  receivedAt: number;
}

export interface Increment {
  /** Where power was positive, Wh. */
  positiveWh: number;
  /** Where power was negative, Wh, >= 0. */
  negativeWh: number;
}

const nothing: Increment = { positiveWh: 0, negativeWh: 0 };

const split = (wh: number): Increment =>
  wh >= 0 ? { positiveWh: wh, negativeWh: 0 } : { positiveWh: 0, negativeWh: -wh };

/**
 * Energy between two samples by the trapezoidal rule; a change of sign is split where the line crosses zero.
 * @param gapMs nothing is integrated over a longer distance
 */
export const integrate = (from: PowerSample, to: PowerSample, gapMs: number): Increment => {
  const dt = to.ts - from.ts;
  if (dt <= 0 || dt > gapMs) return nothing;
  if (Math.abs(dt - (to.receivedAt - from.receivedAt)) > clockStepMs) return nothing;
  const hours = dt / 3_600_000;
  if (from.w * to.w >= 0) return split(((from.w + to.w) / 2) * hours);
  const share = Math.abs(from.w) / (Math.abs(from.w) + Math.abs(to.w));
  const first = split((from.w / 2) * hours * share);
  const second = split((to.w / 2) * hours * (1 - share));
  return {
    positiveWh: first.positiveWh + second.positiveWh,
    negativeWh: first.negativeWh + second.negativeWh,
  };
};
