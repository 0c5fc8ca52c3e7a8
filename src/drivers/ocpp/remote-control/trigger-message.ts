/** TriggerMessage (OCPP 1.6 and 2.x), ExtendedTriggerMessage (OCPP 1.6 security whitepaper) as a command. */
import type { Applied, ParameterRange } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import type { TriggeredMessage } from '../messages.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

const evseMessages: TriggeredMessage[] = ['boot', 'status', 'meter_values', 'heartbeat', 'transaction'];
/** Uploads and updates belong to the station as a whole. */
const stationMessages: TriggeredMessage[] = [...evseMessages, 'diagnostics_status', 'log_status', 'firmware_status'];

/** The messages that an EVSE may be asked for. */
export const evseTriggers: { message: ParameterRange } = { message: { choices: evseMessages } };
/** The messages that a station may be asked for. */
export const stationTriggers: { message: ParameterRange } = { message: { choices: stationMessages } };

/** Asks the station for a message. @throws CommandFailure, CallFailure */
export const triggerMessage = async (
  { calls }: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const message = params.message as TriggeredMessage;
  const result = await sendCommand(calls, { kind: 'trigger', message, ...(evse === 0 ? {} : { evse }) }, { startBy });
  return { verified: false, reason: 'no_readback', values: shownStatus(result) };
};
