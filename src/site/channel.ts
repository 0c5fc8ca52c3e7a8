/**
 * The energy of one direction of one source: what its counter counts, or power over time where there is no counter, or
 * one that is not believed (aggregation §3.1).
 */
import {
  type CheckRules,
  type CounterCheck,
  createCounterCheck,
  type Mismatch,
  noteCount,
  noteFlow,
  noteGap,
} from './counter-check.ts';
import { contradicts, judgeCounter } from './counter-verdict.ts';
import { type CounterEvent, type CounterState, emptyCounter, stepCounter } from './counters.ts';
import type { CounterLimits } from './plausible.ts';

/** Energy by either way since counter and power last agreed, and what of it was booked, Wh. */
interface Account {
  countedWh: number;
  integratedWh: number;
  /** Counted in times in which the power was not known all along, and what of them the power has seen. */
  aloneWh: number;
  seenWh: number;
  bookedWh: number;
}

/** Persisted as it is, but for the times of the counter. */
export interface ChannelState {
  counter: CounterState;
  /** Once a counter was seen, only its increments count: a failed read is made up for by the next one. */
  usesCounter: boolean;
  /** Whether anything was measured yet. */
  hasData: boolean;
  check: CounterCheck;
  account: Account;
  /** What the site had run when this began, ms. */
  startedMs: number;
  /** Time of which the energy is known, and how much of that is estimated, ms. */
  coveredMs: number;
  estimatedMs: number;
}

/** The counter is not believed any more, or is again. */
export interface Trust {
  isDoubted: boolean;
  reason?: Mismatch;
  /** What it counted of what flowed. */
  ratio?: number;
  /** What was booked anew, Wh; less than nothing where it was too much. */
  correctedWh: number;
}

/** What has to be booked, which may be less than nothing, Wh. */
export interface Booking {
  wh: number;
  trust?: Trust;
}

const nothing = (): Account => ({ countedWh: 0, integratedWh: 0, aloneWh: 0, seenWh: 0, bookedWh: 0 });

export const createChannel = (): ChannelState => ({
  counter: emptyCounter,
  usesCounter: false,
  hasData: false,
  check: createCounterCheck(),
  account: nothing(),
  startedMs: 0,
  coveredMs: 0,
  estimatedMs: 0,
});

/** The source has no counter any more, and what flows is booked by its power. */
export const dropCounter = (channel: ChannelState): void => {
  channel.counter = emptyCounter;
  channel.usesCounter = false;
  channel.check = createCounterCheck();
  channel.account = nothing();
};

export const followsCounter = ({ usesCounter, check }: ChannelState): boolean =>
  usesCounter && check.trust === 'trusted';

/** Nothing has flowed that the counter could have counted since it was read. */
export const isAtRest = ({ check: { pending } }: ChannelState): boolean => pending.energyWh === 0 && !pending.hasGap;

export const cover = (channel: ChannelState, ms: number, isEstimated: boolean): void => {
  channel.coveredMs += ms;
  if (isEstimated) channel.estimatedMs += ms;
};

/** All energy since both agreed, as it is believed now; what the counter alone has seen is put right by its ratio. */
const believedWh = ({ account, check }: ChannelState): number => {
  const { countedWh, integratedWh, aloneWh, seenWh } = account;
  if (check.trust === 'trusted') return countedWh;
  const { ratio = 0 } = check.doubt ?? {};
  return integratedWh + (ratio > 0 ? Math.max(0, aloneWh / ratio - seenWh) : 0);
};

const settle = (channel: ChannelState): number => {
  const { account } = channel;
  const wh = believedWh(channel) - account.bookedWh;
  account.bookedWh += wh;
  return wh;
};

