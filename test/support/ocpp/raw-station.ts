/**
 * A charging station that is nothing but a WebSocket: it sends the frames a test gives it and answers no call by
 * itself. A station that answers as a test scripts it: scripted-station.ts.
 */
import { connect as connectSocket } from 'node:net';
import WebSocket, { type ClientOptions } from 'ws';
import { until } from '../until.ts';

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
