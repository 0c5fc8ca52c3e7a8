/** What the form says about the limits of a station, and whether it falls back by itself. */
import type { Quirks } from '../quirks.ts';
import type { FallbackSheet } from '../station/sheet.ts';
import type { ForeignPolicy } from './take-over.ts';
import type { Installation } from './translation.ts';

export interface LimitSettings extends Installation {
  /** What holds while nobody says anything, and what the station falls back to by itself. */
  failsafeA: number;
  /**
   * The station itself falls back to the failsafe current after this long without us, s. 0: it does not; absent: as
   * usual, where it is proven that this station can.
   */
  fallbackS?: number;
  /** Between two samples of the station, s. */
  intervalS: number;
  /** What becomes of limits that others have left in it; absent: "once". */
  foreignPolicy?: ForeignPolicy;
}

const provenFallbackS = 300;

/** @returns after how long the station falls back by itself, s; undefined: it does not */
export const fallbackOf = ({ fallbackS }: LimitSettings, { keepsFallback }: Quirks): number | undefined =>
  (fallbackS ?? (keepsFallback === true ? provenFallbackS : 0)) || undefined;

export const fallbackSheet = (settings: LimitSettings, quirks: Quirks): FallbackSheet => {
  const afterS = fallbackOf(settings, quirks);
  const isSaid = settings.fallbackS !== undefined;
  if (afterS === undefined) return { why: isSaid ? 'off' : 'unproven' };
  return { why: isSaid ? 'form' : 'preset', afterS };
};
