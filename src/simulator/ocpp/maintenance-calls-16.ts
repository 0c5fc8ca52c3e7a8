/** Reservations, logs and firmware at a simulated station of OCPP 1.6J. Nothing is uploaded or downloaded. */
import { z } from 'zod';
import { acceptedOrRejected, type CallHandlers, type IncomingCallContext } from './csms-requests.ts';
import { dateTime, readParams } from './request-params.ts';
import { cancelReservation, reserve } from './reservations.ts';

const requests = {
  ReserveNow: z.object({
    connectorId: z.int(),
    expiryDate: dateTime,
    idTag: z.string().max(20),
    reservationId: z.int(),
  }),
  CancelReservation: z.object({ reservationId: z.int() }),
  GetDiagnostics: z.object({ location: z.string() }),
  GetLog: z.object({ requestId: z.int(), log: z.object({ remoteLocation: z.string() }) }),
  UpdateFirmware: z.object({ location: z.string(), retrieveDate: z.string() }),
  SignedUpdateFirmware: z.object({
    requestId: z.int(),
    firmware: z.object({ location: z.string(), signingCertificate: z.string(), signature: z.string() }),
  }),
};

/** Handlers of ReserveNow, CancelReservation, GetDiagnostics, GetLog, UpdateFirmware and SignedUpdateFirmware. */
export const maintenanceHandlers16 = ({ operations, evses, stationClock }: IncomingCallContext): CallHandlers => ({
  ReserveNow(params) {
    const { connectorId, expiryDate = 0, idTag, reservationId } = readParams(requests.ReserveNow, params);
    const remainingS = (expiryDate - stationClock.now()) / 1000;
    return { status: reserve(evses, connectorId, { id: reservationId, token: idTag, remainingS }) };
  },
  CancelReservation(params) {
    return acceptedOrRejected(cancelReservation(evses, readParams(requests.CancelReservation, params).reservationId));
  },
  GetDiagnostics(params) {
    readParams(requests.GetDiagnostics, params);
    operations.sendStatuses('DiagnosticsStatusNotification', ['Uploading', 'Uploaded']);
    return { fileName: 'diagnostics.log' };
  },
  GetLog(params) {
    const { requestId } = readParams(requests.GetLog, params);
    operations.sendStatuses('LogStatusNotification', ['Uploading', 'Uploaded'], { requestId });
    return { status: 'Accepted', filename: 'station.log' };
  },
  UpdateFirmware(params) {
    readParams(requests.UpdateFirmware, params);
    operations.sendStatuses('FirmwareStatusNotification', ['Downloading', 'Downloaded', 'Installing', 'Installed']);
    return {};
  },
  SignedUpdateFirmware(params) {
    const { requestId } = readParams(requests.SignedUpdateFirmware, params);
    const statuses = ['Downloading', 'Downloaded', 'SignatureVerified', 'Installing', 'Installed'];
    operations.sendStatuses('SignedFirmwareStatusNotification', statuses, { requestId });
    return { status: 'Accepted' };
  },
});
