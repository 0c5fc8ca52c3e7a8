/** Hostile handshakes: paths, encodings, headers, sub-protocols, passwords, and lines that are none. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { authority, identityOf } from '../support/certificates.ts';
import { basicAuth } from '../support/ocpp/raw-station.ts';
import type { Dice } from './dice.ts';
import { certified, lockedStations, openStations, secrets } from './known.ts';

/** "nothing": TLS without a certificate; "bytes": no TLS, at the port for it. */
type Way = 'plain' | 'bytes' | 'nothing' | 'client' | 'expired' | 'stranger';

export interface HandshakeCase {
  way: Way;
  bytes: Buffer;
  identity: string;
  /** Whether it has to come in, must not, or may: then it is only about who survives it. */
  expected: 'in' | 'out' | 'any';
  /** Its end never comes. */
  isCut: boolean;
}

const identityFrom = (dice: Dice): string =>
  dice.pick<() => string>([
    () => dice.pick(openStations as [string]),
    () => dice.pick([...secrets.keys()] as [string]),
    () => dice.pick(lockedStations as [string]),
    () => certified,
    () => `HOLD${dice.int(100)}`,
    () => `NOBODY${dice.int(1000)}`,
    () => dice.text(60),
    () => dice.pick(['__proto__', 'constructor', '..', '.', '%', 'x'.repeat(48), 'x'.repeat(4000)]),
  ])();

const encode = (identity: string): string => {
  try {
    return encodeURIComponent(identity);
  } catch {
    return 'x';
  }
};

/** Boxes and attackers write paths in many ways. */
const pathTo = (identity: string, dice: Dice): { path: string; isGood: boolean } => {
  const name = encode(identity);
  const good = [`/${name}`, `/ocpp/${name}`, `//ocpp//${name}/`, `/ocpp/${name}?a=b`, `http://h/${name}`] as const;
  const bad = [
    `/${name}%E0%A4%A`,
    `/${name}%`,
    `/${identity}`,
    `/${name}%2F..`,
    `/${name}%00`,
    '*',
    `${name}`,
  ] as const;
  const isGood = dice.chance(0.8);
  return { path: dice.pick<string>(isGood ? [...good] : [...bad]), isGood };
};

const protocolLine = (dice: Dice): { line: string | undefined; isGood: boolean } =>
  dice.pick([
    { line: 'ocpp1.6', isGood: true },
    { line: 'ocpp2.0.1, ocpp1.6', isGood: true },
    { line: 'ocpp2.1', isGood: true },
    { line: ' OCPP1.6 ,,', isGood: true },
    { line: 'ocpp1.6,ocpp1.6', isGood: true },
    { line: 'ocpp1.5', isGood: false },
    { line: 'ocpp1.6\u00e9', isGood: false },
    { line: 'x,'.repeat(500), isGood: false },
    { line: undefined, isGood: false },
  ]);

interface Authorization {
  line: string | undefined;
  isRight: boolean;
  /** A changed byte could make it right. */
  isNear: boolean;
}

const authorize = (identity: string, dice: Dice): Authorization => {
  const right = secrets.get(identity);
  if (right !== undefined && dice.chance(0.2)) return { line: basicAuth(identity, right), isRight: true, isNear: true };
  const near = (line: string): Authorization => ({ line, isRight: false, isNear: true });
  const far = (line: string | undefined): Authorization => ({ line, isRight: false, isNear: false });
  return dice.pick<() => Authorization>([
    () => near(basicAuth(identity, `${right ?? ''}x`)),
    () => near(basicAuth(`${identity}x`, right ?? 'x')),
    () => near(basicAuth('', right ?? 'x')),
    () => near(`Bearer ${right}`),
    () => far(undefined),
    () => far(basicAuth(identity, '')),
    () => far(basicAuth(identity, dice.bytes(dice.int(300)))),
    () => far(`Basic ${dice.text(50).replace(/\p{C}/gu, '')}`),
    () => far('Basic'),
    () => far(`Basic ${'A'.repeat(5000)}`),
  ])();
};

