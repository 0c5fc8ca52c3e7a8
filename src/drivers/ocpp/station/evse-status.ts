/** The status of an EVSE in the words of the model (model.md §3.4). */

import type { ConnectorStatus } from '../messages.ts';
import type { Transaction } from './transaction.ts';

export type Status = Exclude<ConnectorStatus, 'occupied'> | 'unknown';

const byTransaction = ({ chargingState, hasFlowed }: Transaction, isFlowing: boolean): Status => {
  // The transaction never said what it does: what flows says it.
  if (chargingState === undefined && isFlowing) return 'charging';
  switch (chargingState) {
    case 'charging':
    case 'suspended_ev':
    case 'suspended_evse':
      return chargingState;
    case 'idle':
      return hasFlowed ? 'finishing' : 'preparing';
    default:
      // Before the first energy the car is still getting ready.
      return hasFlowed ? 'suspended_ev' : 'preparing';
  }
};

/** The facts from which the status of an EVSE follows beside the status that its connector reports. */
export interface StatusFacts {
  /** The one that runs. */
  transaction: Transaction | undefined;
  /** A transaction ended since the car was plugged in. */
  hasEnded: boolean;
  /** Something charges, by what is measured. */
  isFlowing: boolean;
}

/**
 * OCPP 1.6 reports the status itself; in OCPP 2.x the connector reports that something is plugged in, and the transaction
 * what it does.
 * @param reported undefined: the station has not reported a status
 */
export const normaliseStatus = (
  reported: ConnectorStatus | undefined,
  { transaction, hasEnded, isFlowing }: StatusFacts,
): Status => {
  // OCPP 2.x: statuses and transactions come in any order; what charges is plugged in.
  const isBehind = reported === 'available' && (transaction?.chargingState ?? 'idle') !== 'idle';
  if (reported !== undefined && reported !== 'occupied' && !isBehind) return reported;
  const isKnown = transaction?.chargingState !== undefined || reported === 'occupied' || isFlowing;
  if (transaction && isKnown) return byTransaction(transaction, isFlowing);
  if (reported === undefined) return 'unknown';
  return hasEnded ? 'finishing' : 'preparing';
};

/** @returns undefined where the status does not tell */
export const isPluggedIn = (status: Status): boolean | undefined => {
  if (status === 'available' || status === 'reserved') return false;
  return status === 'unavailable' || status === 'faulted' || status === 'unknown' ? undefined : true;
};

/** The car may draw current, or is kept from it by us. */
export const isInTransaction = (status: Status): boolean =>
  status === 'charging' || status === 'suspended_ev' || status === 'suspended_evse';

/** Whether no current can flow, so that nobody measures any. */
export const isAtRest = (status: Status): boolean => status !== 'unknown' && !isInTransaction(status);
