/** Notifications of a station about reservations, uploads of logs and firmware, alike in all versions that have them. */
import { noticeOf, present, type Reader } from './inbound.ts';
import { readInteger, readText } from './lenient-fields.ts';

/** A status with the request that it belongs to, if the station names one. */
const readProgress =
  (kind: 'log_status' | 'firmware_status', action: string): Reader =>
  (from, { notes }) => {
    const status = readText(from, 'status', notes);
    if (status === undefined) return noticeOf(action, from);
    return { kind, status, ...present({ requestId: readInteger(from, 'requestId', notes) }) };
  };

/** ReservationStatusUpdate of OCPP 2.x, block H. */
const readReservationStatus: Reader = (from, { notes }) => {
  const reservation = readInteger(from, 'reservationId', notes);
  const status = readText(from, 'reservationUpdateStatus', notes);
  if (reservation === undefined || status === undefined) return noticeOf('ReservationStatusUpdate', from);
  return { kind: 'reservation_status', reservation, status };
};

const readersOf = (kind: 'log_status' | 'firmware_status', actions: string[]): [string, Reader][] =>
  actions.map((action) => [action, readProgress(kind, action)]);

/** OCPP 1.6, with its security whitepaper. */
export const progressReaders16: [string, Reader][] = [
  ...readersOf('log_status', ['DiagnosticsStatusNotification', 'LogStatusNotification']),
  ...readersOf('firmware_status', ['FirmwareStatusNotification', 'SignedFirmwareStatusNotification']),
];

/** OCPP 2.x. */
export const progressReaders2: [string, Reader][] = [
  ...readersOf('log_status', ['LogStatusNotification']),
  ...readersOf('firmware_status', ['FirmwareStatusNotification']),
  ['ReservationStatusUpdate', readReservationStatus],
];
