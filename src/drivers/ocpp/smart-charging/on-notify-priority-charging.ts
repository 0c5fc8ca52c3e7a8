/** NotifyPriorityCharging (OCPP 2.1): a driver has asked for more than the limits of the transaction, or does not any more. */

import type { MessageOf } from '../messages.ts';
import { componentOf } from '../station/alarms.ts';
import type { Station } from '../station/station.ts';

/** Reports priority charging as an event of the EVSE of its transaction. */
export const onNotifyPriorityCharging = (
  station: Station,
  { transaction, isActive }: MessageOf<'priority_charging'>,
): void =>
  station.event({
    component: componentOf(station.transactions.byId.get(transaction)?.evse),
    name: 'priority_charging',
    severity: 'warning',
    state: isActive ? 'active' : 'cleared',
    ...(isActive && { message: 'it goes before the limits from here' }),
  });
