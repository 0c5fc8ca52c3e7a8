/** A CSMS on loopback for tests, and stations made of bare WebSockets. */
import { connect as connectSocket } from 'node:net';
import WebSocket, { type ClientOptions } from 'ws';
import { type Csms, type CsmsOptions, startCsms } from '../../../src/drivers/ocpp/csms.ts';
import type { StationHandler, StationLink, StationSettings } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { Passwords } from '../../../src/drivers/ocpp/security/passwords.ts';
import type { Clock } from '../../../src/model/time.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { until } from '../until.ts';

export const passwords = new Passwords(Buffer.alloc(32, 7));

/** A handler that keeps what it is told; answers with what the call said. */
export interface Recorder extends StationHandler {
  links: StationLink[];
  calls: [action: string, payload: unknown][];
  ends: string[];
}

export const createRecorder = (called?: StationHandler['called']): Recorder => {
  const recorder: Recorder = {
    links: [],
    calls: [],
    ends: [],
    connected: (link) => recorder.links.push(link),
    called(action, payload) {
      recorder.calls.push([action, payload]);
      return called ? called(action, payload) : { action };
    },
    disconnected: (reason) => recorder.ends.push(reason),
  };
  return recorder;
};

export const openSettings: StationSettings = { versions: ['2.1', '2.0.1', '1.6'], security: 0 };

export type TestCsms = Csms & {
  /** What was reported, as "identity: words". */
  reports: string[];
  url(identity?: string): string;
};

export const startTestCsms = async (
  options: Partial<CsmsOptions> = {},
  clock: Clock = systemClock,
): Promise<TestCsms> => {
  const reports: string[] = [];
  const listeners = [{ host: '127.0.0.1', port: 0 }];
  const report = (identity: string, what: string): void => void reports.push(`${identity}: ${what}`);
  const limits = { refusalMs: 0, ...options.limits };
  const csms = await startCsms({ listeners, passwords, report, ...options, limits }, clock);
  const scheme = options.listeners?.[0]?.tls ? 'wss' : 'ws';
  const url = (identity = 'CP1'): string => `${scheme}://127.0.0.1:${csms.ports[0]}/ocpp/${identity}`;
  return Object.assign(csms, { reports, url });
};

/** A station of bare frames. */
export interface RawStation {
  socket: WebSocket;
  /** Frames of the server, parsed. */
  frames: unknown[][];
  send(frame: unknown): void;
  /** The frame with this message id. */
  answer(id: string): Promise<unknown[]>;
  /** Resolves when the server has read everything that was sent before. */
  settled(): Promise<void>;
  /** Code and reason of the close. */
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

export interface Dial extends ClientOptions {
  protocols?: string[];
  password?: string | Buffer;
  user?: string;
}

export const basicAuth = (user: string, password: string | Buffer): string =>
  `Basic ${Buffer.concat([Buffer.from(`${user}:`), Buffer.from(password as string)]).toString('base64')}`;

/** Rejects with the status and text of a refusal: "404 no station ...". */
export const dial = (url: string, options: Dial = {}): Promise<RawStation> => {
  const { protocols = ['ocpp1.6'], password, user, ...rest } = options;
  const identity = decodeURIComponent(url.split('/').at(-1) ?? '');
  const headers = {
    ...(password !== undefined && { authorization: basicAuth(user ?? identity, password) }),
    ...rest.headers,
  };
  const socket = new WebSocket(url, protocols, { ...rest, headers });
  const frames: unknown[][] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  socket.on('message', (data) => frames.push(JSON.parse(data.toString())));
  const station: RawStation = {
    socket,
    frames,
    closed,
    settled: () =>
      new Promise((resolve) => {
        socket.once('pong', () => resolve());
        socket.ping();
      }),
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    async answer(id) {
      await until(() => frames.some((frame) => frame[1] === id), `an answer to ${id}`);
      return frames.find((frame) => frame[1] === id) ?? [];
    },
    close: () => socket.close(),
  };
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(station));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => reject(new Error(`${response.statusCode} ${text}`)));
    });
  });
};

/** @returns how the server refuses, as "404 no station ..." */
export const refusal = async (url: string, options: Dial = {}): Promise<string> => {
  const station = await dial(url, options).catch((error: Error) => error.message);
  if (typeof station === 'string') return station;
  station.socket.terminate();
  throw new Error('the station was let in');
};

/** Sends bytes to a port and returns what comes back until it ends. */
export const sendRaw = (port: number, text: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });

/** A handshake, line by line. */
export const upgradeText = (path: string, lines: string[] = ['Sec-WebSocket-Protocol: ocpp1.6']): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '',
    '',
  ].join('\r\n');
