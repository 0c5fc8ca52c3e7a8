/**
 * Why a connection did not come about, or ended: as a sentence of the catalogs that names the cause and a remedy. Errors
 * of the network, TLS and WebSocket are put into words here, the Reason Codes of CONNACK and DISCONNECT in
 * reason-codes.ts.
 */
import type { Phrase } from '../../model/phrase.ts';
import { describeServer, isEncrypted, type Server } from '../../model/server-address.ts';
import { type ConnectionTrace, isMalformed, isReset } from './connection-trace.ts';
import { isOverMessage, reasonSentence } from './reason-codes.ts';

/** The reason why a connection failed, as a sentence for people. */
export interface ConnectionFailure {
  server: Server;
  /** A sentence below "refusal" in the catalog of the broker node. */
  phrase: Phrase;
  /** The fault does not pass by itself: trying goes on, slowly, since somebody may mend it. */
  isPermanent: boolean;
  /** The server ended a connection, and a message it had received may be why. */
  isOverMessage: boolean;
}

/** The CONNECT that the server refused. */
export interface ConnectAttempt {
  server: Server;
  clientId: string;
  user: string;
  hasCertificate: boolean;
}

/** Errors of the network, the resolver and the certificate check, by the code of Node.js. */
const byCode: Record<string, string> = {
  ECONNREFUSED: 'connectionRefused',
  ENOTFOUND: 'unknownHost',
  EAI_AGAIN: 'unknownHost',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
  SELF_SIGNED_CERT_IN_CHAIN: 'serverCertificateUnknown',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'serverCertificateUnknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'serverCertificateUnknown',
  UNABLE_TO_GET_ISSUER_CERT: 'serverCertificateUnknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'serverCertificateUnknown',
  CERT_HAS_EXPIRED: 'serverCertificateExpired',
  CERT_NOT_YET_VALID: 'serverCertificateNotYetValid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'serverNameMismatch',
};

/** Errors of OpenSSL, whose codes change their names between versions, and of parsers; the first that fits counts. */
const byText: [pattern: RegExp, key: string][] = [
  [/alert certificate required/i, 'clientCertificateRequired'],
  [
    /alert (bad certificate|unknown ca|certificate (expired|revoked|unknown)|unsupported certificate|access denied)/i,
    'clientCertificateRefused',
  ],
  [/alert handshake failure/i, 'handshakeFailure'],
  [/alert protocol version|unsupported protocol|no shared cipher|inappropriate fallback/i, 'tlsVersion'],
  [/wrong version number|packet length too long|record layer failure/i, 'plainPort'],
  [/key values mismatch|PEM|DECODER|bad decrypt|no start line|bad password|unsupported pkcs12/i, 'keyUnreadable'],
  [/Unexpected server response|Parse Error|Invalid Upgrade|Server sent an invalid subprotocol/i, 'webSocket'],
  [/connack timeout/, 'silent'],
  [/Keepalive timeout/, 'keepAlive'],
];

/** Failures that stay the same when the client tries again soon. */
const permanent = new Set([
  'serverCertificateUnknown',
  'serverCertificateExpired',
  'serverCertificateNotYetValid',
  'serverNameMismatch',
  'clientCertificateRequired',
  'clientCertificateRefused',
  'tlsVersion',
  'handshakeFailure',
  'plainPort',
  'tlsPort',
  'keyUnreadable',
  'passwordWithoutUser',
  'clientIdentifierNotValid',
  'badUserNameOrPassword',
  'notAuthorized',
  'userMissing',
  'banned',
  'badAuthenticationMethod',
  'sessionTakenOver',
]);

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The server closed the connection in place of an answer to CONNECT, or to TLS. */
const hangUpKey = ({ server, hasCertificate }: ConnectAttempt): string => {
  if (!isEncrypted(server)) return 'hangUp';
  return hasCertificate ? 'hangUpAfterCertificate' : 'hangUpTls';
};

/** Whether the server closed the connection without a word on CONNECT, or on TLS. */
export const isHangUp = ({ phrase }: ConnectionFailure): boolean => phrase.key.startsWith('refusal.hangUp');

const errorKey = (error: Error, trace: ConnectionTrace): string | undefined => {
  const known =
    byCode[codeOf(error) ?? ''] ?? byText.find(([pattern]) => pattern.test(`${codeOf(error)} ${error.message}`))?.[1];
  if (known === 'silent' && !trace.isOpen) return 'timeout';
  if (known !== undefined) return known;
  if (trace.firstByte !== undefined && !trace.connack) return 'notMqtt';
  return isReset(error) ? undefined : 'other';
};

const keyOf = (trace: ConnectionTrace, attempt: ConnectAttempt): string => {
  const { disconnect, connack, error, isAccepted } = trace;
  if (trace.isOurEnd) return 'returning';
  if (trace.isReceiveMaximumExceeded) return 'receiveMaximumExceeded';
  const told =
    disconnect?.reasonCode ?? (isAccepted ? undefined : connack && (connack.reasonCode ?? connack.returnCode));
  if (told !== undefined && (disconnect || told > 0)) return reasonSentence(told, attempt.user);
  const key = error && errorKey(error, trace);
  return key ?? (isAccepted ? 'lost' : hangUpKey(attempt));
};

const longestDetail = 120;

/** The text of the system itself, in English; an error of OpenSSL loses the address of its thread. */
const detailOf = ({ error }: ConnectionTrace): string => {
  const text = (error?.message ?? '').replace(/^([0-9A-F]+:)?error:[0-9A-F]+:/, '').replace(/:\.\.\/.*$/s, '');
  // An error about a certificate for another name ends with the names in it.
  return text.replace(/^.*cert's altnames: /s, '').slice(0, longestDetail);
};

/** Reason String of the server (MQTT 5 §3.2.2.3.9, §3.14.2.2.3), to be put behind a sentence. */
const saidBy = ({ disconnect, connack }: ConnectionTrace): string => {
  const said = disconnect?.properties?.reasonString ?? connack?.properties?.reasonString;
  return said ? `: ${said.slice(0, longestDetail)}` : '';
};

/** @param key of a sentence, in place of the one that the trace shows */
export const explainFailure = (
  trace: ConnectionTrace,
  attempt: ConnectAttempt,
  key = keyOf(trace, attempt),
): ConnectionFailure => {
  const { server, clientId, user } = attempt;
  const { disconnect, connack, error, isAccepted, isOurEnd } = trace;
  // Server Reference, MQTT 5 §3.2.2.3.16 and §3.14.2.2.5: another server to use.
  const reference = disconnect?.properties?.serverReference ?? connack?.properties?.serverReference ?? '';
  const told = disconnect?.reasonCode;
  return {
    server,
    phrase: {
      key: `refusal.${key}`,
      params: {
        server: describeServer(server),
        host: server.host,
        clientId,
        user,
        detail: detailOf(trace),
        said: saidBy(trace),
        reference,
      },
    },
    isPermanent: permanent.has(key),
    isOverMessage:
      isAccepted &&
      !isOurEnd &&
      (told === undefined ? error === undefined || isReset(error) || isMalformed(error) : isOverMessage(told)),
  };
};
