/** The connection of a station to its central system: it dials, and dials again. */
import type { ClientRequest } from 'node:http';
import { RPCClient } from 'ocpp-rpc';
import type { Clock, Timer } from '../../model/time.ts';
import type { Quirks } from './quirks.ts';

export interface LineOptions {
  /** ws:// or wss://, without the identity. */
  url: string;
  identity: string;
  password?: string | undefined;
  protocol: string;
  /** Security profiles 2 and 3, PEM. */
  tls?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer } | undefined;
}

export interface LineEvents {
  opened(): void;
  closed(reason: string): void;
  called(action: string, params: unknown): Promise<object>;
}

export interface Line {
  isOpen(): boolean;
  /** Dials until it is open, and again whenever it is cut. */
  dial(): void;
  /** @throws where it is answered with CALLERROR, or not in time */
  call(action: string, payload: object): Promise<unknown>;
  /** Ends without a goodbye; dials again after its time. */
  cut(): void;
  /** Dials no more. @param isOrderly says goodbye */
  hangUp(isOrderly: boolean): Promise<void>;
}

const callTimeoutMs = 30_000;

/** Every key has to be there: the types of the library say so. */
const clientOptions = ({ url, identity, password, protocol, tls }: LineOptions, quirks: Quirks) => ({
  endpoint: url.replace(/\/$/, '') + (quirks.path === 'double_slash' ? '/' : ''),
  identity,
  password: password ?? null,
  protocols: quirks.hasNoSubProtocol ? [] : [protocol],
  reconnect: false,
  maxReconnects: 0,
  backoff: { initialDelay: 1, maxDelay: 2, factor: 2, randomisationFactor: 0 },
  callTimeoutMs,
  pingIntervalMs: 0,
  deferPingsOnActivity: false,
  respondWithDetailedErrors: false,
  callConcurrency: 1,
  strictMode: false,
  strictModeValidators: [],
  maxBadMessages: Number.POSITIVE_INFINITY,
  headers: {},
  wsOpts: {
    ...tls,
    finishRequest(request: ClientRequest) {
      if (quirks.path === 'trailing_slash') request.path += '/';
      request.end();
    },
  },
});

export const createLine = (options: LineOptions, quirks: Quirks, clock: Clock, events: LineEvents): Line => {
  let current: RPCClient | undefined;
  let isOpen = false;
  let redialing: Timer | undefined;
  const abandoned = new Set<RPCClient>();
  /** Fail the calls that wait for an answer. */
  const waiting = new Set<(error: Error) => void>();

  const lost = (client: RPCClient, reason: string): void => {
    if (client !== current) return;
    current = undefined;
    const wasOpen = isOpen;
    isOpen = false;
    for (const fail of waiting) fail(new Error(`the line is cut: ${reason}`));
    redialing = clock.after(quirks.redialS * 1000, dial);
    if (wasOpen) events.closed(reason);
  };

  const dial = (): void => {
    redialing?.cancel();
    const client = new RPCClient(clientOptions(options, quirks));
    current = client;
    client.handle(({ method, params }) => events.called(method ?? '', params) as Promise<Record<string, unknown>>);
    client.on('close', ({ reason }) => lost(client, String(reason ?? '')));
    client.on('open', () => {
      if (client !== current) return;
      isOpen = true;
      if (quirks.sendsEmptyFrames) client.sendRaw('');
      events.opened();
    });
    // What went wrong is told by "close".
    client.connect().catch(() => {});
  };

  return {
    isOpen: () => isOpen,
    dial,
    call(action, payload) {
      const client = current;
      if (!client || !isOpen) return Promise.reject(new Error('no connection'));
      return new Promise((resolve, reject) => {
        waiting.add(reject);
        client
          .call(action, payload)
          .then(resolve, reject)
          .finally(() => waiting.delete(reject));
      });
    },
    cut() {
      const client = current;
      if (!client) return;
      lost(client, 'cut');
      if (quirks.leavesOldSocket) abandoned.add(client);
      else client.close({ force: true }).catch(() => {});
    },
    async hangUp(isOrderly) {
      const client = current;
      current = undefined;
      isOpen = false;
      redialing?.cancel();
      await Promise.allSettled(
        [client, ...abandoned].map((each) => each?.close({ force: !isOrderly || each !== client })),
      );
      abandoned.clear();
    },
  };
};
