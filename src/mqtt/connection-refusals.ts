/** Why a connection did not come about, or ended: as a sentence of the catalogs that names the cause and a remedy. */
import type { Phrase } from '../model/phrase.ts';
import { type ConnectionTrace, isMalformed, isReset } from './connection-trace.ts';
import { connackReason, isOverMessage, reasonName } from './reason-codes.ts';
import { describeServer, isEncrypted, type Server } from './servers.ts';

export interface Refusal {
  server: Server;
  /** Below "refusal" in the catalog of the broker node. */
  phrase: Phrase;
  /** No passing fault: trying goes on, slowly, since it may be mended on the server. */
  isPermanent: boolean;
  /** The other side ended a connection, and what it had received may be why. */
  isOverMessage: boolean;
}

export interface Asked {
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

/** Nobody gets in by trying again soon. */
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

/** What is meant for a user says nothing to whoever entered none. */
const loginRefusals = new Set(['badUserNameOrPassword', 'notAuthorized']);

const codeOf = (error: Error): string | undefined =>
  'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** TLS was asked for, and the other side went away before or instead of an answer. */
const hangUpKey = ({ server, hasCertificate }: Asked): string => {
  if (!isEncrypted(server)) return 'hangUp';
  return hasCertificate ? 'hangUpAfterCertificate' : 'hangUpTls';
};

/** The server hung up on CONNECT, or on TLS. */
export const isHangUp = ({ phrase }: Refusal): boolean => phrase.key.startsWith('refusal.hangUp');

const errorKey = (error: Error, trace: ConnectionTrace): string | undefined => {
  const known =
    byCode[codeOf(error) ?? ''] ?? byText.find(([pattern]) => pattern.test(`${codeOf(error)} ${error.message}`))?.[1];
  if (known === 'silent' && !trace.isOpen) return 'timeout';
  if (known !== undefined) return known;
  if (trace.firstByte !== undefined && !trace.connack) return 'notMqtt';
  return isReset(error) ? undefined : 'other';
};

const keyOf = (trace: ConnectionTrace, asked: Asked): string => {
  const { disconnect, connack, error, isAccepted } = trace;
  if (trace.isOurs) return 'returning';
  if (trace.isCrowded) return 'receiveMaximumExceeded';
  const told =
    disconnect?.reasonCode ?? (isAccepted ? undefined : connack && (connack.reasonCode ?? connack.returnCode));
  if (told !== undefined && (disconnect || told > 0)) {
    const name = reasonName(connackReason(told)) ?? 'unspecifiedError';
    return loginRefusals.has(name) && asked.user === '' ? 'userMissing' : name;
  }
  const key = error && errorKey(error, trace);
  return key ?? (isAccepted ? 'lost' : hangUpKey(asked));
};

const longestDetail = 120;

/** What the system says itself, for whoever reads English; of OpenSSL without the address of its thread. */
const detailOf = ({ error }: ConnectionTrace): string => {
  const text = (error?.message ?? '').replace(/^([0-9A-F]+:)?error:[0-9A-F]+:/, '').replace(/:\.\.\/.*$/s, '');
  // Of a certificate for another name, the names in it.
  return text.replace(/^.*cert's altnames: /s, '').slice(0, longestDetail);
};

/** What the server adds to its reason code (MQTT 5 §3.2.2.3.9), to be put behind a sentence. */
const saidBy = ({ disconnect, connack }: ConnectionTrace): string => {
  const said = disconnect?.properties?.reasonString ?? connack?.properties?.reasonString;
  return said ? `: ${said.slice(0, longestDetail)}` : '';
};

/** @param key in place of what the trace shows */
export const explain = (trace: ConnectionTrace, asked: Asked, key = keyOf(trace, asked)): Refusal => {
  const { server, clientId, user } = asked;
  const { disconnect, connack, error, isAccepted, isOurs } = trace;
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
      !isOurs &&
      (told === undefined ? error === undefined || isReset(error) || isMalformed(error) : isOverMessage(told)),
  };
};
