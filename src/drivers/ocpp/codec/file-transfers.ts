/**
 * Requests that have a station upload a log or download a firmware. GetLog is the same in OCPP 1.6 (security whitepaper)
 * and OCPP 2.x; the firmware of SignedUpdateFirmware is that of UpdateFirmware of OCPP 2.x.
 */
import { isoTime } from '../../../model/time.ts';
import type { StationRequest, Version } from '../messages.ts';
import type { EncodedCall } from './codec.ts';
import { call } from './outbound.ts';
import { exactInteger, exactText, wholeSeconds } from './strict-values.ts';

type RequestOf<K extends StationRequest['kind']> = Extract<StationRequest, { kind: K }>;

const logTypes = { diagnostics: 'DiagnosticsLog', security: 'SecurityLog' } as const;

/** A URL as the schemas have it: other characters have to be encoded. */
const urlPattern = /^[a-z][a-z\d+.-]*:\/\/[\w.~:/?#@!$&'()*+,;=%[\]-]+$/i;

/** remoteLocation and location: 512 characters, 2000 in OCPP 2.1. */
const locationOf = (url: string, version: Version): string => {
  if (!urlPattern.test(url) || !URL.canParse(url)) throw new Error('the address of the file is no URL');
  return exactText(url, version === '2.1' ? 2000 : 512, 'the URL');
};

const retriesOf = ({ retries, retryIntervalS }: { retries?: number; retryIntervalS?: number }): object => ({
  ...(retries === undefined ? {} : { retries: exactInteger(retries, 'the number of retries') }),
  ...(retryIntervalS === undefined ? {} : { retryInterval: wholeSeconds(retryIntervalS, 'the interval of retries') }),
});

/** The time under a name, where there is one. */
const timeAs = (name: string, at: number | undefined): object => (at === undefined ? {} : { [name]: isoTime(at) });

/** OCPP 1.6 GetDiagnostics. */
export const getDiagnostics16 = (request: RequestOf<'get_diagnostics'>): EncodedCall =>
  call('GetDiagnostics', {
    location: locationOf(request.url, '1.6'),
    ...retriesOf(request),
    ...timeAs('startTime', request.oldestAt),
    ...timeAs('stopTime', request.latestAt),
  });

/** GetLog of all versions. */
export const getLog = (request: RequestOf<'get_log'>, version: Version): EncodedCall =>
  call('GetLog', {
    logType: logTypes[request.log],
    requestId: exactInteger(request.requestId, 'the id'),
    ...retriesOf(request),
    log: {
      remoteLocation: locationOf(request.url, version),
      ...timeAs('oldestTimestamp', request.oldestAt),
      ...timeAs('latestTimestamp', request.latestAt),
    },
  });

/** FirmwareType of OCPP 2.x, and of SignedUpdateFirmware of OCPP 1.6. */
const firmwareOf = (request: RequestOf<'update_firmware'>, version: Version): EncodedCall['payload'] => ({
  requestId: exactInteger(request.requestId, 'the id'),
  ...retriesOf(request),
  firmware: {
    location: locationOf(request.url, version),
    retrieveDateTime: isoTime(request.retrieveAt),
    ...timeAs('installDateTime', request.installAt),
    ...(request.signed && {
      signingCertificate: exactText(request.signed.certificate, 5500, 'the signing certificate'),
      signature: exactText(request.signed.signature, 800, 'the signature'),
    }),
  },
});

/** UpdateFirmware of OCPP 1.6; with a signature, SignedUpdateFirmware. */
export const updateFirmware16 = (request: RequestOf<'update_firmware'>): EncodedCall => {
  if (request.signed) return call('SignedUpdateFirmware', firmwareOf(request, '1.6'));
  if (request.installAt !== undefined) throw new Error('UpdateFirmware of OCPP 1.6 has no time of installation');
  return call('UpdateFirmware', {
    location: locationOf(request.url, '1.6'),
    ...retriesOf(request),
    retrieveDate: isoTime(request.retrieveAt),
  });
};

/** UpdateFirmware of OCPP 2.x. */
export const updateFirmware2 = (request: RequestOf<'update_firmware'>, version: '2.0.1' | '2.1'): EncodedCall =>
  call('UpdateFirmware', firmwareOf(request, version));
