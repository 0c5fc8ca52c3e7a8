/** ChangeAvailability (OCPP 1.6 and 2.x) as a command, verified by the status that follows. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { sendCommand, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** "Accepted" is followed by nothing often enough: until the status shows it, ms. */
const effectMs = 15_000;

/** Makes an EVSE, or the station, operative or inoperative. @throws CommandFailure, CallFailure */
export const changeAvailability = async (
  station: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const isOperative = params.operative === true;
  const result = await sendCommand(station.calls, { kind: 'set_availability', evse, isOperative }, { startBy });
  if (result.status === 'scheduled') return { verified: false, reason: 'scheduled' };
  const isShown = (): boolean => (station.evse(evse).status === 'unavailable') !== isOperative;
  return (await waitUntil(station, isShown, effectMs))
    ? { verified: true, by: 'effect' }
    : { verified: false, reason: 'no_effect' };
};
