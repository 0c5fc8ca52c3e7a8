/** ReserveNow and CancelReservation at a simulated station, in either version of OCPP. */
import type { Reservation, SimulatedEvse } from './simulated-evse.ts';

/** ReservationStatus of OCPP 1.6, ReserveNowStatusEnumType of OCPP 2.0.1. */
type ReserveNowStatus = 'Accepted' | 'Faulted' | 'Occupied' | 'Rejected' | 'Unavailable';

const obstacleTo = (evse: SimulatedEvse, id: number): Exclude<ReserveNowStatus, 'Accepted'> | undefined => {
  if (evse.isFaulted) return 'Faulted';
  if (!evse.isOperative) return 'Unavailable';
  const isTaken = evse.car || evse.transaction || (evse.reservation && evse.reservation.id !== id);
  return isTaken ? 'Occupied' : undefined;
};

/** Removes a reservation. @returns false when there is none of this id */
export const cancelReservation = (evses: readonly SimulatedEvse[], id: number): boolean => {
  const evse = evses.find(({ reservation }) => reservation?.id === id);
  if (evse) evse.reservation = undefined;
  return evse !== undefined;
};

/** Reserves an EVSE. @param evseId 0: the first that is free */
export const reserve = (
  evses: readonly SimulatedEvse[],
  evseId: number,
  reservation: Reservation,
): ReserveNowStatus => {
  const wanted = evseId === 0 ? evses : evses.filter(({ id }) => id === evseId);
  const [first] = wanted;
  if (!first || reservation.remainingS <= 0) return 'Rejected';
  const free = wanted.find((each) => !obstacleTo(each, reservation.id));
  if (!free) return obstacleTo(first, reservation.id) ?? 'Rejected';
  // The id of a reservation that is there already replaces it.
  cancelReservation(evses, reservation.id);
  free.reservation = reservation;
  return 'Accepted';
};
