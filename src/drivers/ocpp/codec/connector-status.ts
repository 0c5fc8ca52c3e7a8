/** The status of a connector, in one set of words for all versions (model.md §3.4). */
import type { ChargingState, ConnectorStatus } from '../messages.ts';
import {
  createEnumeration,
  type Enumeration,
  type Fields,
  findMember,
  type Notes,
  note,
  readMember,
} from './lenient-fields.ts';

/** OCPP 1.6 §7.7 and OCPP 2.x ConnectorStatusEnumType; "Occupied" was in 1.5 already, and some say it in 1.6. */
const statuses: Readonly<Record<string, ConnectorStatus>> = {
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
};

/** The fields that hold a status: StatusNotification of 1.6 and of 2.x, NotifyEvent. */
export type StatusField = 'status' | 'connectorStatus' | 'actualValue';

const enumerations: Readonly<Record<StatusField, Enumeration<ConnectorStatus>>> = {
  status: createEnumeration('status', statuses),
  connectorStatus: createEnumeration('connectorStatus', statuses),
  actualValue: createEnumeration('actualValue', statuses),
};

/** OCPP 2.x ChargingStateEnumType. */
export const chargingStates = createEnumeration<ChargingState>('chargingState', {
  Charging: 'charging',
  EVConnected: 'ev_connected',
  SuspendedEV: 'suspended_ev',
  SuspendedEVSE: 'suspended_evse',
  Idle: 'idle',
});

/** @returns undefined for what is no status */
export const connectorStatusOf = (raw: string): ConnectorStatus | undefined => findMember(enumerations.status, raw, []);

/** @returns the status with the station's own word; undefined where there is none */
export const readStatus = (
  from: Fields,
  field: StatusField,
  notes: Notes,
): { status: ConnectorStatus; raw: string } | undefined => {
  const status = readMember(from, enumerations[field], notes);
  if (status) return { status, raw: String(from[field]) };
  note(notes, `without a ${field} there is nothing to take from it`);
  return undefined;
};
