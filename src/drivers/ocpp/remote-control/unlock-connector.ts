/** UnlockConnector (OCPP 1.6 and 2.x) as a command. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { createStatuses } from '../codec/outbound.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** The statuses of the answer to UnlockConnector, of OCPP 2.x UnlockStatusEnumType; with a transaction under way, 2.x unlocks nothing. */
export const unlockStatuses = createStatuses({
  Unlocked: 'done',
  UnlockFailed: 'rejected',
  OngoingAuthorizedTransaction: 'rejected',
});

/** Unlocks the connector that an EVSE reported last, or its first. @throws CommandFailure, CallFailure */
export const unlockConnector = async (station: Station, { evse, startBy }: StationCommand): Promise<Applied> => {
  const connector = station.evse(evse).connector ?? 1;
  const result = await sendCommand(
    station.calls,
    { kind: 'unlock', evse, connector },
    { startBy, statuses: unlockStatuses },
  );
  return { verified: false, reason: 'no_readback', values: shownStatus(result) };
};
