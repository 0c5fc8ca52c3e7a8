/** RemoteStopTransaction (OCPP 1.6), RequestStopTransaction (OCPP 2.x) as a command, verified by the end that follows. */
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { sendCommand, shownStatus, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** Until the transaction is over, ms. */
const effectMs = 15_000;

/** Stops the transaction that runs on an EVSE. @throws CommandFailure, CallFailure */
export const stopTransaction = async (station: Station, { evse, startBy }: StationCommand): Promise<Applied> => {
  const transaction = station.runningOn(evse)?.transaction;
  if (transaction === undefined) throw new CommandFailure('INTERLOCK', 'no session runs');
  const values = shownStatus(await sendCommand(station.calls, { kind: 'stop', transaction }, { startBy }));
  const isOver = await waitUntil(station, () => station.runningOn(evse)?.transaction !== transaction, effectMs);
  return isOver ? { verified: true, by: 'effect', values } : { verified: false, reason: 'no_effect', values };
};
