/**
 * The energy register of a session. Real ones fall out to 0 for a sample, jump for one, start from 0 with each session,
 * are called by another unit, or are exchanged: what is counted never falls and never doubles.
 */
import type { MeterValue } from '../messages.ts';

/** All in Wh, times in ms since 1970 as the station said them. */
export interface RegisterState {
  /** The reading with which the transaction began, as it was told, and when. */
  first: number | undefined;
  firstAt: number | undefined;
  /** The first reading of all: where the register stood when the session began. */
  begun: number | undefined;
  /** From where it is counted; undefined: not known. */
  start: number | undefined;
  /** Highest reading since the register began anew. */
  last: number | undefined;
  /** Counted before it began anew. */
  carried: number;
  /** A reading that does not follow from the last one, which the next has to confirm. */
  odd: number | undefined;
  /** The reading before a jump. */
  left: number | undefined;
  /** When the newest reading was taken, whatever it said. */
  lastAt: number | undefined;
  /** The last reading of all, as the station says. */
  end: number | undefined;
}

/** @param at when the transaction began, ms since 1970, as far as the station said */
export const newRegister = (start: number | undefined, at?: number): RegisterState => ({
  first: start,
  firstAt: at,
  begun: start,
  start,
  last: start,
  carried: 0,
  odd: undefined,
  left: undefined,
  lastAt: undefined,
  end: undefined,
});

/** @returns the register of a session whose beginning is told after its first readings */
export const beganAt = (state: RegisterState, wh: number, at?: number): RegisterState => {
  const { begun } = state;
  if (begun === undefined) return { ...newRegister(wh, at), carried: state.carried };
  return follows(wh, begun, Number.POSITIVE_INFINITY)
    ? { ...state, first: wh, firstAt: at, begun: wh, carried: state.carried + begun - wh }
    : state;
};

/** No charger of one EVSE has more, W. */
export const mostPowerW = 1_000_000;
/** A register may rise by this much at once, Wh: some count in kWh. */
const leastJumpWh = 1000;
const hourMs = 3_600_000;

/** @returns Wh that a register may rise by in that time, ms */
export const mostRise = (ms: number): number => leastJumpWh + (mostPowerW * Math.max(0, ms)) / hourMs;

/** So much is charged, and not the drift of a register, Wh. */
export const chargedWh = 10;

/** A fall this small is the register's own resolution, Wh. */
export const jitter = (last: number): number => Math.max(10, last / 1000);

/** Since the reading before, ms; endless where the station did not say. */
const timeSince = ({ lastAt, firstAt }: RegisterState, at: number | undefined): number => {
  const before = lastAt ?? firstAt;
  return at === undefined || before === undefined ? Number.POSITIVE_INFINITY : Math.abs(at - before);
};

const follows = (from: number, wh: number, ms: number): boolean => wh >= from && wh - from <= mostRise(ms);

const counted = ({ start, last, carried }: RegisterState): number =>
  start === undefined || last === undefined ? carried : carried + last - start;

/** Out of its course, it counts from another reading on, after what was counted before. */
const jumpTo = (state: RegisterState, from: number, to: number): RegisterState => ({
  ...state,
  start: from,
  last: to,
  carried: counted(state),
  odd: undefined,
  left: state.last,
});

/** The register begins anew, from 0; or is back from where it jumped to, which counts for nothing. */
const fallTo = (state: RegisterState, wh: number): RegisterState => {
  const { left, carried } = state;
  const isBack = left !== undefined && wh >= left;
  const from = isBack ? { start: left, carried } : { start: 0, carried: counted(state) };
  return { ...state, ...from, last: wh, odd: undefined, left: undefined };
};

/**
 * @param at when it was taken, ms since 1970
 * @returns the register after a reading during the session
 */
export const readRegister = (given: RegisterState, wh: number, at?: number): RegisterState => {
  const { last, lastAt, odd } = given;
  const ms = timeSince(given, at);
  // A late reading is in what was counted, unless it stands higher: then a clock was set back.
  if (at !== undefined && lastAt !== undefined && at < lastAt && (last === undefined || !follows(last, wh, ms)))
    return given;
  const state = at === undefined ? given : { ...given, lastAt: at };
  if (last === undefined)
    return { ...state, begun: state.begun ?? wh, start: state.start ?? wh, last: wh, odd: undefined };
  if (follows(last, wh, ms)) return { ...state, last: wh, odd: undefined };
  if (wh < last && last - wh <= jitter(last)) return { ...state, odd: undefined };
  // A reading that does not follow is a dropout or a spike, until the next one says by rising that it counts from there.
  if (odd === undefined || odd > last !== wh > last || wh <= odd || !follows(odd, wh, ms)) return { ...state, odd: wh };
  return wh > last ? jumpTo(state, odd, wh) : fallTo(state, wh);
};

