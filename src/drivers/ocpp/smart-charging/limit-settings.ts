/** The settings of the integrator for the limits of a station, and whether the station falls back by itself. */
import type { Quirks } from '../quirks.ts';
import type { FallbackSummary } from '../station/station-summary.ts';
import type { ForeignPolicy } from './foreign-profiles.ts';
import type { Installation } from './setpoint-schedule.ts';

/** The form's part of smart charging. */
export interface LimitSettings extends Installation {
  /** A per phase: in force while nobody asks for a limit, and what the station falls back to by itself. */
  failsafeA: number;
  /**
   * The station itself falls back to the failsafe current after this long without us, s. 0: it does not; absent: the
   * usual time, where this station is proven to fall back.
   */
  fallbackS?: number;
  /** Between two samples of the station, s. */
  intervalS: number;
  /** Whether charging profiles that others have left in the station are cleared; absent: "once". */
  foreignPolicy?: ForeignPolicy;
}

/** For a station that is proven to fall back, s. */
const usualFallbackTimeS = 300;

/** @returns after how long without us the station falls back by itself, s; undefined: it does not */
export const fallbackTimeS = ({ fallbackS }: LimitSettings, { keepsFallback }: Quirks): number | undefined =>
  (fallbackS ?? (keepsFallback === true ? usualFallbackTimeS : 0)) || undefined;

/** @returns for the form: after how long the station falls back by itself, and why it does or does not */
export const fallbackSummary = (settings: LimitSettings, quirks: Quirks): FallbackSummary => {
  const afterS = fallbackTimeS(settings, quirks);
  const isSaid = settings.fallbackS !== undefined;
  if (afterS === undefined) return { why: isSaid ? 'off' : 'unproven' };
  return { why: isSaid ? 'form' : 'preset', afterS };
};
