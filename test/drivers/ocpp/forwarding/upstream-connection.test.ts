import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { UpstreamConnection } from '../../../../src/drivers/ocpp/forwarding/upstream-connection.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { until } from '../../../support/until.ts';

const clock = createFastClock(200);

describe('the connection to a backend', () => {
  const http = createServer();
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => protocol });
  /** What it does with a handshake. */
  let take: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  let protocol: string | false;
  let dials: number[];
  let sockets: WebSocket[];
  let connection: UpstreamConnection;
  let opened: number;
  let lost: string[];

  const accept = (request: IncomingMessage, socket: Socket, head: Buffer): void =>
    server.handleUpgrade(request, socket, head, (accepted) => sockets.push(accepted));
  const refuse =
    (status: string) =>
    (_request: IncomingMessage, socket: Socket): void =>
      void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);

  http.on('upgrade', (request, socket, head) => {
    dials.push(clock.monotonic());
    take(request, socket as Socket, head);
  });

  before(async () => {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });
  after(() => {
    http.closeAllConnections();
    http.close();
  });
  beforeEach(() => {
    [dials, sockets, opened, lost] = [[], [], 0, []];
    protocol = 'ocpp1.6';
    take = accept;
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    connection = new UpstreamConnection({ url, identity: 'CP 1', password: 'secret' }, clock, {
      onOpen: () => void opened++,
      onLost: (reason) => void lost.push(reason),
      onCall: async () => {
        throw new CallFailure('error', 'the station says no', 'FormationViolation');
      },
    });
  });
  afterEach(() => {
    connection.hangUp();
    for (const socket of sockets) socket.terminate();
  });

  it('says what the station would say, and where', async () => {
    let seen: IncomingMessage | undefined;
    take = (request, socket, head) => {
      seen = request;
      accept(request, socket, head);
    };
    connection.dial('1.6');
    await until(() => opened === 1, 'it is open');
    assert.equal(seen?.url, '/CP%201');
    assert.equal(seen?.headers['sec-websocket-protocol'], 'ocpp1.6');
    assert.equal(seen?.headers.authorization, `Basic ${Buffer.from('CP 1:secret').toString('base64')}`);
  });

  const refusals: [what: string, meets: { take?: typeof take; protocol?: false }, words: RegExp][] = [
    ['a wrong password', { take: refuse('401 Unauthorized') }, /^401 Unauthorized$/],
    ['an address that is none', { take: refuse('404 Not Found') }, /^404 Not Found$/],
    ['no version in common', { protocol: false }, /no subprotocol/],
    ['a connection that breaks off', { take: (_request, socket) => socket.destroy() }, /socket hang up/],
  ];
  for (const [what, meets, words] of refusals)
    it(`${what}: said in words, and tried again, slower and slower`, async () => {
      take = meets.take ?? take;
      protocol = meets.protocol ?? protocol;
      connection.dial('1.6');
      await until(() => dials.length >= 6, 'six attempts');
      assert.equal(opened, 0);
      assert.ok(lost.length >= 5);
      for (const reason of lost) assert.match(reason, words);
      const pauses = dials.slice(1).map((at, i) => at - (dials[i] ?? 0));
      assert.ok((pauses[4] ?? 0) >= 8000, `after the fifth attempt ${pauses[4]} ms`);
    });

  it('shown out as soon as it is in: slower and slower as well', async () => {
    take = (request, socket, head) => {
      accept(request, socket, head);
      sockets.at(-1)?.close(1008, 'another\u0007 one has come');
    };
    connection.dial('1.6');
    await until(() => dials.length >= 6, 'six attempts');
    assert.match(lost[0] ?? '', /^closed with 1008 another\ufffd one has come$/);
    const pauses = dials.slice(1).map((at, i) => at - (dials[i] ?? 0));
    assert.ok((pauses[4] ?? 0) >= 8000, `after the fifth attempt ${pauses[4]} ms`);
  });

  it('hung up while nobody answers: over, and dialled anew when it is wanted', async () => {
    take = () => {};
    connection.dial('1.6');
    await until(() => dials.length === 1, 'it dials');
    connection.hangUp();
    take = accept;
    connection.dial('2.0.1');
    protocol = 'ocpp2.0.1';
    await until(() => opened === 1, 'it is open');
    assert.equal(sockets[0]?.protocol, 'ocpp2.0.1');
    assert.deepEqual(lost, []);
  });

  it('calls fail in words: not connected, refused, cut off, not answered', async () => {
    const fails = (kind: CallFailure['kind']) => (error: unknown) =>
      error instanceof CallFailure && error.kind === kind;
    await assert.rejects(connection.call('Heartbeat', {}), fails('offline'));
    connection.dial('1.6');
    await until(() => opened === 1, 'it is open');
    const [socket] = sockets;
    socket?.once('message', (frame) => {
      const [, id] = JSON.parse(String(frame)) as [number, string];
      socket.send(JSON.stringify([4, id, 'InternalError', 'no', {}]));
    });
    await assert.rejects(connection.call('Heartbeat', {}), fails('error'));
    await assert.rejects(connection.call('Heartbeat', {}), fails('timeout'));
    const cut = connection.call('Heartbeat', {});
    socket?.terminate();
    await assert.rejects(cut, fails('offline'));
  });

  it('what the station refuses, the backend is refused; what means nothing, is left', async () => {
    connection.dial('2.0.1');
    protocol = 'ocpp2.0.1';
    await until(() => opened === 1, 'it is open');
    const [socket] = sockets;
    const frames: unknown[][] = [];
    socket?.on('message', (frame) => frames.push(JSON.parse(String(frame))));
    for (const text of ['', 'x', '[]', '[3,"nobody",{}]', '[4]', '{"a":1}', '[2,7,"Reset",{}]']) socket?.send(text);
    socket?.send(JSON.stringify([2, 'a', 'Reset', { type: 'OnIdle' }]));
    await until(() => frames.some(([, id]) => id === 'a'), 'it is answered');
    assert.deepEqual(
      frames.find(([, id]) => id === 'a'),
      [4, 'a', 'FormatViolation', 'the station says no', {}],
    );
  });

  it('a frame beyond all measure ends the connection, and nothing else', async () => {
    connection.dial('1.6');
    await until(() => opened === 1, 'it is open');
    sockets[0]?.send('x'.repeat(2 * 1024 * 1024));
    await until(() => opened === 2, 'it is open again');
    assert.equal(lost.length, 1);
  });
});
