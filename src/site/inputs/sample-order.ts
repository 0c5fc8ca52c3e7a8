/**
 * Orders the readings of one topic by time of measurement, whatever the order and rhythm of their arrival: bursts and
 * late readings find their place, and a clock that was set is told from both because it lasts (aggregation §2.3).
 */
import { ClockContradiction, type ClockReference, type DeviceClock, noticedMs } from './device-clock.ts';

/** Arrival of a reading whose place is not known yet. */
export interface Arrival {
  /** Time of measurement by the clock of the source, ms since 1970. */
  ts: number;
  /** Monotonic ms. */
  receivedAt: number;
  seq: number | undefined;
  boot: string | undefined;
  /** The source itself marks the reading as told afterwards. */
  isLate: boolean;
}

interface Held<T> {
  ts: number;
  item: T;
}

/** newest: the item is what the topic says now; late: the item belongs between others. */
export type Place = 'newest' | 'late';

/** Settings of the order of one topic, and who receives its items. */
export interface OrderContext<T> extends ClockReference {
  clock: DeviceClock;
  /** Time between two reports, ms; 0: unknown. */
  intervalMs: number;
  /** Moves the monotonic times that were derived before by so many ms. */
  move(ms: number): void;
  /** @param at time of measurement, monotonic ms */
  deliver(item: T, at: number, place: Place): void;
}

/** Readings that are held at most: what a gateway has kept for an hour, read every 5 s, may come backwards. */
const mostHeld = 720;
/** Times are equal that differ by less, ms. */
const sameMs = 0.5;

/** The order of one topic. */
export class SampleOrder<T> {
  readonly #context: OrderContext<T>;
  /** Time of measurement of the newest item, monotonic ms; -Infinity: none yet. */
  #newestAt = Number.NEGATIVE_INFINITY;
  #newestReceivedAt = Number.NEGATIVE_INFINITY;
  #seq: number | undefined;
  #boot: string | undefined;
  /** Readings whose times contradict the clock, while it is unknown which of the two is right. */
  #held: Held<T>[] = [];
  #contradiction: ClockContradiction | undefined;

  constructor(context: OrderContext<T>) {
    this.#context = context;
  }

  /**
   * Finds the place of an item, and of those that were held until now. Each is delivered with its monotonic time of
   * measurement, held ones in order; copies are not delivered.
   */
  place(item: T, arrival: Arrival): void {
    const context = this.#context;
    const { clock } = context;
    const { ts, receivedAt, seq, boot, isLate } = arrival;
    if (Number.isNaN(clock.offset)) clock.offset = context.ours;
    let at = ts - clock.offset;
    if (at < this.#newestAt - sameMs) {
      if (isLate || this.#isSentBefore(arrival)) context.deliver(item, at, 'late');
      else this.#contradict(item, arrival, false);
      return;
    }
    // The sequence tells copies from later readings of the same moment.
    if (at <= this.#newestAt + sameMs && (seq ?? 0) <= (this.#seq ?? 0)) return;
    if (!isLate && this.#isAhead(arrival)) {
      this.#contradict(item, arrival, true);
      return;
    }
    if (!isLate) {
      const moved = clock.learn(ts - receivedAt, receivedAt, context);
      if (moved !== 0) context.move(moved);
      at = ts - clock.offset;
    }
    if (this.#held.length > 0) this.#release(at);
    this.#newestAt = at;
    this.#newestReceivedAt = receivedAt;
    this.#seq = seq;
    this.#boot = boot;
    context.deliver(item, at, 'newest');
  }

  /** The newest item was measured so many ms later than was thought. */
  move(ms: number): void {
    this.#newestAt += ms;
  }

  /** A publisher numbers what it sends, so a smaller number of the same run was sent before. */
  #isSentBefore(arrival: Arrival): boolean {
    return (
      this.#seq !== undefined && arrival.seq !== undefined && this.#boot === arrival.boot && arrival.seq < this.#seq
    );
  }

  /** @returns whether more time has passed by the clock of the device than here, and than lost readings account for */
  #isAhead({ ts, receivedAt }: Arrival): boolean {
    const { clock, intervalMs } = this.#context;
    if (!clock.isConfirmed) return false;
    const passedMs = ts - clock.offset - this.#newestAt;
    return (
      ts - receivedAt > Math.max(clock.lead, clock.offset) + noticedMs &&
      passedMs > receivedAt - this.#newestReceivedAt + noticedMs &&
      passedMs > 1.5 * intervalMs + noticedMs
    );
  }

  /** Holds an item that contradicts the clock, until the contradiction has lasted and the clock was set. */
  #contradict(item: T, { ts, receivedAt }: Arrival, isAhead: boolean): void {
    if (this.#contradiction?.isAhead !== isAhead) {
      this.#held = [];
      this.#contradiction = new ClockContradiction(isAhead);
    }
    if (this.#held.length >= mostHeld) this.#held.shift();
    this.#held.push({ ts, item });
    if (!this.#contradiction.add(ts - receivedAt, receivedAt)) return;
    this.#context.clock.set(this.#contradiction.lead, receivedAt, this.#context);
    this.#release(Number.POSITIVE_INFINITY);
  }

  /** Delivers the held items; those after `until`, monotonic ms, would be in the future and are dropped. */
  #release(until: number): void {
    const held = this.#held;
    this.#held = [];
    this.#contradiction = undefined;
    held.sort((a, b) => a.ts - b.ts);
    for (const { ts, item } of held) {
      const at = ts - this.#context.clock.offset;
      if (at > until) return;
      const isNewest = at > this.#newestAt;
      if (isNewest) this.#newestAt = at;
      this.#context.deliver(item, at, isNewest ? 'newest' : 'late');
    }
  }
}
