/**
 * The energy register of a session. Real ones fall out to 0 for a sample, start from 0 with each session, or are
 * exchanged: what is counted never falls and never doubles.
 */
import type { Sample } from '../words.ts';

/** All in Wh. */
export interface RegisterState {
  /** What the transaction said that it began with. */
  first: number | undefined;
  /** Where the session began; undefined: not known. */
  start: number | undefined;
  /** Highest reading since the register began anew. */
  last: number | undefined;
  /** Counted before it began anew. */
  carried: number;
  /** A reading below the last one, which the next has to confirm. */
  fallen: number | undefined;
  /** When the newest reading was taken, as far as the station said, ms since 1970. */
  lastAt: number | undefined;
}

export const newRegister = (start: number | undefined): RegisterState => ({
  first: start,
  start,
  last: start,
  carried: 0,
  fallen: undefined,
  lastAt: undefined,
});

/** Of a register that began anew: what it had counted before, and then from 0. */
const restart = (state: RegisterState, to: number): RegisterState => {
  const { start, last, carried } = state;
  const counted = start === undefined || last === undefined ? 0 : last - start;
  return { ...state, start: 0, last: to, carried: carried + counted, fallen: undefined };
};

/** A fall this small is the register's own resolution, Wh. */
export const jitter = (last: number): number => Math.max(10, last / 1000);

/**
 * @param at when it was taken, ms since 1970; what comes later than a newer one is in that already
 * @returns the register after a reading during the session
 */
export const readRegister = (given: RegisterState, wh: number, at?: number): RegisterState => {
  if (at !== undefined && given.lastAt !== undefined && at < given.lastAt) return given;
  const state = at === undefined ? given : { ...given, lastAt: at };
  const { last, fallen } = state;
  if (last === undefined) return { ...state, start: state.start ?? wh, last: wh, fallen: undefined };
  if (wh >= last) return { ...state, last: wh, fallen: undefined };
  if (last - wh <= jitter(last)) return { ...state, fallen: undefined };
  // Low readings are a dropout, until one says by rising that it counts from there.
  return fallen === undefined || wh <= fallen ? { ...state, fallen: wh } : restart(state, wh);
};

/** Beginning and end in Wh, and what lies between in kWh, whatever it is called. */
const kiloOff = 300;

/** @returns the register after the last reading of all, which nothing follows to confirm */
export const endRegister = (state: RegisterState, wh: number | undefined): RegisterState => {
  if (wh === undefined) return state;
  const { first, start, last } = state;
  // The only reading of all says nothing of where it began.
  if (last === undefined) return { ...state, last: wh };
  const isOtherUnit = first !== undefined && start !== first && wh >= first && wh > last * kiloOff;
  if (isOtherUnit) return { ...newRegister(first), last: wh };
  if (wh >= last) return readRegister(state, wh);
  // A 0 is no reading: whatever it counted was read before.
  return wh === 0 || last - wh <= jitter(last) ? state : restart(state, wh);
};

/** @returns Wh, or undefined where the beginning was never read */
export const energyOf = ({ start, last, carried }: RegisterState): number | undefined =>
  start === undefined || last === undefined ? undefined : Math.round((carried + last - start) * 1000) / 1000;

export interface RegisterReading {
  /** When it was taken, ms since 1970; undefined: the station did not say. */
  at: number | undefined;
  context: Sample['context'];
  wh: number;
}

/** Readings of the whole register, in their order. */
export const registerReadings = (samples: Sample[]): RegisterReading[] => {
  const readings: RegisterReading[] = [];
  for (const { at, context, measures } of samples)
    for (const { quantity, part, value } of measures)
      if (quantity === 'energy_imported' && part === undefined) readings.push({ at, context, wh: value });
  return readings;
};

/** @returns the register after all readings of these samples */
export const readAll = (register: RegisterState, samples: Sample[]): RegisterState =>
  registerReadings(samples).reduce((state, { at, context, wh }) => {
    if (context === 'begin') return state.start === undefined ? { ...newRegister(wh), carried: state.carried } : state;
    return context === 'end' ? endRegister(state, wh) : readRegister(state, wh, at);
  }, register);
