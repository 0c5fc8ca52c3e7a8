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
/** A rise is that of now, ms. */
const recentMs = 40_000;

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

/** The power of one EVSE by its register. */
export class RegisterPower {
  /** When the register rose last, monotonic ms, and the mean power until then. */
  risenAt = Number.NEGATIVE_INFINITY;
  risenW = 0;
  /** The oldest first, without those between the first and the last that say the same. */
  readings: RegisterReadingAt[] = [];
  /** Between the newest of all, ms, and how many there were. */
  private gaps: number[] = [];
  private count = 0;
  /** The steps in which the register counts, as far as its readings show, Wh. */
  private stepWh = coarsestWh;
  /** The first reading that said what the newest says. */
  private still: RegisterReadingAt | undefined;
  /** The first reading after an earlier step: the mean power between steps is measured from it. */
  private stepFrom: RegisterReadingAt | undefined;
  /** The mean power from one step to another; undefined: the register was not seen to make two. */
  private stepW: number | undefined;

  /** Another session: what was read before does not count. */
  forget(): void {
    this.readings = [];
    this.gaps = [];
    this.still = undefined;
    this.stepFrom = undefined;
    this.risenAt = Number.NEGATIVE_INFINITY;
    this.risenW = 0;
    this.stepW = undefined;
  }

  /** Takes a reading of the register; one that is not newer than the last is left out. */
  note(now: RegisterReadingAt): void {
    const { wh, at } = now;
    const before = this.readings.at(-1);
    if (before && at <= before.at) return;
    if (before && (wh < before.wh || at - before.at > longestGapMs)) this.forget();
    while (this.stepWh > finestWh && !isMultiple(wh, this.stepWh)) this.stepWh /= 10;
    if (this.still && wh > this.still.wh) this.noteRise(this.still, now, before);
    if (wh !== this.still?.wh) this.still = now;
    if (before && this.readings.length > 0) this.gaps[this.count++ % gapCount] = at - before.at;
    keep(this.readings, now);
  }

  /** @returns W by the newest reading; undefined: not known yet */
  power(): number | undefined {
    const { readings, stepWh, still, stepW } = this;
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
  }

  /** Whether the register has stood still for a while, which says little where it counts coarsely. */
  isStill(): boolean {
    const { readings, still } = this;
    return still !== undefined && (readings.at(-1)?.at ?? still.at) - still.at >= leastMs;
  }

  /** Between two steps of the register, by its last rise, ms. */
  stepMs(): number {
    return this.risenW > 0 ? (this.stepWh * msPerHour) / this.risenW : 0;
  }

  /** Between two readings, as it was lately, s. */
  intervalS(): number {
    return Math.max(0, ...this.gaps) / 1000;
  }

  /**
   * @param since monotonic ms
   * @returns W by what the register has risen lately, but not before that time, and what it is at the least; undefined: it
   * was not read twice
   */
  riseSince(since: number): { powerW: number; leastW: number } | undefined {
    const { readings, stepWh } = this;
    const newest = readings.at(-1);
    if (!newest) return undefined;
    const recent = newest.monotonic - Math.max(recentMs, 2500 * this.intervalS());
    const from = readings.find(({ monotonic }) => monotonic > since && monotonic >= recent);
    if (!from || from === newest) return undefined;
    const powerW = meanW(from, newest);
    return { powerW: Math.round(powerW), leastW: powerW - (stepWh * msPerHour) / (newest.at - from.at) };
  }

  /** @param since the first reading that stood where the register stood until now @param before the last of them */
  private noteRise(since: RegisterReadingAt, now: RegisterReadingAt, before: RegisterReadingAt | undefined): void {
    this.risenAt = now.monotonic;
    this.risenW = meanW(since, now);
    const from = this.stepFrom;
    // A step shows with the next reading: between steps that are readings apart, the mean is off by a half at the most.
    const isFarApart = from && before && now.at - from.at >= Math.max(leastMs, leastIntervals * (now.at - before.at));
    if (isFarApart) this.stepW = meanW(from, now);
    if (!from || isFarApart) this.stepFrom = now;
  }
}
