/** What a connector is doing, in the words of the model (model.md §3.4). */

import type { PlugStatus } from '../words.ts';
import type { Session } from './session.ts';

export type Status = Exclude<PlugStatus, 'occupied'> | 'unknown';

const byTransaction = ({ chargingState, hasFlowed }: Session, isFlowing: boolean): Status => {
  // It never said what it does: what flows says it.
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

/**
 * 1.6 says it itself; in 2.x the connector says that something is plugged in, and the transaction what it does.
 * @param plug undefined: it did not say yet
 * @param session the one that runs
 * @param hasEnded a transaction ended since the car was plugged in
 * @param isFlowing something charges, by what is measured
 */
export const normaliseStatus = (
  plug: PlugStatus | undefined,
  session: Session | undefined,
  hasEnded: boolean,
  isFlowing: boolean,
): Status => {
  // 2.x: statuses and transactions come in any order; what charges is plugged in.
  const isBehind = plug === 'available' && (session?.chargingState ?? 'idle') !== 'idle';
  if (plug !== undefined && plug !== 'occupied' && !isBehind) return plug;
  const isKnown = session?.chargingState !== undefined || plug === 'occupied' || isFlowing;
  if (session && isKnown) return byTransaction(session, isFlowing);
  if (plug === undefined) return 'unknown';
  return hasEnded ? 'finishing' : 'preparing';
};

/** @returns undefined where the status does not tell */
export const isPluggedIn = (status: Status): boolean | undefined => {
  if (status === 'available' || status === 'reserved') return false;
  return status === 'unavailable' || status === 'faulted' || status === 'unknown' ? undefined : true;
};

/** The car may draw current, or is kept from it by us. */
export const isInSession = (status: Status): boolean =>
  status === 'charging' || status === 'suspended_ev' || status === 'suspended_evse';

/** No current can flow; nobody measures it either. */
export const isAtRest = (status: Status): boolean => status !== 'unknown' && !isInSession(status);
