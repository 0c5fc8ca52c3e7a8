/** ReserveNow (OCPP 1.6 and 2.x) as a command, verified by the status "reserved" that follows. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { textParam } from '../station/command-params.ts';
import { sendCommand, shownStatus, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** OCPP 1.6 has an integer of 32 bits. */
export const mostReservationId = 2 ** 31 - 1;

/** Until the EVSE shows that it is reserved, ms. */
const effectMs = 15_000;

/**
 * Reserves an EVSE, or with EVSE 0 whichever is free, for an id token. A reservation of the same id is replaced.
 * @param newId the id of a reservation for which the command names none
 * @throws CommandFailure, CallFailure
 */
export const reserveNow = async (
  station: Station,
  { evse, params, startBy }: StationCommand,
  newId: () => number,
): Promise<Applied> => {
  const id = typeof params.reservation_id === 'number' ? params.reservation_id : newId();
  const groupTag = textParam(params, 'group_id_tag');
  const result = await sendCommand(
    station.calls,
    {
      kind: 'reserve',
      id,
      evse,
      token: { id: String(params.id_tag) },
      ...(groupTag === undefined ? {} : { groupToken: { id: groupTag } }),
      expiresAt: station.clock.now() + Number(params.duration_s) * 1000,
    },
    { startBy },
  );
  const values = { ...shownStatus(result), reservation_id: id };
  if (evse === 0) return { verified: false, reason: 'no_readback', values };
  return (await waitUntil(station, () => station.evse(evse).status === 'reserved', effectMs))
    ? { verified: true, by: 'effect', values }
    : { verified: false, reason: 'no_effect', values };
};
