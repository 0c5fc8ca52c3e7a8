/** NotifyEvent (OCPP 2.x): some stations report by AvailabilityState what others report by their status. */
import type { MessageOf } from '../messages.ts';
import type { Station } from '../station/station.ts';
import { onStatusNotification } from './on-status-notification.ts';

/** Takes the statuses among the variables of an event. */
export const onNotifyEvent = (station: Station, { statuses = [] }: MessageOf<'variables'>): void => {
  for (const status of statuses) onStatusNotification(station, { kind: 'status', ...status });
};
