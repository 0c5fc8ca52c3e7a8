/** What a station says when it dials: RFC 6455 §4.1, OCPP-J 1.6 §3.1, OCPP 2.0.1 part 4 §3.1. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Version } from '../words.ts';

/** The parts of a request that are read. */
export interface UpgradeRequest {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
}

export type Credentials =
  | { kind: 'none' }
  | { kind: 'unreadable' }
  | { kind: 'other_user' }
  | { kind: 'password'; password: Buffer };

export interface Handshake {
  identity: string;
  /** Sub-protocols as they were written. */
  offered: string[];
  credentials: Credentials;
}

/** A refusal: HTTP status, and the reason as an integrator understands it. */
export interface Objection {
  status: number;
  reason: string;
}

export type HandshakeResult = { ok: true; handshake: Handshake } | ({ ok: false } & Objection);

/** OCPP 2.0.1 part 4 §3.1.1: at most 48 characters. */
const longestIdentity = 48;

const object = (status: number, reason: string): { ok: false } & Objection => ({ ok: false, status, reason });

/** The last part of the path that holds anything: boxes add slashes in front, behind and twice. */
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
  // Not the usual parser: an identity may hold colons, and a password may be any bytes.
  const given = Buffer.from(base64, 'base64');
  const user = Buffer.from(`${identity}:`);
  if (!given.subarray(0, user.length).equals(user)) return { kind: 'other_user' };
  return { kind: 'password', password: given.subarray(user.length) };
};

/** @returns what keeps it from being a WebSocket handshake */
const findWebSocketFault = ({ method, headers }: UpgradeRequest): Objection | undefined => {
  if (method !== 'GET') return { status: 405, reason: `a WebSocket is opened with GET, not ${method}` };
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    return { status: 400, reason: 'the request asks for something else than a WebSocket' };
  const key = headers['sec-websocket-key'];
  if (key === undefined || !/^[+/0-9a-z]{22}==$/i.test(key))
    return { status: 400, reason: 'the request has no valid Sec-WebSocket-Key' };
  if (!['13', '8'].includes(headers['sec-websocket-version'] ?? ''))
    return { status: 426, reason: 'the request asks for another version of WebSocket than 13' };
  return undefined;
};

export const readHandshake = (request: UpgradeRequest): HandshakeResult => {
  const fault = findWebSocketFault(request);
  if (fault) return { ok: false, ...fault };
  const segment = lastSegment(request.url ?? '');
  if (segment === '')
    return object(404, 'the URL ends without an identity: it has to be .../<identity of the station>');
  const identity = decodeSegment(segment);
  if (identity === undefined) return object(400, 'the URL has a broken percent encoding');
  if (identity.length > longestIdentity)
    return object(400, `the identity has ${identity.length} characters, at most ${longestIdentity} are allowed`);
  if (/[\p{C}/#?\u{fffd}]/u.test(identity)) return object(400, 'the identity holds characters that are not allowed');
  const offered = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const credentials = readCredentials(request.headers.authorization, identity);
  return { ok: true, handshake: { identity, offered, credentials } };
};

const subProtocols: readonly [Version, string][] = [
  ['2.1', 'ocpp2.1'],
  ['2.0.1', 'ocpp2.0.1'],
  ['1.6', 'ocpp1.6'],
];

export type Choice = { ok: true; version: Version; subProtocol: string | undefined } | ({ ok: false } & Objection);

/** The newest version that both sides speak; subProtocol is written as the station wrote it. */
export const chooseVersion = (offered: string[], allowed: readonly Version[], isVersionAssumed: boolean): Choice => {
  if (offered.length === 0 && isVersionAssumed) return { ok: true, version: '1.6', subProtocol: undefined };
  for (const [version, name] of subProtocols) {
    const subProtocol = offered.find((each) => each.toLowerCase() === name);
    if (subProtocol !== undefined && allowed.includes(version)) return { ok: true, version, subProtocol };
  }
  const wanted = subProtocols.filter(([version]) => allowed.includes(version)).map(([, name]) => name);
  const offer =
    offered.length === 0
      ? 'the station names no sub-protocol (if it speaks OCPP 1.6, let it be assumed for this station)'
      : `the station offers ${offered.slice(0, 5).join(', ')}`;
  return object(400, `${offer}, allowed here: ${wanted.join(', ')}`);
};
