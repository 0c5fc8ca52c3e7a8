/** Reset (OCPP 1.6 and 2.x) as a command. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { CallFailure } from '../ocpp-j/station-link.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/**
 * A soft reset, or a hard one with the parameter type "hard", of the station or of one EVSE (OCPP 2.x).
 * @throws CommandFailure, CallFailure
 */
export const resetStation = async ({ calls }: Station, { evse, params, startBy }: StationCommand): Promise<Applied> => {
  try {
    const part = evse === 0 ? {} : { evse };
    const result = await sendCommand(calls, { kind: 'reset', isHard: params.type === 'hard', ...part }, { startBy });
    return { verified: false, reason: 'no_readback', values: shownStatus(result) };
  } catch (error) {
    // The station went down instead of answering.
    if (!(error instanceof CallFailure && error.wasSent)) throw error;
    return { verified: false, reason: 'connection_ended', values: {} };
  }
};
