/** GetTransactionStatus (OCPP 2.x): whether a transaction that is thought to run still does. */
import type { StationRequest, StationResult } from '../messages.ts';
import { detach } from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';

/** The station says that the transaction is over; its end is still to come. */
const end = (station: Station, id: string): void => {
  const { transactions } = station;
  const evse = transactions.byId.get(id)?.evse;
  if (evse === undefined) return;
  detach(transactions, evse);
  station.evse(evse).endTransaction();
  station.flush();
};

/** @param send resolves with undefined where the station is silent */
export const endUnknownTransactions = async (
  station: Station,
  send: (request: StationRequest) => Promise<StationResult | undefined>,
): Promise<void> => {
  if (station.calls.version() === '1.6') return;
  const running = station.evseIds().flatMap((evse) => station.runningOn(evse)?.transaction ?? []);
  for (const transaction of running) {
    const result = await send({ kind: 'transaction_status', transaction });
    if (result?.isOngoing === false) end(station, transaction);
  }
};
