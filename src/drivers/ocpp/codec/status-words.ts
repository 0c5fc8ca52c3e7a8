/** What a plug does, in one set of words for all versions (model.md §3.4). */

import type { ChargingState, PlugStatus } from '../words.ts';
import { type Fields, findWord, type Notes, note, readWord, wordsOf } from './lenient.ts';

/** OCPP 1.6 §7.7 and OCPP 2.x ConnectorStatusEnumType; "Occupied" was in 1.5 already, and some say it in 1.6. */
const statuses = wordsOf<PlugStatus>({
  Available: 'available',
  Preparing: 'preparing',
  Charging: 'charging',
  SuspendedEV: 'suspended_ev',
  SuspendedEVSE: 'suspended_evse',
  Finishing: 'finishing',
  Reserved: 'reserved',
  Unavailable: 'unavailable',
  Faulted: 'faulted',
  Occupied: 'occupied',
});

/** OCPP 2.x ChargingStateEnumType. */
export const chargingStates = wordsOf<ChargingState>({
  Charging: 'charging',
  EVConnected: 'ev_connected',
  SuspendedEV: 'suspended_ev',
  SuspendedEVSE: 'suspended_evse',
  Idle: 'idle',
});

/** @returns undefined for what is no status */
export const plugStatusOf = (raw: string): PlugStatus | undefined => findWord(statuses, raw, 'status', []);

/** @returns undefined where it says no status at all */
export const readStatus = (
  from: Fields,
  key: string,
  notes: Notes,
): { status: PlugStatus; raw: string } | undefined => {
  const status = readWord(from, key, statuses, notes);
  if (status) return { status, raw: String(from[key]) };
  note(notes, `without a ${key} there is nothing to take from it`);
  return undefined;
};
