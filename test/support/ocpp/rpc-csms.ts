/**
 * A CSMS of another hand, made of the server of ocpp-rpc alone: it accepts every station, checks every frame against
 * the schemas and writes it down. For tests of the simulated station and of forwarding. Our own CSMS: test-csms.ts.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { RPCServer } from 'ocpp-rpc';
import type { Clock } from '../../../src/model/time.ts';
import { until } from '../until.ts';

export type Payload = Record<string, unknown>;

export interface HeardCall {
  action: string;
  params: Payload;
}

/** One connection of a station, as the library gives it. */
interface Connection {
  identity: string;
  protocol: string | undefined;
  handshake: { password?: Buffer };
  call(action: string, params: Payload): Promise<Payload>;
  close(options: { force?: boolean; code?: number }): Promise<unknown>;
  /** Its socket: the library hides empty frames. */
  _ws: { on(event: 'message', run: (frame: Buffer) => void): void };
  handle(fn: (call: { method: string; params: Payload }) => Promise<Payload>): void;
  on(event: string, run: (told: { error?: Error }) => void): void;
}

export interface RpcCsms {
  port: number;
  url: string;
  heard: HeardCall[];
  frames: string[];
  /** Path of every handshake. */
  paths: string[];
  /** Connections that failed in TLS. */
  strangers: number;
  /** Frames of the station that are not as the schemas say. */
  violations: string[];
  connections: Connection[];
  /** Answers of its own, instead of the usual ones. */
  answers: Record<string, (params: Payload) => Payload | Promise<Payload>>;
  /** Calls the station of the newest connection. */
  call(action: string, params: Payload): Promise<Payload>;
  of(action: string): Payload[];
  /** Resolves with the call that comes from now on and fits. */
  next(action: string, fits?: (params: Payload) => boolean): Promise<Payload>;
  close(): Promise<void>;
}

export interface RpcCsmsOptions {
  clock: Clock;
  /** Frames of the station are checked against the schemas, and refused where they do not fit. */
  isStrict?: boolean;
  heartbeatS?: number;
  /** One that was free before, to be there again. */
  port?: number;
  /** Demands TLS, and a certificate of the station that this authority has signed. */
  tls?: { ca: Buffer; cert: Buffer; key: Buffer };
}

export const startRpcCsms = async ({ clock, isStrict = true, heartbeatS = 300, port = 0, tls }: RpcCsmsOptions) => {
  const protocols = ['ocpp2.1', 'ocpp2.0.1', 'ocpp1.6'];
  const strictMode = isStrict ? ['ocpp2.0.1', 'ocpp1.6'] : false;
  const server = new RPCServer({ protocols, strictMode });
  let transactions = 1000;
  const now = (): string => new Date(clock.now()).toISOString();
  const usual: RpcCsms['answers'] = {
    BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: heartbeatS }),
    Heartbeat: () => ({ currentTime: now() }),
    StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: 'Accepted' } }),
    TransactionEvent: ({ idToken }): Payload => (idToken ? { idTokenInfo: { status: 'Accepted' } } : {}),
  };

  const csms: RpcCsms = {
    port: 0,
    url: '',
    heard: [],
    frames: [],
    paths: [],
    strangers: 0,
    violations: [],
    connections: [],
    answers: {},
    async call(action, params) {
      const connection = csms.connections.at(-1);
      if (!connection) throw new Error('no station is connected');
      return connection.call(action, params);
    },
    of: (action) => csms.heard.filter((each) => each.action === action).map(({ params }) => params),
    async next(action, fits = () => true) {
      const from = csms.heard.length;
      const find = () => csms.heard.slice(from).find((each) => each.action === action && fits(each.params));
      await until(() => find() !== undefined, `${action} as expected`);
      return (find() as HeardCall).params;
    },
    async close() {
      await Promise.all(csms.connections.map((each) => each.close({ force: true })));
      http.close();
      http.closeAllConnections();
    },
  };

  const authorized = (protocol: string | undefined): Payload =>
    protocol === 'ocpp1.6' ? { idTagInfo: { status: 'Accepted' } } : { idTokenInfo: { status: 'Accepted' } };

  server.on('client', (client: Connection) => {
    csms.connections.push(client);
    client._ws.on('message', (frame) => csms.frames.push(String(frame)));
    client.on('strictValidationFailure', ({ error }) => csms.violations.push(String(error)));
    client.handle(async ({ method, params }) => {
      csms.heard.push({ action: method, params });
      const answer = csms.answers[method] ?? usual[method];
      if (answer) return answer(params);
      return method === 'Authorize' ? authorized(client.protocol) : {};
    });
  });
  const http = tls ? createHttpsServer({ ...tls, requestCert: true, rejectUnauthorized: true }) : createHttpServer();
  http.on('upgrade', server.handleUpgrade);
  http.on('tlsClientError', () => {
    csms.strangers += 1;
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  http.on('upgrade', ({ url }) => csms.paths.push(url ?? ''));
  csms.port = (http.address() as AddressInfo).port;
  csms.url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${csms.port}/ocpp`;
  return csms;
};
