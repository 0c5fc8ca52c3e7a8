/**
 * When a source of the sun gives nothing because it is dark: by the coordinates of the site, or by the times of day at
 * which the source has given something on the days before (aggregation §2.2).
 */
import { type Coordinates, sunElevation } from './sun.ts';

/** By quarter of the UTC day, the last day on which it was so, counted from 1970; 0: never. Persisted. */
export interface DayProfile {
  /** The source gave something. */
  lit: number[];
  /** It was known what the source gives, from the beginning of the quarter to its end. */
  known: number[];
  /** The quarter that it is now. */
  passing?: { day: number; quarter: number };
}

const dayMs = 86_400_000;
const quarterMs = 900_000;
export const quartersPerDay = dayMs / quarterMs;
/** Below it inverters switch themselves off, at the latest; degrees. */
const nightDegrees = 6;
/** Light moves on by minutes from day to day. */
const rememberedDays = 4;
/** At the edges of the day the light comes and goes with the clouds: only so far inside it is certain, in quarters. */
const edge = 4;
/** Where nothing is known of the time of day, a night is not longer, ms. */
const longestNightMs = 16 * 3_600_000;

export const createDayProfile = (): DayProfile => ({
  lit: new Array<number>(quartersPerDay).fill(0),
  known: new Array<number>(quartersPerDay).fill(0),
});

const dayOf = (now: number): number => Math.floor(now / dayMs);
const quarterOf = (now: number): number => Math.floor((now % dayMs) / quarterMs);

/**
 * What the source gives is known, or it sleeps.
 * @param now ms since 1970
 */
export const noteLight = (profile: DayProfile, now: number, isLit: boolean): void => {
  const day = dayOf(now);
  const quarter = quarterOf(now);
  const { passing, lit, known } = profile;
  if (passing?.quarter !== quarter) {
    if (passing) known[passing.quarter] = passing.day;
    profile.passing = { day, quarter };
  }
  if (isLit) lit[quarter] = day;
};

/** @returns whether it is usually light at this time of the day; undefined where no day before has shown it */
const isUsuallyLit = ({ lit, known }: DayProfile, now: number): boolean | undefined => {
  const day = dayOf(now);
  const quarter = quarterOf(now);
  const isRecent = (days: number[], at: number): boolean =>
    day - (days[(at + quartersPerDay) % quartersPerDay] ?? 0) <= rememberedDays;
  let isInside = true;
  for (let at = quarter - edge; at <= quarter + edge; at++) isInside &&= isRecent(lit, at);
  if (isInside) return true;
  return isRecent(known, quarter) ? false : undefined;
};

/**
 * Whether a source that gave next to nothing when it was last heard may have gone to sleep.
 * @param now ms since 1970
 * @param awayMs since it was last heard
 */
export const isDark = (
  profile: DayProfile,
  coordinates: Coordinates | undefined,
  now: number,
  awayMs: number,
): boolean => {
  if (coordinates) return sunElevation(coordinates, now) < nightDegrees;
  const isLit = isUsuallyLit(profile, now);
  return isLit === undefined ? awayMs <= longestNightMs : !isLit;
};
