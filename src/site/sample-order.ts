/**
 * The order of the readings of one topic by time of measurement, whatever the order and the rhythm of their arrival:
 * bursts and late ones find their place, and a clock that was set is told from both by lasting (aggregation §2.3).
 */
import {
  type ClockTolerance,
  type Contradiction,
  contradict,
  leadOf,
  learn,
  noticedMs,
  type SourceClock,
  setClock,
} from './source-clock.ts';

/** What is known of a reading before its place is. */
export interface Arrival {
  /** Time of measurement as the source says, ms. */
  ts: number;
  /** Monotonic, ms. */
  receivedAt: number;
  seq: number | undefined;
  boot: string | undefined;
  /** The source itself says that it is told afterwards. */
  isLate: boolean;
}

interface Held<T> {
  ts: number;
  what: T;
}

/** Thousands of these are at work: a record. */
export interface SampleOrder<T> {
  /** Monotonic time of measurement of the newest; -Infinity: none yet. */
  newestAt: number;
  newestReceivedAt: number;
  seq: number | undefined;
  boot: string | undefined;
  /** Readings whose times contradict the clock; nobody knows yet which of the two is right. */
  held: Held<T>[];
  contradiction: (Contradiction & { isAhead: boolean }) | undefined;
}

/** newest: it is what the topic says now. late: it belongs between others. */
export type Place = 'newest' | 'late';
/** @param at monotonic time of measurement, ms */
export type Deliver<T> = (what: T, at: number, place: Place) => void;

export interface OrderRules {
  clock: SourceClock;
  tolerance: ClockTolerance;
  intervalMs: number;
  /** Lead that a reading without delay would have, were both clocks equal. */
  ours: number;
  /** Monotonic times that were derived before have to be moved by so much, ms. */
  move(ms: number): void;
}

export const createSampleOrder = <T>(): SampleOrder<T> => ({
  newestAt: Number.NEGATIVE_INFINITY,
  newestReceivedAt: Number.NEGATIVE_INFINITY,
  seq: undefined,
  boot: undefined,
  held: [],
  contradiction: undefined,
});

/** What a gateway has kept for an hour may come backwards. */
const mostHeld = 720;
/** Times are the same that differ by less, ms. */
const sameMs = 0.5;

/** Of the same publisher, which numbers what it sends. */
const isSentBefore = ({ seq, boot }: SampleOrder<unknown>, arrival: Arrival): boolean =>
  seq !== undefined && arrival.seq !== undefined && boot === arrival.boot && arrival.seq < seq;

/** More time has passed by its clock than here, and more than lost readings could account for. */
const isAhead = (
  order: SampleOrder<unknown>,
  { ts, receivedAt }: Arrival,
  { clock, intervalMs }: OrderRules,
): boolean => {
  if (!clock.isConfirmed) return false;
  const passed = ts - clock.offset - order.newestAt;
  return (
    ts - receivedAt > Math.max(leadOf(clock), clock.offset) + noticedMs &&
    passed > receivedAt - order.newestReceivedAt + noticedMs &&
    passed > 1.5 * intervalMs + noticedMs
  );
};

/** @returns whether the clock was set */
const hold = <T>(order: SampleOrder<T>, arrival: Arrival, what: T, ahead: boolean, rules: OrderRules): boolean => {
  const { ts, receivedAt } = arrival;
  if (order.contradiction?.isAhead !== ahead) {
    order.held = [];
    const none = Number.NEGATIVE_INFINITY;
    order.contradiction = { lead: none, steadyLead: none, since: receivedAt, count: 0, isAhead: ahead };
  }
  if (order.held.length >= mostHeld) order.held.shift();
  order.held.push({ ts, what });
  if (!contradict(order.contradiction, ts - receivedAt, receivedAt)) return false;
  setClock(rules.clock, order.contradiction.lead, receivedAt, rules.ours, rules.tolerance);
  return true;
};

/** What was held is put where it belongs; what would be in the future was never right. */
const release = <T>(order: SampleOrder<T>, { clock }: OrderRules, until: number, deliver: Deliver<T>): void => {
  const { held } = order;
  order.held = [];
  order.contradiction = undefined;
  held.sort((a, b) => a.ts - b.ts);
  for (const { ts, what } of held) {
    const at = ts - clock.offset;
    if (at > until) return;
    const isNewest = at > order.newestAt;
    if (isNewest) order.newestAt = at;
    deliver(what, at, isNewest ? 'newest' : 'late');
  }
};

/**
 * Finds the place of a reading, and of those that were held until now.
 * @param deliver gets each with its monotonic time of measurement, in order where they were held; copies are not delivered
 */
export const place = <T>(
  order: SampleOrder<T>,
  arrival: Arrival,
  what: T,
  rules: OrderRules,
  deliver: Deliver<T>,
): void => {
  const { clock, tolerance, ours, move } = rules;
  const { ts, receivedAt, seq, boot, isLate } = arrival;
  if (Number.isNaN(clock.offset)) clock.offset = ours;
  let at = ts - clock.offset;
  if (at < order.newestAt - sameMs) {
    if (isLate || isSentBefore(order, arrival)) deliver(what, at, 'late');
    else if (hold(order, arrival, what, false, rules)) release(order, rules, Number.POSITIVE_INFINITY, deliver);
    return;
  }
  // Copies and those of the same moment: the sequence tells which came last.
  if (at <= order.newestAt + sameMs && (seq ?? 0) <= (order.seq ?? 0)) return;
  if (!isLate && isAhead(order, arrival, rules)) {
    if (hold(order, arrival, what, true, rules)) release(order, rules, Number.POSITIVE_INFINITY, deliver);
    return;
  }
  if (!isLate) {
    const moved = learn(clock, ts - receivedAt, receivedAt, ours, tolerance);
    if (moved !== 0) move(moved);
    at = ts - clock.offset;
  }
  if (order.held.length > 0) release(order, rules, at, deliver);
  order.newestAt = at;
  order.newestReceivedAt = receivedAt;
  order.seq = seq;
  order.boot = boot;
  deliver(what, at, 'newest');
};
