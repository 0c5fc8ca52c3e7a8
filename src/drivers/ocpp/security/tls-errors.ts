/** Faults of TLS handshakes in words that an integrator understands: those of OpenSSL name neither side. */
import { createReason, type Reason } from './rejection-reasons.ts';

/** Reasons by the error code of a TLS handshake that never came to a request. */
const handshakeFaults: [code: RegExp, reason: Reason][] = [
  [/HTTP_REQUEST/, createReason('ws_at_wss')],
  [/UNKNOWN_CA|ALERT_BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|DECRYPT_ERROR/, createReason('server_not_trusted')],
  [/ALERT_CERTIFICATE_EXPIRED/, createReason('server_expired')],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/, createReason('old_tls')],
  [/NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SHARED_GROUP|NO_SUITABLE/, createReason('no_cipher')],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH|UNEXPECTED_MESSAGE|BAD_RECORD/, createReason('not_tls')],
  [/ECONNRESET|EPIPE/, createReason('tls_broken_off')],
  [/TLS_HANDSHAKE_TIMEOUT/, createReason('tls_too_slow')],
];

/** @param error of a TLS handshake, with the code of Node or OpenSSL */
export const explainTlsFailure = (error: Error & { code?: string }): Reason =>
  handshakeFaults.find(([code]) => code.test(error.code ?? ''))?.[1] ??
  createReason('tls_failed', { fault: error.message });
