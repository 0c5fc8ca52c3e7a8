/** TriggerMessage (OCPP 1.6 and 2.x) as a command. */
import type { Applied, ParameterRange } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import type { StationRequest } from '../messages.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

type Triggered = Extract<StationRequest, { kind: 'trigger' }>['message'];

/** The messages that a station may be asked for. */
export const triggerable: { message: ParameterRange } = {
  message: { choices: ['boot', 'status', 'meter_values', 'heartbeat', 'transaction'] },
};

/** Asks the station for a message. @throws CommandFailure, CallFailure */
export const triggerMessage = async (
  { calls }: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const message = params.message as Triggered;
  const result = await sendCommand(calls, { kind: 'trigger', message, ...(evse === 0 ? {} : { evse }) }, startBy);
  return { verified: false, reason: 'no_readback', values: shownStatus(result) };
};
