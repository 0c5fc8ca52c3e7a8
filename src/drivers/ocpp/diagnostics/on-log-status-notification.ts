/** DiagnosticsStatusNotification of OCPP 1.6, LogStatusNotification of OCPP 2.x and of the OCPP 1.6 security whitepaper. */
import type { DriverEvent } from '../../driver.ts';
import type { MessageOf } from '../messages.ts';

/** Words for an upload that is not finished because of something; others are progress. */
const failed = /fail|denied|badmessage|notsupported/i;

/** @returns the event of the model, with the station's own word as its code */
export const onLogStatusNotification = ({ status, requestId }: MessageOf<'log_status'>): DriverEvent => ({
  name: 'log_status',
  severity: failed.test(status) ? 'warning' : 'info',
  code: status.slice(0, 256),
  ...(requestId === undefined ? {} : { data: { request_id: requestId } }),
});