/** Some bytes of it are changed, taken out or doubled. */
const mutate = (bytes: Buffer, dice: Dice): Buffer => {
  const at = dice.int(bytes.length);
  const length = 1 + dice.int(10);
  return dice.pick<() => Buffer>([
    () => Buffer.concat([bytes.subarray(0, at), dice.bytes(length), bytes.subarray(at + length)]),
    () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]),
    () => Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]),
    () => dice.bytes(200),
    () => Buffer.concat([Buffer.from([0x16, 3, 1]), dice.bytes(100)]),
  ])();
};

const oddHeader = (dice: Dice): string =>
  dice.pick([
    'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99',
    'X-Forwarded-Proto: https',
    `X: ${'y'.repeat(dice.int(9000))}`,
    'Transfer-Encoding: chunked',
    'Content-Length: 10',
    'Sec-WebSocket-Version: 99',
    'Upgrade: h2c',
    'Expect: 100-continue',
    `Sec-WebSocket-Key: ${dice.text(30).replace(/[\r\n]/g, '')}`,
  ]);

export const makeHandshake = (dice: Dice): HandshakeCase => {
  const identity = identityFrom(dice);
  const way = dice.chance(0.9) ? 'plain' : dice.pick(['bytes', 'nothing', 'client', 'expired', 'stranger'] as const);
  const { path, isGood: isPathGood } = pathTo(identity, dice);
  const protocol = protocolLine(dice);
  const { line, isRight, isNear } = authorize(identity, dice);
  const method = dice.chance(0.97) ? 'GET' : dice.pick(['POST', 'CONNECT', 'OPTIONS', 'BREW']);
  const odd = dice.chance(0.2) ? [oddHeader(dice)] : [];
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    // Another address each time: nothing hides behind the limits for one.
    ...(way === 'plain' ? [`X-Forwarded-For: 198.18.${dice.int(256)}.${dice.int(256)}`] : []),
    ...(protocol.line === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol.line}`]),
    ...(line === undefined ? [] : [`Authorization: ${line}`]),
    ...odd,
  ];
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const isMutated = dice.chance(0.15);
  const bytes = isMutated ? mutate(text, dice) : text;
  const sent = dice.chance(0.03) ? bytes.subarray(0, dice.int(bytes.length)) : bytes;
  const isCut = !sent.includes('\r\n\r\n');

  const expect = (): HandshakeCase['expected'] => {
    if (lockedStations.includes(identity) || way === 'bytes') return 'out';
    if (identity === certified && way !== 'client') return 'out';
    if (secrets.has(identity) && !isRight) return isMutated && isNear ? 'any' : 'out';
    const isClean = isPathGood && protocol.isGood && method === 'GET' && odd.length === 0 && !isMutated && !isCut;
    const isWelcome = isRight || identity === certified || openStations.includes(identity);
    return isClean && isWelcome ? 'in' : 'any';
  };
  return { way, bytes: sent, identity, expected: expect(), isCut };
};

const patienceMs = 60_000;
/** For one that never ends. */
const cutMs = 20;

/** The ports for ws and wss. */
export interface Ports {
  plain: number;
  secure: number;
}

const dialBy = (way: Way, { plain, secure }: Ports, opened: () => void): Socket => {
  if (way === 'plain') return connect(plain, '127.0.0.1', opened);
  if (way === 'bytes') return connect(secure, '127.0.0.1', opened);
  const own = way === 'nothing' ? {} : identityOf(way);
  return connectTls({ host: '127.0.0.1', port: secure, ca: authority(), ...own }, opened);
};

/** @returns the HTTP status, 0 where the server just ends the connection, -1 where it says nothing for too long */
export const tryHandshake = (ports: Ports, { way, bytes, isCut }: HandshakeCase): Promise<number> =>
  new Promise((resolve) => {
    const isTls = way !== 'plain' && way !== 'bytes';
    const socket = dialBy(way, ports, () => {
      socket.write(bytes);
      if (isCut) setTimeout(() => done(0), cutMs);
    });
    const done = (status: number): void => {
      clearTimeout(patience);
      // A reset leaves no port behind that waits for its end.
      if (isTls) socket.destroy();
      else socket.resetAndDestroy();
      resolve(status);
    };
    const patience = setTimeout(() => done(-1), patienceMs);
    socket.on('data', (data) => done(Number(/^HTTP\/1\.1 (\d{3}) /.exec(data.toString('latin1'))?.[1] ?? 0)));
    socket.on('end', () => done(0));
    socket.on('error', () => done(0));
  });
