/** StatusNotification (OCPP 1.6, and OCPP 2.0.1 part 2, block G): what a connector is doing, and what is wrong with it. */

import type { MessageOf } from '../messages.ts';
import { detach } from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';

/** Shows the status of a connector; the one that becomes available detaches its transaction. */
export const onStatusNotification = (station: Station, message: MessageOf<'status'>): void => {
  const { evse: id, connector, status } = message;
  const evse = station.evse(id);
  if (connector !== undefined) evse.connector = connector;
  if (id !== 0 && status === 'available') {
    evse.availableAt = station.timeOf(message.at, false).at;
    detach(station.transactions, id, evse.availableAt);
    evse.setTransaction(undefined);
  }
  evse.setStatus(message);
  station.alarms.setFault(message);
  station.moved(id);
};
