/** The events of a charging session: its start, its end, a correction of the end, and a register that cannot be right. */
import { eventIdOf } from '../../../model/identity.ts';
import { isoTime } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import { componentOf } from './alarms.ts';
import { energyOf, shiftOf, unbelievedEnd } from './session-energy.ts';
import type { Transaction } from './transaction.ts';

const timeFact = (name: string, at: number | undefined): Record<string, string> =>
  at === undefined ? {} : { [name]: isoTime(at) };
const fact = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

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
