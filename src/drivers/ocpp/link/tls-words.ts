/** What goes wrong with TLS, as an integrator understands it: OpenSSL's words name neither side. */
import type { TLSSocket } from 'node:tls';
import type { Origin } from './origin.ts';

/** By the code of an error of the TLS handshake: it never came to a request. */
const handshakeWords: [code: RegExp, words: string][] = [
  [/HTTP_REQUEST/, 'ws:// was spoken at a port for wss://'],
  [
    /UNKNOWN_CA|ALERT_BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|DECRYPT_ERROR/,
    'the station does not trust the certificate of this server: it needs its authority (CA), and the host name must fit',
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, 'for the station the certificate of this server has expired: look at both clocks'],
  [
    /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/,
    'the station speaks only an old version of TLS; at least 1.2 is needed',
  ],
  [
    /NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SHARED_GROUP|NO_SUITABLE/,
    'station and server have no cipher in common: try another kind of key (EC P-256 or RSA 2048)',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH|UNEXPECTED_MESSAGE|BAD_RECORD/,
    'something else than TLS was spoken at a port for wss://',
  ],
  [
    /ECONNRESET|EPIPE/,
    'the station broke off during the TLS handshake: often it does not trust the certificate of this server',
  ],
  [/TLS_HANDSHAKE_TIMEOUT/, 'the station did not finish the TLS handshake in time'],
];

export const describeTlsFailure = (error: Error & { code?: string }): string => {
  const words = handshakeWords.find(([code]) => code.test(error.code ?? ''))?.[1];
  return words ?? `the TLS handshake failed: ${error.message}`;
};

/** By the code of the check of a client certificate. */
const certificateWords: [code: RegExp, words: string][] = [
  [/CERT_HAS_EXPIRED/, 'the certificate of the station has expired'],
  [/CERT_NOT_YET_VALID/, 'the certificate of the station is not valid yet: look at the clock of this computer'],
  [/REVOKED/, 'the certificate of the station was revoked'],
  [
    /UNABLE_TO|SELF_SIGNED|UNTRUSTED|ISSUER/,
    'the certificate of the station was signed by an authority (CA) that this server does not know',
  ],
];

/** @returns what the certificate of a client says, where one was asked for and given */
export const readClientCertificate = (socket: TLSSocket): Pick<Origin, 'certificate' | 'certificateFault'> => {
  const { subject } = socket.getPeerCertificate();
  if (!subject) return {};
  if (!socket.authorized) {
    const code = String(socket.authorizationError);
    const words = certificateWords.find(([pattern]) => pattern.test(code))?.[1];
    return { certificateFault: words ?? `the certificate of the station was not accepted: ${code}` };
  }
  // Several common names come as a list, whatever the types say.
  const [certificate, ...others] = [subject.CN as string | string[] | undefined].flat();
  if (!certificate || others.length > 0)
    return { certificateFault: 'the certificate of the station needs exactly one common name (CN)' };
  return { certificate };
};
