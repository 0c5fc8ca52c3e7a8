/**
 * Offset of the clock of a device, found from the times in its readings and their arrival (aggregation §2.3). A message
 * can be late but not early, so the message with the largest lead shows the clock best. All times are ms; the lead of a
 * message is its time of measurement less the monotonic time of its arrival.
 */

/** Smaller differences are made by networks and queues, ms. */
export const noticedMs = 2000;
const confirmMs = 10_000;
const confirmations = 3;
/** A queue that drains within two such periods moves nothing, ms. */
const periodMs = 300_000;

/** Reference that a clock is compared with. */
export interface ClockReference {
  /** Lead of a reading without delay from a device whose clock equals the clock of this runtime, ms. */
  ours: number;
  /** Lag that is no fault of the clock, ms. */
  behindMs: number;
}

/** The clock of one device. */
export class DeviceClock {
  /** Time of measurement less monotonic time of this runtime, ms; NaN: nothing was heard yet. */
  offset: number;
  /** The offset is that of the device's own clock, and not that of the clock of this runtime. */
  isCorrected: boolean;
  /** Enough messages have come to know the clock. */
  isConfirmed = false;
  /** Largest lead of the current period, and of the one before. */
  #lead = Number.NEGATIVE_INFINITY;
  #earlierLead = Number.NEGATIVE_INFINITY;
  /** Monotonic ms. */
  #periodSince = 0;
  /** Messages since the last one that led its predecessors noticeably: their number, first lead and first arrival. */
  #steadyCount = 0;
  #steadyLead = Number.NEGATIVE_INFINITY;
  #steadySince = 0;

  /** @param offset as an earlier run has found it, ms */
  constructor(offset = Number.NaN) {
    this.offset = offset;
    this.isCorrected = !Number.isNaN(offset);
  }

  /** Largest lead of the current period and the one before, ms. */
  get lead(): number {
    return Math.max(this.#lead, this.#earlierLead);
  }

  /**
   * Learns from a reading that has arrived in order.
   * @param lead of the reading, ms
   * @param at its arrival, monotonic ms
   * @returns ms by which monotonic times that were derived before have to be moved
   */
  learn(lead: number, at: number, reference: ClockReference): number {
    if (Number.isNaN(this.offset)) this.offset = reference.ours;
    this.#noteLead(lead, at);
    if (!this.isConfirmed) {
      this.#noteSteadiness(lead, at);
      if (this.#steadyCount < confirmations || at - this.#steadySince < confirmMs) return 0;
      this.isConfirmed = true;
    }
    const before = this.offset;
    this.#correct(this.lead, reference);
    return before - this.offset;
  }

  /** The clock was set: readings with another lead have come for long enough. @param at monotonic ms */
  set(lead: number, at: number, reference: ClockReference): void {
    this.#lead = lead;
    this.#earlierLead = Number.NEGATIVE_INFINITY;
    this.#periodSince = at;
    this.isConfirmed = true;
    this.#correct(lead, reference);
  }

  #noteLead(lead: number, at: number): void {
    if (at - this.#periodSince >= periodMs) {
      this.#earlierLead = this.#lead;
      this.#lead = lead;
      this.#periodSince = at;
    } else if (lead > this.#lead) this.#lead = lead;
  }

  #noteSteadiness(lead: number, at: number): void {
    this.#steadyCount++;
    if (lead <= this.#steadyLead + noticedMs) return;
    this.#steadyCount = 1;
    this.#steadySince = at;
    this.#steadyLead = lead;
  }

  /** A clock that is right within the tolerance is believed as it is: its offset is that of this runtime. */
  #correct(lead: number, { ours, behindMs }: ClockReference): void {
    const aheadMs = lead - ours;
    // A corrected clock is right again within half of the tolerance, so that one at the edge does not go to and fro.
    const share = this.isCorrected ? 0.5 : 1;
    this.isCorrected = aheadMs > noticedMs * share || aheadMs < -behindMs * share;
    const wanted = this.isCorrected ? lead : ours;
    if (Number.isNaN(this.offset) || Math.abs(wanted - this.offset) > noticedMs) this.offset = wanted;
  }
}

/** Readings whose times contradict a clock. */
export class ClockContradiction {
  /** Whether the readings are ahead of the clock, not behind it. */
  readonly isAhead: boolean;
  /** Largest lead, ms. */
  lead = Number.NEGATIVE_INFINITY;
  /** The first reading that no later one has led noticeably: its lead, and its arrival in monotonic ms. */
  #steadyLead = Number.NEGATIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(isAhead: boolean) {
    this.isAhead = isAhead;
  }

  /**
   * Adds a reading. A queue that drains shows ever larger leads, a clock that was set shows the same lead.
   * @param at arrival, monotonic ms
   * @returns whether the contradiction has lasted, so that the clock was set
   */
  add(lead: number, at: number): boolean {
    this.#count++;
    if (lead > this.#steadyLead + noticedMs) {
      this.#steadyLead = lead;
      this.#since = at;
    }
    this.lead = Math.max(this.lead, lead);
    return this.#count >= confirmations && at - this.#since >= confirmMs;
  }
}
