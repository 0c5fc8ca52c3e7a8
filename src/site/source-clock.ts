/**
 * How far the clock of a device is off: the times in its readings against their arrival (aggregation §2.3). A message
 * can be late but not early, so the one that lags least shows the clock. Times are ms; "lead" is the time of
 * measurement less the monotonic time of arrival.
 */

/** Networks and queues make smaller differences. */
export const noticedMs = 2000;
const confirmMs = 10_000;
const confirmations = 3;
/** A queue that drains within two of these moves nothing. */
const periodMs = 300_000;

/** How much of a lag is no fault of the clock. */
export interface ClockTolerance {
  behindMs: number;
}

/** Thousands of these are at work: a record. */
export interface SourceClock {
  /** Less this, a time of measurement is a monotonic time here; NaN: nothing was heard. */
  offset: number;
  /** Largest lead of this period, and of the one before. */
  lead: number;
  earlierLead: number;
  periodSince: number;
  /** Since when, and how often, no message was earlier than the first of them; until that is confirmed, nothing is known. */
  steadySince: number;
  steadyLead: number;
  steadyCount: number;
  isConfirmed: boolean;
  /** The offset is that of the device's own clock, not that of ours. */
  isCorrected: boolean;
}

/** @param offset as it was known before */
export const createSourceClock = (offset = Number.NaN): SourceClock => ({
  offset,
  lead: Number.NEGATIVE_INFINITY,
  earlierLead: Number.NEGATIVE_INFINITY,
  periodSince: 0,
  steadySince: 0,
  steadyLead: Number.NEGATIVE_INFINITY,
  steadyCount: 0,
  isConfirmed: false,
  isCorrected: !Number.isNaN(offset),
});

export const leadOf = ({ lead, earlierLead }: SourceClock): number => Math.max(lead, earlierLead);

/**
 * A clock that is right within the tolerance is taken at its word: its times are ours.
 * @param ours lead that a reading without delay would have, were both clocks equal
 */
const settle = (clock: SourceClock, lead: number, ours: number, { behindMs }: ClockTolerance): void => {
  const off = lead - ours;
  // Back within the tolerance counts from half of it on, so that a clock at its edge does not go to and fro.
  const share = clock.isCorrected ? 0.5 : 1;
  clock.isCorrected = off > noticedMs * share || off < -behindMs * share;
  const wanted = clock.isCorrected ? lead : ours;
  if (Number.isNaN(clock.offset) || Math.abs(wanted - clock.offset) > noticedMs) clock.offset = wanted;
};

const begin = (clock: SourceClock, lead: number, at: number): void => {
  clock.lead = lead;
  clock.earlierLead = Number.NEGATIVE_INFINITY;
  clock.periodSince = at;
};

/**
 * A reading has arrived in order.
 * @param at monotonic
 * @returns by how much the monotonic times that were derived before have to be moved, ms
 */
export const learn = (
  clock: SourceClock,
  lead: number,
  at: number,
  ours: number,
  tolerance: ClockTolerance,
): number => {
  if (Number.isNaN(clock.offset)) clock.offset = ours;
  if (at - clock.periodSince >= periodMs) {
    clock.earlierLead = clock.lead;
    clock.lead = lead;
    clock.periodSince = at;
  } else if (lead > clock.lead) clock.lead = lead;
  if (!clock.isConfirmed) {
    clock.steadyCount++;
    if (lead > clock.steadyLead + noticedMs) {
      clock.steadyCount = 1;
      clock.steadySince = at;
      clock.steadyLead = lead;
    }
    if (clock.steadyCount < confirmations || at - clock.steadySince < confirmMs) return 0;
    clock.isConfirmed = true;
  }
  const before = clock.offset;
  settle(clock, leadOf(clock), ours, tolerance);
  return before - clock.offset;
};

/** It was set: readings with another lead have come for long enough. */
export const setClock = (
  clock: SourceClock,
  lead: number,
  at: number,
  ours: number,
  tolerance: ClockTolerance,
): void => {
  begin(clock, lead, at);
  clock.isConfirmed = true;
  settle(clock, lead, ours, tolerance);
};

/** Readings that contradict a clock, and since when nothing came that was earlier than they. */
export interface Contradiction {
  /** Largest of them. */
  lead: number;
  /** Of the first that none was earlier than, and when that came. */
  steadyLead: number;
  since: number;
  count: number;
}

/** @returns whether the contradiction has lasted: a queue that drains shows ever larger leads, a clock that was set the same */
export const contradict = (contradiction: Contradiction, lead: number, at: number): boolean => {
  contradiction.count++;
  if (lead > contradiction.steadyLead + noticedMs) {
    contradiction.steadyLead = lead;
    contradiction.since = at;
  }
  contradiction.lead = Math.max(contradiction.lead, lead);
  return contradiction.count >= confirmations && at - contradiction.since >= confirmMs;
};
