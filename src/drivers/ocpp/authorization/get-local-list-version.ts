/** GetLocalListVersion (OCPP 1.6 and 2.x) as a command. */
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { sendCommand } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** Asks for the version of the list of id tokens in the station; 0 or less: it has none. @throws CommandFailure, CallFailure */
export const getLocalListVersion = async ({ calls }: Station, { startBy }: StationCommand): Promise<Applied> => {
  const { listVersion } = await sendCommand(calls, { kind: 'local_list_version' }, { startBy });
  return listVersion === undefined
    ? { verified: false, reason: 'no_readback', values: {} }
    : { verified: true, by: 'register', values: { version: listVersion } };
};
