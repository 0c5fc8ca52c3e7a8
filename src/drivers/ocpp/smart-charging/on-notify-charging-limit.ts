/** NotifyChargingLimit and ClearedChargingLimit (OCPP 2.x): a limit that is not ours, reported as it comes. */

import type { MessageOf } from '../messages.ts';
import { componentOf } from '../station/alarms.ts';
import type { Station } from '../station/station.ts';

/** Reports the limit as an event of its EVSE. */
export const onNotifyChargingLimit = (
  station: Station,
  { evse, source, isCleared }: MessageOf<'charging_limit'>,
): void =>
  station.event({
    component: componentOf(evse),
    name: 'foreign_limit',
    severity: 'warning',
    state: isCleared ? 'cleared' : 'active',
    message: `limited by ${source}`,
  });
