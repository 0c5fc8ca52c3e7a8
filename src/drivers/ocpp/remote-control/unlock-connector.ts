/** UnlockConnector (OCPP 1.6 and 2.x) as a command. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** Unlocks the connector that an EVSE reported last, or its first. @throws CommandFailure, CallFailure */
export const unlockConnector = async (station: Station, { evse, startBy }: StationCommand): Promise<Applied> => {
  const connector = station.evse(evse).connector ?? 1;
  const result = await sendCommand(station.calls, { kind: 'unlock', evse, connector }, startBy);
  return { verified: false, reason: 'no_readback', values: shownStatus(result) };
};
