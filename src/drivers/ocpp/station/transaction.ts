/** A charging session as it is kept, and what is told of it. */
import { z } from 'zod';
import { eventIdOf } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import { componentOf } from './alarms.ts';
import { energyOf, shiftOf, unbelievedEnd } from './energy-register.ts';

const maybe = z.number().optional();
/** Also where it is left out in the record. */
const known = z
  .number()
  .optional()
  .transform((value) => value);

const registerSchema = z.object({
  first: known,
  firstAt: known,
  begun: known,
  start: known,
  last: known,
  carried: z.number(),
  odd: known,
  left: known,
  lastAt: known,
  end: known,
});

/** The record of a transaction on disk; times are ms since 1970, by our clock. */
export const transactionSchema = z.object({
  /** As the station names it; an integer in 1.6. */
  transaction: z.string(),
  /** undefined: the station never said where. */
  evse: maybe,
  /** running: to the best of our knowledge. detached: nothing is plugged in any more, its end is still to come. */
  state: z.enum(['running', 'detached', 'ended']),
  /** Tells one beginning from another: 1.6 stations repeat theirs until it is answered. */
  fingerprint: z.string().optional(),
  /** When the car was gone, ms. */
  detachedAt: maybe,
  /** Hashed. */
  tag: z.string().optional(),
  startedAt: maybe,
  endedAt: maybe,
  register: registerSchema,
  /** As it was read before an end was concluded, which gives way to what the station tells of it. */
  registerBefore: registerSchema.optional(),
  chargingState: z.enum(['charging', 'ev_connected', 'suspended_ev', 'suspended_evse', 'idle']).optional(),
  /** The transaction was charging once. */
  hasFlowed: z.boolean(),
  /** We learnt of it in the middle. */
  isAdopted: z.boolean(),
  /** Told by the station while it went on, not only afterwards. */
  isLive: z.boolean(),
  remoteStartId: maybe,
  reason: z.string().optional(),
  /** The end was reported. */
  isTold: z.boolean(),
  /** Its end was concluded and told, and came after all. */
  isCorrected: z.boolean().optional(),
});
export type Transaction = z.infer<typeof transactionSchema>;

const timeFact = (name: string, at: number | undefined): Record<string, string> =>
  at === undefined ? {} : { [name]: isoTime(at) };
const fact = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

/** @param now ms @returns s; undefined where nobody knows when it began */
export const durationOf = ({ startedAt, endedAt, isAdopted }: Transaction, now: number): number | undefined =>
  startedAt === undefined || isAdopted ? undefined : Math.max(0, Math.floor(((endedAt ?? now) - startedAt) / 1000));

/** @param identity of the station */
export const sessionStarted = (identity: string, transaction: Transaction): DriverEvent => {
  const { transaction: id, evse, startedAt, tag, register, isAdopted } = transaction;
  return {
    component: componentOf(evse),
    name: 'session_started',
    severity: 'info',
    id: eventIdOf(identity, id, String(startedAt), 'started'),
    data: {
      session_id: id,
      ...timeFact('start', startedAt),
      ...fact('id_tag', tag),
      ...fact('meter_start_wh', register.begun),
      ...(isAdopted ? { adopted: true } : {}),
    },
  };
};

/**
 * Wh from register to register; absent where one of them was never read. Start, energy and shift add up to the stop: the
 * shift is what the register jumped by, and nobody drew.
 */
export const sessionEnded = (identity: string, transaction: Transaction): DriverEvent => {
  const {
    transaction: id,
    evse,
    startedAt,
    endedAt,
    tag,
    register,
    reason,
    isAdopted,
    isCorrected = false,
  } = transaction;
  const what = isCorrected ? 'corrected' : 'ended';
  return {
    component: componentOf(evse),
    name: `session_${what}`,
    severity: isCorrected ? 'warning' : 'info',
    // An end may be corrected more than once, each time to something else.
    id: eventIdOf(identity, id, String(startedAt), what, ...(isCorrected ? [endedAt, register.last].map(String) : [])),
    data: {
      session_id: id,
      ...timeFact('start', startedAt),
      ...timeFact('end', endedAt),
      ...fact('id_tag', tag),
      ...fact('energy_wh', energyOf(register)),
      ...fact('meter_start_wh', register.begun),
      ...fact('meter_stop_wh', register.last),
      ...fact('shift_wh', shiftOf(register)),
      ...fact('reason', reason),
      ...(isAdopted ? { adopted: true } : {}),
    },
  };
};

const describeShift = (shift: number): string =>
  shift > 0
    ? `the register jumped by ${shift} Wh, which are not in the energy`
    : `the register began anew, ${-shift} Wh lower; what it counted before and after is in the energy`;

/** @returns why what the register says and the energy do not agree; undefined: they do */
export const registerSuspect = (identity: string, transaction: Transaction): DriverEvent | undefined => {
  const { transaction: id, evse, startedAt, register } = transaction;
  const shift = shiftOf(register);
  const end = unbelievedEnd(register);
  const why = [
    ...(shift === undefined ? [] : [describeShift(shift)]),
    ...(end === undefined
      ? []
      : [`its last reading of ${end} Wh does not follow from the others, and is not believed`]),
  ];
  if (why.length === 0) return undefined;
  return {
    component: componentOf(evse),
    name: 'register_suspect',
    severity: 'warning',
    id: eventIdOf(identity, id, String(startedAt), 'register', ...why),
    message: why.join('; '),
    data: {
      session_id: id,
      ...fact('energy_wh', energyOf(register)),
      ...fact('meter_start_wh', register.begun),
      ...fact('meter_stop_wh', register.last),
      ...fact('shift_wh', shift),
      ...fact('told_stop_wh', end),
    },
  };
};
