/** Client certificates of stations (security profile 3): read from the socket, and compared with the identity. */
import type { TLSSocket } from 'node:tls';
import type { StationSettings } from '../ocpp-j/station-link.ts';
import type { Origin } from './proxy-headers.ts';
import { createReason, type Reason } from './rejection-reasons.ts';

/** Reasons by the error code of the check of a client certificate. */
const certificateFaults: [code: RegExp, reason: Reason][] = [
  [/CERT_HAS_EXPIRED/, createReason('certificate_expired')],
  [/CERT_NOT_YET_VALID/, createReason('certificate_not_yet_valid')],
  [/REVOKED/, createReason('certificate_revoked')],
  [/UNABLE_TO|SELF_SIGNED|UNTRUSTED|ISSUER/, createReason('certificate_authority')],
];

/** @returns the common name of a client certificate, or why it does not count; nothing where none was shown */
export const readClientCertificate = (socket: TLSSocket): Pick<Origin, 'certificate' | 'certificateFault'> => {
  const { subject } = socket.getPeerCertificate();
  if (!subject) return {};
  if (!socket.authorized) {
    const fault = String(socket.authorizationError);
    const reason = certificateFaults.find(([code]) => code.test(fault))?.[1];
    return { certificateFault: reason ?? createReason('certificate_refused', { fault }) };
  }
  // Several common names come as a list, whatever the types say.
  const [certificate, ...others] = [subject.CN as string | string[] | undefined].flat();
  if (!certificate || others.length > 0) return { certificateFault: createReason('certificate_names') };
  return { certificate };
};

/** @returns why the client certificate of a connection is not one of this station */
export const findCertificateFault = (
  { certificateNames = [] }: Pick<StationSettings, 'certificateNames'>,
  identity: string,
  { certificate, certificateFault }: Pick<Origin, 'certificate' | 'certificateFault'>,
): Reason | undefined => {
  if (certificateFault) return certificateFault;
  if (certificate === undefined) return createReason('no_certificate');
  if (certificate === identity || certificateNames.includes(certificate)) return undefined;
  return createReason('other_certificate', { name: certificate, identity });
};
