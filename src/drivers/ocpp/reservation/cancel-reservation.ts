/** CancelReservation (OCPP 1.6 and 2.x) as a command, verified by the EVSE that is no longer reserved. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { sendCommand, shownStatus, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** Until the EVSE shows that it is free again, ms. */
const effectMs = 15_000;

/** Cancels the reservation of an id, on whichever EVSE it is. @throws CommandFailure, CallFailure */
export const cancelReservation = async (
  station: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const isReserved = (): boolean => station.evse(evse).status === 'reserved';
  const wasReserved = evse !== 0 && isReserved();
  const request = { kind: 'cancel_reservation' as const, id: Number(params.reservation_id) };
  const values = shownStatus(await sendCommand(station.calls, request, { startBy }));
  if (!wasReserved) return { verified: false, reason: 'no_readback', values };
  return (await waitUntil(station, () => !isReserved(), effectMs))
    ? { verified: true, by: 'effect', values }
    : { verified: false, reason: 'no_effect', values };
};
