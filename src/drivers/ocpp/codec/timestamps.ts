/** Times of stations: ISO 8601 in many spellings, of clocks that may never have been set. */
import { type Fields, note, quote, type ReadContext } from './lenient-fields.ts';

const written =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(?:(Z)|([+-])(\d\d):?(\d\d)?)?$/i;

/** October 2015: no station spoke OCPP 1.6 before; a clock that says so was never set. */
const earliest = Date.UTC(2015, 9, 1);
/** How far a clock may be ahead, or a clock without a zone be off at all, ms. */
const toleranceMs = 600_000;

interface Written {
  ms: number;
  hasZone: boolean;
}

const parse = (text: string): Written | undefined => {
  const match = text.length > 40 ? null : written.exec(text.trim());
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = '', z, sign, zoneHour = '0', zoneMinute = '0'] =
    match;
  const utc = Date.UTC(+(year ?? 0), +(month ?? 0) - 1, +(day ?? 0), +(hour ?? 0), +(minute ?? 0), +second);
  // 2025-02-30 would be 2 March.
  const read = new Date(utc);
  if (
    read.getUTCFullYear() !== Number(year) ||
    read.getUTCMonth() + 1 !== Number(month) ||
    read.getUTCDate() !== Number(day) ||
    read.getUTCHours() !== Number(hour) ||
    read.getUTCMinutes() !== Number(minute)
  )
    return undefined;
  const offsetMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -60_000 : 60_000);
  const ms = utc + Number(fraction.slice(0, 3).padEnd(3, '0')) - offsetMs;
  return { ms, hasZone: z !== undefined || sign !== undefined };
};

/** @returns wall clock, ms since 1970; undefined where the station did not say, or cannot have meant it */
export const readTime = (from: Fields, key: string, { arrival, notes }: ReadContext): number | undefined => {
  const value = from[key];
  const parsed = typeof value === 'string' ? parse(value) : undefined;
  if (!parsed) {
    note(notes, `${key} is ${quote(value)} and no time`);
    return undefined;
  }
  const { ms, hasZone } = parsed;
  if (ms < earliest) note(notes, `${key} is ${quote(value)}: the clock of the station is not set`);
  else if (ms > arrival + toleranceMs) note(notes, `${key} is ${quote(value)}, which is still to come`);
  else if (!hasZone && ms < arrival - toleranceMs)
    note(notes, `${key} is ${quote(value)} without a zone, and not of now in UTC`);
  else {
    if (!hasZone) note(notes, `${key} is ${quote(value)} without a zone: taken as UTC`);
    return ms;
  }
  return undefined;
};