/** Books what the verdict on the counter makes of all that is known since both last agreed. */
const judge = (channel: ChannelState, rules: CheckRules): Booking => {
  const { check } = channel;
  const wasDoubted = check.trust === 'doubted';
  // What was booked until now is settled by what was believed until now.
  const wh = settle(channel);
  switch (judgeCounter(check, channel.counter.last?.wh ?? 0, rules)) {
    case 'unchanged':
      return { wh };
    case 'agrees':
      channel.account = nothing();
      return wasDoubted ? { wh, trust: { isDoubted: false, correctedWh: 0 } } : { wh };
    case 'doubted': {
      const correctedWh = settle(channel);
      // The power covers what the counter has not yet.
      cover(channel, check.pending.coveredMs, true);
      return { wh: wh + correctedWh, trust: { isDoubted: true, ...check.doubt, correctedWh } };
    }
    default: {
      const correctedWh = settle(channel);
      if (!wasDoubted) return { wh: wh + correctedWh };
      channel.account = nothing();
      return { wh: wh + correctedWh, trust: { isDoubted: false, correctedWh } };
    }
  }
};

/** Less cannot be in doubt, Wh: most samples are not worth a judgement. */
const leastStillWh = 20;

/** Energy by power beside a counter. */
export interface Integrated {
  wh: number;
  /** How much of the time is covered. */
  ms: number;
  /** It belongs into an earlier time; which was missing until now, so that only the counter has seen it. */
  isLate: boolean;
  isFilling: boolean;
  isEstimated: boolean;
}

export const takeIntegrated = (
  channel: ChannelState,
  { wh, ms, isLate, isFilling, isEstimated }: Integrated,
  rules: CheckRules,
): Booking => {
  const { check, account } = channel;
  account.integratedWh += wh;
  if (isFilling) account.seenWh += wh;
  if (!isLate) noteFlow(check, wh, ms, rules);
  if (!followsCounter(channel)) cover(channel, ms, isEstimated || check.trust === 'doubted');
  else if (isLate || check.still.integratedWh < leastStillWh) return { wh: 0 };
  return judge(channel, rules);
};

export const missPower = ({ check }: ChannelState): void => noteGap(check);

export interface Counted extends Booking {
  isAccepted: boolean;
  event?: CounterEvent;
}

/**
 * The counter was read.
 * @param powerSince energy by power since a time, Wh; undefined where it is not known
 */
export const takeCounted = (
  channel: ChannelState,
  wh: number,
  ts: number,
  limits: CounterLimits,
  rules: CheckRules,
  isPowerKnown: boolean,
  powerSince: (ts: number) => number | undefined,
): Counted => {
  const { counter: before, check, account } = channel;
  channel.usesCounter = true;
  const step = stepCounter(before, { wh, ts }, limits);
  if (step.event === 'counter_above_ceiling' && before.candidate) {
    const { first } = before.candidate;
    const flowedWh = powerSince(first.ts);
    if (flowedWh !== undefined && contradicts(check, wh - first.wh, flowedWh)) {
      const { provenW, ...state } = step.state;
      channel.counter = before.provenW === undefined ? state : { ...state, provenW: before.provenW };
      const correctedWh = settle(channel);
      return { wh: correctedWh, isAccepted: true, trust: { isDoubted: true, ...check.doubt, correctedWh } };
    }
  }
  channel.counter = step.state;
  if (step.state.last?.ts !== ts) return { wh: 0, isAccepted: false };
  account.countedWh += step.deltaWh;
  const count = {
    deltaWh: step.deltaWh,
    riseWh: wh - (before.shownWh ?? before.last?.wh ?? wh),
    ms: ts - (before.last?.ts ?? ts),
    isWaitedFor: step.state.shownWh !== undefined,
    isPowerKnown,
  };
  const alone = noteCount(check, count, rules);
  account.aloneWh += alone?.countedWh ?? 0;
  account.seenWh += alone?.seenWh ?? 0;
  if (followsCounter(channel) && before.last && step.event !== 'counter_exchanged')
    cover(channel, ts - before.last.ts, false);
  const booking = judge(channel, rules);
  // What a counter shows that is not believed says nothing of the counter.
  return { ...booking, isAccepted: true, ...(step.event && followsCounter(channel) && { event: step.event }) };
};
