/** Reservations, logs and firmware at a simulated station of OCPP 2.0.1. Nothing is uploaded or downloaded. */
import { z } from 'zod';
import { acceptedOrRejected, type CallHandlers, type IncomingCallContext } from './csms-requests.ts';
import { dateTime, readParams } from './request-params.ts';
import { cancelReservation, reserve } from './reservations.ts';

const requests = {
  ReserveNow: z.object({
    id: z.int(),
    expiryDateTime: dateTime,
    idToken: z.object({ idToken: z.string().max(36) }),
    evseId: z.int().optional(),
  }),
  CancelReservation: z.object({ reservationId: z.int() }),
  GetLog: z.object({ requestId: z.int(), log: z.object({ remoteLocation: z.string() }) }),
  UpdateFirmware: z.object({ requestId: z.int(), firmware: z.object({ location: z.string() }) }),
};

/** Handlers of ReserveNow, CancelReservation, GetLog and UpdateFirmware. */
export const maintenanceHandlers201 = ({ operations, evses, stationClock }: IncomingCallContext): CallHandlers => ({
  ReserveNow(params) {
    const { id, expiryDateTime = 0, idToken, evseId = 0 } = readParams(requests.ReserveNow, params);
    const remainingS = (expiryDateTime - stationClock.now()) / 1000;
    const expired = {
      action: 'ReservationStatusUpdate',
      payload: { reservationId: id, reservationUpdateStatus: 'Expired' },
    };
    const onExpired = (): void => operations.sendAfterAnswer([expired]);
    return { status: reserve(evses, evseId, { id, token: idToken.idToken, remainingS, onExpired }) };
  },
  CancelReservation(params) {
    return acceptedOrRejected(cancelReservation(evses, readParams(requests.CancelReservation, params).reservationId));
  },
  GetLog(params) {
    const { requestId } = readParams(requests.GetLog, params);
    operations.sendStatuses('LogStatusNotification', ['Uploading', 'Uploaded'], { requestId });
    return { status: 'Accepted', filename: 'station.log' };
  },
  UpdateFirmware(params) {
    const { requestId } = readParams(requests.UpdateFirmware, params);
    const statuses = ['Downloading', 'Downloaded', 'Installing', 'Installed'];
    operations.sendStatuses('FirmwareStatusNotification', statuses, { requestId });
    return { status: 'Accepted' };
  },
});
