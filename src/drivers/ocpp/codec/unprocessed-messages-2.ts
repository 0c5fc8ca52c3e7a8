/** OCPP 2.0.1 and 2.1: messages with nothing for us in them, and what is answered. */
import { isoTime } from '../../../model/time.ts';
import type { Version } from '../messages.ts';
import { type Fields, readFields, readList, readText } from './lenient-fields.ts';

/** @returns undefined where the message says too little to be answered */
export type NoticeAnswer = (payload: Fields, now: number) => object | undefined;

const answer =
  (reply: object): NoticeAnswer =>
  () =>
    reply;

const taken = answer({});
const rejected = answer({ status: 'Rejected' });
const failed = answer({ status: 'Failed' });

const of201: Readonly<Record<string, NoticeAnswer>> = {
  NotifyCustomerInformation: taken,
  NotifyDisplayMessages: taken,
  NotifyMonitoringReport: taken,
  PublishFirmwareStatusNotification: taken,
  // The schedule lies within our limits; a no would only begin the negotiation anew (K15).
  NotifyEVChargingSchedule: answer({ status: 'Accepted' }),
  // There is no certificate authority here.
  SignCertificate: rejected,
  Get15118EVCertificate: answer({ status: 'Failed', exiResponse: '' }),
  GetCertificateStatus: failed,
};

/** GetCertificateChainStatusRequest names up to four certificates, and wants each answered by its hashes. */
const chainStatus: NoticeAnswer = (payload, now) => {
  const hashes = { issuerNameHash: 128, issuerKeyHash: 128, serialNumber: 40 };
  const list = readList(payload, 'certificateStatusRequests', []).map((request) => {
    const data = readFields(request, 'certificateHashData', []) ?? {};
    const source = readText(request, 'source', []);
    const hashAlgorithm = readText(data, 'hashAlgorithm', []);
    const texts = Object.entries(hashes).map(([key, most]) => [key, readText(data, key, [])?.slice(0, most)]);
    const isWhole =
      /^(CRL|OCSP)$/.test(source ?? '') &&
      /^SHA(256|384|512)$/.test(hashAlgorithm ?? '') &&
      texts.every(([, text]) => text !== undefined);
    if (!isWhole) return undefined;
    const certificateHashData = { hashAlgorithm, ...Object.fromEntries(texts) };
    return { certificateHashData, source, status: 'Failed', nextUpdate: isoTime(now) };
  });
  return list.length > 0 && list.length <= 4 && list.every(Boolean) ? { certificateStatus: list } : undefined;
};

const of21: Readonly<Record<string, NoticeAnswer>> = {
  ...of201,
  BatterySwap: taken,
  ClosePeriodicEventStream: taken,
  GetCertificateChainStatus: chainStatus,
  NotifyDERAlarm: taken,
  NotifyDERStartStop: taken,
  // OCPP 2.1 part 4 §4.2: a SEND is not answered on the wire.
  NotifyPeriodicEventStream: taken,
  NotifySettlement: taken,
  NotifyWebPaymentStarted: taken,
  // No stream is ever opened from here, and none is taken.
  OpenPeriodicEventStream: rejected,
  // A pull that names no profile.
  PullDynamicScheduleUpdate: rejected,
  ReportDERControl: taken,
  VatNumberValidation: (payload) => ({
    vatNumber: readText(payload, 'vatNumber', [])?.slice(0, 20) ?? '',
    status: 'Rejected',
  }),
};

const by201: ReadonlyMap<string, NoticeAnswer> = new Map(Object.entries(of201));
const by21: ReadonlyMap<string, NoticeAnswer> = new Map(Object.entries(of21));

/** @returns answers of a version, by action */
export const noticesOf = (version: Version): ReadonlyMap<string, NoticeAnswer> => (version === '2.1' ? by21 : by201);

const oursOf201 = `CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile
  ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DeleteCertificate GetBaseReport
  GetChargingProfiles GetCompositeSchedule GetDisplayMessages GetInstalledCertificateIds GetLocalListVersion GetLog
  GetMonitoringReport GetReport GetTransactionStatus GetVariables InstallCertificate PublishFirmware
  RequestStartTransaction RequestStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SetDisplayMessage
  SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables TriggerMessage
  UnlockConnector UnpublishFirmware UpdateFirmware`.split(/\s+/);

const oursOf21 = `AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff ClearDERControl ClearTariffs
  GetDERControl GetPeriodicEventStream GetTariffs NotifyAllowedEnergyTransfer RequestBatterySwap SetDERControl
  SetDefaultTariff UpdateDynamicSchedule UsePriorityCharging`.split(/\s+/);

/** Actions that only go to stations. */
export const oursOf = (version: Version): ReadonlySet<string> =>
  new Set(version === '2.1' ? [...oursOf201, ...oursOf21] : oursOf201);
