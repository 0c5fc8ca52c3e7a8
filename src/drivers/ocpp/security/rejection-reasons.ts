/**
 * Why a station does not get in: a code that stays, the values of its sentence, and the HTTP status of the answer. Logs
 * and the station itself read the English sentence; forms translate the code (catalogs of ems-ocpp-server, "reason").
 */
import { type CodedMessage, createMessageCatalog, type ParamsOf } from '../../../common/coded-messages.ts';

/** Sentences by their code, with values as __name__: each says what to do, and none holds a password. */
export const sentences = {
  // The request: RFC 6455 §4.1
  not_get: 'a WebSocket is opened with GET, not __method__',
  not_websocket: 'the request asks for something else than a WebSocket',
  no_key: 'the request has no valid Sec-WebSocket-Key',
  websocket_version: 'the request asks for another version of WebSocket than 13',
  page: 'a page was asked for (http), not a WebSocket (ws)',
  wss_at_ws: 'wss:// was spoken at a port for ws://',
  headers_too_long: 'the headers of the handshake are too long',
  too_slow: 'the handshake did not come in time',
  not_http: 'something else than HTTP was spoken',

  // Identity and version of the station
  no_identity: 'the URL ends without an identity: it has to be .../<identity of the station>',
  broken_encoding: 'the URL has a broken percent encoding',
  identity_too_long: 'the identity has __length__ characters, at most __max__ are allowed',
  identity_characters: 'the identity holds characters that are not allowed',
  no_sub_protocol:
    'the station names no sub-protocol (if it speaks OCPP 1.6, let it be assumed for this station), allowed here: __allowed__',
  sub_protocol: 'the station offers __offered__, allowed here: __allowed__',
  unknown: 'no station __identity__ is set up here',

  // Credentials of the station
  no_password: 'the station sends no password',
  not_basic: 'the station sends something else than basic authentication',
  other_user: 'the station sends another user name than its identity',
  wrong_password: 'the password is wrong',
  tls_demanded: 'TLS is demanded of this station: it has to dial wss://, not ws://',
  no_certificate: 'the station has to show a client certificate, and it showed none',
  other_certificate: 'the certificate of the station is that of __name__, not of __identity__',
  certificate_expired: 'the certificate of the station has expired',
  certificate_not_yet_valid: 'the certificate of the station is not valid yet: look at the clock of this computer',
  certificate_revoked: 'the certificate of the station was revoked',
  certificate_authority:
    'the certificate of the station was signed by an authority (CA) that this server does not know',
  certificate_refused: 'the certificate of the station was not accepted: __fault__',
  certificate_names: 'the certificate of the station needs exactly one common name (CN)',

  // TLS that never came to a request
  ws_at_wss: 'ws:// was spoken at a port for wss://',
  server_not_trusted:
    'the station does not trust the certificate of this server: it needs its authority (CA), and the host name must fit',
  server_expired: 'for the station the certificate of this server has expired: look at both clocks',
  old_tls: 'the station speaks only an old version of TLS; at least 1.2 is needed',
  no_cipher: 'station and server have no cipher in common: try another kind of key (EC P-256 or RSA 2048)',
  not_tls: 'something else than TLS was spoken at a port for wss://',
  tls_broken_off:
    'the station broke off during the TLS handshake: often it does not trust the certificate of this server',
  tls_too_slow: 'the station did not finish the TLS handshake in time',
  tls_failed: 'the TLS handshake failed: __fault__',

  // Not wanted
  by_hand: 'refused by hand: it stays out until it is taken back in the form of this server',

  // Not now
  busy: 'too many passwords are being checked: the station has to try again',
  password_in_work: 'the password of the station is being worked on: it has to try again',
  settings_changed: 'the settings of the station have just changed: it has to try again',
  strangers_too_often: 'unknown stations dial from this address too often: the station has to wait a minute',
  wrong_too_often:
    'wrong passwords for this station come from this address too often: the station has to wait a minute',
  too_many_wait: '__max__ stations wait for approval already',
  broke_off: 'the station broke off the handshake',
  failed_here: 'the handshake failed here: __fault__',
  port_trouble: 'the port __port__ has trouble: __fault__',
} as const;

const { create, sentenceOf } = createMessageCatalog(sentences);

export { sentenceOf };
/** @returns a reason with the values of its sentence */
export const createReason = create;

export type ReasonCode = keyof typeof sentences;
export type Reason = CodedMessage<ReasonCode>;

/** HTTP statuses by the code of the reason; 400 (Bad Request) for every other code. */
const statuses: Partial<Record<ReasonCode, number>> = {
  not_get: 405,
  websocket_version: 426,

  no_identity: 404,
  unknown: 404,

  no_password: 401,
  not_basic: 401,
  other_user: 401,
  wrong_password: 401,
  tls_demanded: 403,
  no_certificate: 403,
  other_certificate: 403,
  certificate_expired: 403,
  certificate_not_yet_valid: 403,
  certificate_revoked: 403,
  certificate_authority: 403,
  certificate_refused: 403,
  certificate_names: 403,

  by_hand: 403,

  busy: 503,
  password_in_work: 503,
  settings_changed: 503,
  strangers_too_often: 429,
  wrong_too_often: 429,
  too_many_wait: 503,
};

/** Retry-After by HTTP status, s: RFC 9110 §10.2.3, RFC 6585 §4. */
export const retryAfterS: Readonly<Record<number, number>> = { 429: 60, 503: 10 };

/** Why a handshake is refused. */
export interface Rejection {
  /** HTTP status. */
  status: number;
  reason: Reason;
}

/** @returns the answer to a handshake that is refused for a reason */
export const rejectionOf = (reason: Reason): Rejection => ({ status: statuses[reason.code] ?? 400, reason });

/** @returns the answer to a handshake that is refused, with the values of its sentence */
export const createRejection = <Code extends ReasonCode>(
  code: Code,
  ...params: ParamsOf<(typeof sentences)[Code]>
): Rejection => rejectionOf(createReason(code, ...params));
