/**
 * The power by the energy register: the mean between two of its readings. They lie far enough apart that the
 * steps in which it counts do not matter, and no further; where it counts too coarsely for that, from one step to another.
 */

export interface RegisterReadingAt {
  wh: number;
  /** When it was taken: ms since 1970, and monotonic. */
  at: number;
  monotonic: number;
}

/** Thousands of these are at work: a record. */
export interface RegisterPower {
  /** The oldest first, without those between the first and the last that say the same. */
  readings: RegisterReadingAt[];
  /** Between the newest of all, ms, and how many there were. */
  gaps: number[];
  count: number;
  /** The steps in which it counts, as far as its readings show, Wh. */
  stepWh: number;
  /** The first reading that said what the newest says. */
  still: RegisterReadingAt | undefined;
  /** The first reading after an earlier step: the mean power between steps is measured from it. */
  stepFrom: RegisterReadingAt | undefined;
  /** When it rose last, monotonic ms, and the mean power until then. */
  risenAt: number;
  risenW: number;
  /** The mean power from one step to another; undefined: it was not seen to make two. */
  stepW: number | undefined;
}

/** Between two readings for a mean, ms. */
const leastMs = 30_000;
const mostMs = 600_000;
/** Between two steps for a mean, in times from one reading to the next. */
const leastIntervals = 2;
/** Readings further apart say nothing of now, ms. */
const longestGapMs = 3_600_000;
/** Steps between two readings for a mean that is off by a tenth at the most, and for one that is better than none. */
const [enoughSteps, leastSteps] = [10, 3];
/** IEC 61851-1: a car charges with 6 A or more, on one phase; W. */
const leastChargingW = 1380;
/** Between two readings that are kept, ms: those of the last minute, and older ones. */
const [closestMs, closestOldMs] = [2500, 20_000];
/** Gaps between readings that count for their interval. */
const gapCount = 3;
const [coarsestWh, finestWh] = [1000, 0.1];
const msPerHour = 3_600_000;

/** The state before the first reading. */
export const createRegisterPower = (): RegisterPower => ({
  readings: [],
  gaps: [],
  count: 0,
  stepWh: coarsestWh,
  still: undefined,
  stepFrom: undefined,
  risenAt: Number.NEGATIVE_INFINITY,
  risenW: 0,
  stepW: undefined,
});

/** Another session: what was read before does not count. */
export const forgetReadings = (flow: RegisterPower): void => {
  flow.readings = [];
  flow.gaps = [];
  flow.still = undefined;
  flow.stepFrom = undefined;
  flow.risenAt = Number.NEGATIVE_INFINITY;
  flow.risenW = 0;
  flow.stepW = undefined;
};

const isMultiple = (wh: number, stepWh: number): boolean => Math.abs(wh / stepWh - Math.round(wh / stepWh)) < 1e-6;

const meanW = (from: RegisterReadingAt, to: RegisterReadingAt): number =>
  ((to.wh - from.wh) * msPerHour) / (to.at - from.at);

/** Thousands of stations have them: of those that are close to each other, or say the same, not all are needed. */
const keep = (readings: RegisterReadingAt[], now: RegisterReadingAt): void => {
  const [before, last] = readings.slice(-2);
  if (before && last && (last.at - before.at < closestMs || (before.wh === last.wh && last.wh === now.wh)))
    readings.pop();
  readings.push(now);
  const old = readings.findLastIndex(({ at }) => now.at - at > leastMs * 2);
  const [older, newer] = [readings[old - 1], readings[old]];
  if (older && newer && newer.at - older.at < closestOldMs) readings.splice(old, 1);
  // The newest that is older than a mean needs stays.
  while (readings[1] && now.at - readings[1].at >= mostMs) readings.shift();
};

/** Takes a reading of the register; one that is not newer than the last is left out. */
export const noteReading = (flow: RegisterPower, now: RegisterReadingAt): void => {
  const { wh, at, monotonic } = now;
  const { readings } = flow;
  const before = readings.at(-1);
  if (before && at <= before.at) return;
  if (before && (wh < before.wh || at - before.at > longestGapMs)) forgetReadings(flow);
  while (flow.stepWh > finestWh && !isMultiple(wh, flow.stepWh)) flow.stepWh /= 10;
  const since = flow.still;
  if (since && wh > since.wh) {
    flow.risenAt = monotonic;
    flow.risenW = meanW(since, now);
    const from = flow.stepFrom;
    // A step shows with the next reading: between steps that are readings apart, the mean is off by a half at the most.
    const isFarApart = from && before && at - from.at >= Math.max(leastMs, leastIntervals * (at - before.at));
    if (isFarApart) flow.stepW = meanW(from, now);
    if (!from || isFarApart) flow.stepFrom = now;
  }
  if (wh !== since?.wh) flow.still = now;
  if (before && flow.readings.length > 0) flow.gaps[flow.count++ % gapCount] = at - before.at;
  keep(flow.readings, now);
};

/** @returns W by the newest reading; undefined: not known yet */
export const powerOf = ({ readings, stepWh, still, stepW }: RegisterPower): number | undefined => {
  const newest = readings.at(-1);
  const [first] = readings;
  if (!newest || !first || !still || newest.at - first.at < leastMs) return undefined;
  const rose = (least: number) => (reading: RegisterReadingAt) =>
    newest.at - reading.at >= leastMs && newest.wh - reading.wh >= least * stepWh;
  const from = readings.findLast(rose(enoughSteps)) ?? (stepW === undefined && readings.find(rose(leastSteps)));
  // A register that stands still would have made its next step by then.
  const most = (stepWh * msPerHour) / (newest.at - still.at);
  if (from) return Math.round(Math.min(meanW(from, newest), most));
  const isOver = most < leastChargingW;
  if (stepW !== undefined && !(isOver && stepW >= leastChargingW)) return Math.round(Math.min(stepW, most));
  return isOver ? 0 : undefined;
};

/** Whether it has stood still for a while, which says little where it counts coarsely. */
export const isStill = ({ readings, still }: RegisterPower): boolean =>
  still !== undefined && (readings.at(-1)?.at ?? still.at) - still.at >= leastMs;

/** Between two of its steps, by its last rise, ms. */
export const stepMsOf = ({ stepWh, risenW }: RegisterPower): number => (risenW > 0 ? (stepWh * msPerHour) / risenW : 0);

/** Between two of its readings, as it was lately, s. */
export const intervalOf = ({ gaps }: RegisterPower): number => Math.max(0, ...gaps) / 1000;

/** A rise is that of now, ms. */
const recentMs = 40_000;

/**
 * @param since monotonic ms
 * @returns W by what the register has risen lately, but not before that time, and what it is at the least; undefined: it
 * was not read twice
 */
export const riseSince = (flow: RegisterPower, since: number): { powerW: number; leastW: number } | undefined => {
  const { readings, stepWh } = flow;
  const newest = readings.at(-1);
  if (!newest) return undefined;
  const recent = newest.monotonic - Math.max(recentMs, 2500 * intervalOf(flow));
  const from = readings.find(({ monotonic }) => monotonic > since && monotonic >= recent);
  if (!from || from === newest) return undefined;
  const powerW = meanW(from, newest);
  return { powerW: Math.round(powerW), leastW: powerW - (stepWh * msPerHour) / (newest.at - from.at) };
};
