/** FirmwareStatusNotification (OCPP 1.6 and 2.x), SignedFirmwareStatusNotification (OCPP 1.6 security whitepaper). */
import type { DriverEvent } from '../../driver.ts';
import type { MessageOf } from '../messages.ts';

/** Words for an update that will not be installed; others are progress. */
const failed = /fail|invalid/i;

/** @returns the event of the model, with the station's own word as its code */
export const onFirmwareStatusNotification = ({ status, requestId }: MessageOf<'firmware_status'>): DriverEvent => ({
  name: 'firmware_status',
  severity: failed.test(status) ? 'warning' : 'info',
  code: status.slice(0, 256),
  ...(requestId === undefined ? {} : { data: { request_id: requestId } }),
});