/** Beginning and end in Wh, and what lies between in kWh, whatever it is called. */
const kiloOff = 300;

/** The readings between begin and end are not what these count: it jumped there, or is in another unit. */
const isOther = ({ first, start, last = 0, left }: RegisterState, wh: number): boolean => {
  if (first === undefined || start === first || wh < first) return false;
  return (left !== undefined && wh < last) || wh > last * kiloOff;
};

/** The last reading is lower, and none follows to confirm it: where it cannot be, it is not believed. */
const takeFall = (state: RegisterState, wh: number, ms: number): RegisterState => {
  const { left } = state;
  if (left !== undefined && wh >= left) return fallTo(state, wh);
  // The reading is the energy of the transaction, and not the register.
  if (follows(counted(state), wh, ms)) return { ...state, start: 0, carried: 0, last: wh };
  return follows(0, wh, ms) ? fallTo(state, wh) : state;
};

const takeEnd = (state: RegisterState, wh: number, at: number | undefined): RegisterState => {
  const { first, firstAt, start, last, odd } = state;
  // The only reading of all says nothing of where it began.
  if (last === undefined) return { ...state, last: wh };
  if (isOther(state, wh)) return { ...newRegister(first, firstAt), last: wh };
  // A whole session in no time: its clock stands still.
  const ms = at === firstAt ? Number.POSITIVE_INFINITY : timeSince(state, at);
  // A 0 is no reading: whatever it counted was read before.
  if (wh === 0 || (wh < last && last - wh <= jitter(last))) return state;
  if (wh < last) return takeFall(state, wh, ms);
  if (follows(last, wh, ms)) return { ...state, last: wh };
  if (odd !== undefined && odd > last && follows(odd, wh, ms)) return jumpTo(state, odd, wh);
  // The reading cannot be; of a transaction that was never read in between, nobody knows then.
  return last === start && state.carried === 0 ? { ...state, last: undefined } : state;
};

/** @returns the register after the last reading of all, which nothing follows to confirm; told twice, it is one */
export const endRegister = (state: RegisterState, wh: number | undefined, at?: number): RegisterState =>
  wh === undefined || wh === state.end ? state : { ...takeEnd(state, wh, at), end: wh };

/** Without the dust of binary fractions. */
const tidy = (wh: number): number => Math.round(wh * 1000) / 1000;

/** @returns Wh, or undefined where the beginning was never read */
export const energyOf = ({ start, last, carried }: RegisterState): number | undefined =>
  start === undefined || last === undefined ? undefined : tidy(carried + last - start);

/** @returns Wh that lie between its first and its last reading and are not in the energy; undefined: none */
export const shiftOf = ({ begun, start, last, carried }: RegisterState): number | undefined =>
  begun === undefined || start === undefined || last === undefined
    ? undefined
    : tidy(start - begun - carried) || undefined;

/** @returns the reading in the end that was not believed, Wh */
export const unbelievedEnd = ({ end, last }: RegisterState): number | undefined =>
  end !== undefined && (last === undefined || Math.abs(end - last) > jitter(last)) ? end : undefined;

export interface RegisterReading {
  /** When it was taken, ms since 1970; undefined: the station did not say. */
  at: number | undefined;
  context: MeterValue['context'];
  wh: number;
}

/** Readings of the whole register, in their order. */
export const registerReadings = (meterValues: MeterValue[]): RegisterReading[] => {
  const readings: RegisterReading[] = [];
  for (const { at, context, sampledValues } of meterValues)
    for (const { quantity, part, value } of sampledValues)
      if (quantity === 'energy_imported' && part === undefined) readings.push({ at, context, wh: value });
  return readings;
};

/** @returns the register after all readings of these samples */
export const readAll = (register: RegisterState, meterValues: MeterValue[]): RegisterState =>
  registerReadings(meterValues).reduce((state, { at, context, wh }) => {
    if (context === 'begin')
      return state.start === undefined ? { ...newRegister(wh, at), carried: state.carried } : state;
    return context === 'end' ? endRegister(state, wh, at) : readRegister(state, wh, at);
  }, register);
