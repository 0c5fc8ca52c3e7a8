/**
 * Decides whether a silent solar inverter may be asleep because it is dark: by the coordinates of the site, or without
 * them by the times of day at which the inverter has given power on the days before (aggregation §2.2).
 */
import { type Coordinates, sunElevation } from './sun-elevation.ts';

/**
 * Light at each quarter of an hour of the UTC day. The numbers are days since 1970 on which the fact was last true;
 * 0: never. The profile is saved as it is.
 */
export interface DaylightProfile {
  /** The source gave power. */
  lit: number[];
  /** The power of the source was known from the beginning of the quarter to its end. */
  known: number[];
  /** The current quarter. */
  passing?: { day: number; quarter: number };
}

const dayMs = 86_400_000;
const quarterMs = 900_000;
/** Quarters of an hour in a day. */
export const quartersPerDay = dayMs / quarterMs;
/** Elevation of the sun below which solar inverters may switch themselves off, degrees. */
const nightDegrees = 6;
/** Sunrise moves by minutes from day to day, so older days still say something for so many days. */
const rememberedDays = 4;
/** Clouds move the first and the last light of a day: quarters by which a time must lie inside the lit ones to be day. */
const edgeQuarters = 4;
/** Longest night where nothing is known of the time of day, ms. */
const longestNightMs = 16 * 3_600_000;

/** @returns a profile that knows nothing yet */
export const createDaylightProfile = (): DaylightProfile => ({
  lit: new Array<number>(quartersPerDay).fill(0),
  known: new Array<number>(quartersPerDay).fill(0),
});

const dayOf = (now: number): number => Math.floor(now / dayMs);
const quarterOf = (now: number): number => Math.floor((now % dayMs) / quarterMs);

/**
 * Notes light or dark at a moment at which the power of the source is known, or the source is asleep.
 * @param now wall clock, ms since 1970
 * @param isLit whether the source gives power
 */
export const noteLight = (profile: DaylightProfile, now: number, isLit: boolean): void => {
  const day = dayOf(now);
  const quarter = quarterOf(now);
  const { passing, lit, known } = profile;
  if (passing?.quarter !== quarter) {
    if (passing) known[passing.quarter] = passing.day;
    profile.passing = { day, quarter };
  }
  if (isLit) lit[quarter] = day;
};

/** @returns whether this time of the day is usually light; undefined where no recent day has shown that */
const isUsuallyLit = ({ lit, known }: DaylightProfile, now: number): boolean | undefined => {
  const day = dayOf(now);
  const quarter = quarterOf(now);
  const isRecent = (days: number[], at: number): boolean =>
    day - (days[(at + quartersPerDay) % quartersPerDay] ?? 0) <= rememberedDays;
  let isInside = true;
  for (let at = quarter - edgeQuarters; at <= quarter + edgeQuarters; at++) isInside &&= isRecent(lit, at);
  if (isInside) return true;
  return isRecent(known, quarter) ? false : undefined;
};

/** The moment at which a silent source is looked at. */
export interface SilentMoment {
  coordinates: Coordinates | undefined;
  /** Wall clock, ms since 1970. */
  now: number;
  /** Time since the source was last heard, ms. */
  awayMs: number;
}

/** @returns whether a source that was idle when it was last heard may have switched itself off because it is dark */
export const isDark = (profile: DaylightProfile, { coordinates, now, awayMs }: SilentMoment): boolean => {
  if (coordinates) return sunElevation(coordinates, now) < nightDegrees;
  const isLit = isUsuallyLit(profile, now);
  return isLit === undefined ? awayMs <= longestNightMs : !isLit;
};
