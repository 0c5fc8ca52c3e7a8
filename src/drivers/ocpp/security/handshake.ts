/** The handshake of a station: RFC 6455 §4.1, OCPP-J 1.6 §3.1, OCPP 2.0.1 part 4 §3.1. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIdentity, longestIdentity } from '../codec/limits.ts';
import type { Version } from '../messages.ts';
import { createRejection, type Rejection } from './rejection-reasons.ts';

/** The parts of an HTTP request that are read. */
export interface UpgradeRequest {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
}

/** HTTP Basic authentication. other_user: the user name is not the identity of the station. */
export type Credentials =
  | { kind: 'none' }
  | { kind: 'unreadable' }
  | { kind: 'other_user' }
  | { kind: 'password'; password: Buffer };

export interface Handshake {
  identity: string;
  /** Sub-protocols as the station wrote them. */
  offered: string[];
  credentials: Credentials;
}

export type HandshakeResult = { ok: true; handshake: Handshake } | ({ ok: false } & Rejection);

/** The last part of the path that holds anything: stations add slashes in front, behind and twice. */
const lastSegment = (url: string): string => {
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
  return path.split('/').findLast((part) => part !== '') ?? '';
};

/** @returns undefined where the percent encoding is broken */
const decodeSegment = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
};

const readCredentials = (header: string | undefined, identity: string): Credentials => {
  if (header === undefined) return { kind: 'none' };
  const base64 = /^\s*basic\s+([\w+/-]+={0,2})\s*$/i.exec(header)?.[1];
  if (base64 === undefined) return { kind: 'unreadable' };
  // Usual parsers end the user at the first colon, but an identity may hold colons, and a password may be any bytes.
  const given = Buffer.from(base64, 'base64');
  const user = Buffer.from(`${identity}:`);
  if (!given.subarray(0, user.length).equals(user)) return { kind: 'other_user' };
  return { kind: 'password', password: given.subarray(user.length) };
};

/** @returns what keeps a request from being a WebSocket handshake */
const findWebSocketFault = ({ method, headers }: UpgradeRequest): Rejection | undefined => {
  if (method !== 'GET') return createRejection('not_get', { method: String(method) });
  if (headers.upgrade?.toLowerCase() !== 'websocket') return createRejection('not_websocket');
  const key = headers['sec-websocket-key'];
  if (key === undefined || !/^[+/0-9a-z]{22}==$/i.test(key)) return createRejection('no_key');
  if (!['13', '8'].includes(headers['sec-websocket-version'] ?? '')) return createRejection('websocket_version');
  return undefined;
};

/** @returns the identity of the station, or why it cannot be told */
const readIdentity = (url: string): string | Rejection => {
  const segment = lastSegment(url);
  if (segment === '') return createRejection('no_identity');
  const identity = decodeSegment(segment);
  if (identity === undefined) return createRejection('broken_encoding');
  const { length } = identity;
  if (length > longestIdentity) return createRejection('identity_too_long', { length, max: longestIdentity });
  return isIdentity(identity) ? identity : createRejection('identity_characters');
};

/** Reads identity, sub-protocols and credentials; whether they are good is not its matter. */
export const readHandshake = (request: UpgradeRequest): HandshakeResult => {
  const fault = findWebSocketFault(request);
  if (fault) return { ok: false, ...fault };
  const identity = readIdentity(request.url ?? '');
  if (typeof identity !== 'string') return { ok: false, ...identity };
  const offered = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const credentials = readCredentials(request.headers.authorization, identity);
  return { ok: true, handshake: { identity, offered, credentials } };
};

/** The newest first. */
const subProtocols: readonly [Version, string][] = [
  ['2.1', 'ocpp2.1'],
  ['2.0.1', 'ocpp2.0.1'],
  ['1.6', 'ocpp1.6'],
];

/** @property subProtocol as the station wrote it; undefined where it names none */
export type VersionChoice =
  | { ok: true; version: Version; subProtocol: string | undefined }
  | ({ ok: false } & Rejection);

/**
 * Chooses the newest version that both sides speak.
 * @param isVersionAssumed a station that names no sub-protocol is taken for one of 1.6
 */
export const chooseVersion = (
  offered: string[],
  allowed: readonly Version[],
  isVersionAssumed: boolean,
): VersionChoice => {
  if (offered.length === 0 && isVersionAssumed) return { ok: true, version: '1.6', subProtocol: undefined };
  for (const [version, name] of subProtocols) {
    const subProtocol = offered.find((each) => each.toLowerCase() === name);
    if (subProtocol !== undefined && allowed.includes(version)) return { ok: true, version, subProtocol };
  }
  const wanted = subProtocols.filter(([version]) => allowed.includes(version)).map(([, name]) => name);
  const named = { allowed: wanted.join(', ') };
  const rejection =
    offered.length === 0
      ? createRejection('no_sub_protocol', named)
      : createRejection('sub_protocol', { ...named, offered: offered.slice(0, 5).join(', ') });
  return { ok: false, ...rejection };
};
