/** What goes wrong with TLS, as an integrator understands it: OpenSSL's words name neither side. */
import type { TLSSocket } from 'node:tls';
import type { Origin } from './origin.ts';
import { because, type Reason } from './reasons.ts';

/** By the code of an error of the TLS handshake: it never came to a request. */
const handshakeFaults: [code: RegExp, reason: Reason][] = [
  [/HTTP_REQUEST/, because('ws_at_wss')],
  [/UNKNOWN_CA|ALERT_BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|DECRYPT_ERROR/, because('server_not_trusted')],
  [/ALERT_CERTIFICATE_EXPIRED/, because('server_expired')],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/, because('old_tls')],
  [/NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SHARED_GROUP|NO_SUITABLE/, because('no_cipher')],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH|UNEXPECTED_MESSAGE|BAD_RECORD/, because('not_tls')],
  [/ECONNRESET|EPIPE/, because('tls_broken_off')],
  [/TLS_HANDSHAKE_TIMEOUT/, because('tls_too_slow')],
];

export const explainTlsFailure = (error: Error & { code?: string }): Reason =>
  handshakeFaults.find(([code]) => code.test(error.code ?? ''))?.[1] ?? because('tls_failed', { fault: error.message });

/** By the code of the check of a client certificate. */
const certificateFaults: [code: RegExp, reason: Reason][] = [
  [/CERT_HAS_EXPIRED/, because('certificate_expired')],
  [/CERT_NOT_YET_VALID/, because('certificate_not_yet_valid')],
  [/REVOKED/, because('certificate_revoked')],
  [/UNABLE_TO|SELF_SIGNED|UNTRUSTED|ISSUER/, because('certificate_authority')],
];

/** @returns what the certificate of a client says, where one was asked for and given */
export const readClientCertificate = (socket: TLSSocket): Pick<Origin, 'certificate' | 'certificateFault'> => {
  const { subject } = socket.getPeerCertificate();
  if (!subject) return {};
  if (!socket.authorized) {
    const fault = String(socket.authorizationError);
    const reason = certificateFaults.find(([code]) => code.test(fault))?.[1];
    return { certificateFault: reason ?? because('certificate_refused', { fault }) };
  }
  // Several common names come as a list, whatever the types say.
  const [certificate, ...others] = [subject.CN as string | string[] | undefined].flat();
  if (!certificate || others.length > 0) return { certificateFault: because('certificate_names') };
  return { certificate };
};
