/** The WebSocket connection of a simulated station to its CSMS: the station dials, and dials again when it is lost. */
import type { ClientRequest } from 'node:http';
import { RPCClient } from 'ocpp-rpc';
import type { Clock, Timer } from '../../model/time.ts';
import type { StationDeviations } from './station-deviations.ts';

export interface CsmsConnectionOptions {
  /** ws:// or wss:// address of the CSMS, without the identity. */
  url: string;
  identity: string;
  /** Password of HTTP basic authentication. */
  password?: string | undefined;
  /** WebSocket sub-protocol. */
  protocol: string;
  /** Security profiles 2 and 3, PEM. */
  tls?: { ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer } | undefined;
}

/** Handlers of what comes over the connection. */
interface CsmsConnectionHandlers {
  onOpen(): void;
  onClose(reason: string): void;
  /** @returns the payload of the CALLRESULT @throws an error that becomes a CALLERROR */
  onCall(action: string, params: unknown): Promise<object>;
}

const callTimeoutMs = 30_000;

/** Options of RPCClient: its types demand every key. */
const clientOptions = (options: CsmsConnectionOptions, deviations: StationDeviations) => ({
  endpoint: options.url.replace(/\/$/, '') + (deviations.path === 'double_slash' ? '/' : ''),
  identity: options.identity,
  password: options.password ?? null,
  protocols: deviations.hasNoSubProtocol ? [] : [options.protocol],
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
    ...options.tls,
    finishRequest(request: ClientRequest) {
      if (deviations.path === 'trailing_slash') request.path += '/';
      request.end();
    },
  },
});

/** The connection of one station, one WebSocket at a time. */
export class CsmsConnection {
  readonly #options: CsmsConnectionOptions;
  readonly #deviations: StationDeviations;
  readonly #handlers: CsmsConnectionHandlers;
  readonly #clock: Clock;
  #client: RPCClient | undefined;
  #isConnected = false;
  #redialing: Timer | undefined;
  readonly #abandoned = new Set<RPCClient>();
  /** Reject the calls that wait for an answer. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(
    options: CsmsConnectionOptions,
    deviations: StationDeviations,
    handlers: CsmsConnectionHandlers,
    clock: Clock,
  ) {
    this.#options = options;
    this.#deviations = deviations;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  isOpen(): boolean {
    return this.#isConnected;
  }

  /** Connects, and connects again after its time whenever the connection is lost. */
  dial(): void {
    this.#redialing?.cancel();
    const client = new RPCClient(clientOptions(this.#options, this.#deviations));
    this.#client = client;
    client.handle(
      ({ method, params }) => this.#handlers.onCall(method ?? '', params) as Promise<Record<string, unknown>>,
    );
    client.on('close', ({ reason }) => this.#onLost(client, String(reason ?? '')));
    client.on('open', () => this.#onOpen(client));
    // A failure is told by the event "close".
    client.connect().catch(() => {});
  }

  /**
   * @returns the payload of the CALLRESULT
   * @throws when the answer is a CALLERROR, is late, or the connection is lost
   */
  call(action: string, payload: object): Promise<unknown> {
    const client = this.#client;
    const waiting = this.#waiting;
    if (!client || !this.#isConnected) return Promise.reject(new Error('no connection'));
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      client
        .call(action, payload)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
    });
  }

  /** Ends the connection without a close frame; the station dials again after its time. */
  cut(): void {
    const client = this.#client;
    if (!client) return;
    this.#onLost(client, 'cut');
    if (this.#deviations.leavesOldSocket) this.#abandoned.add(client);
    else client.close({ force: true }).catch(() => {});
  }

  /** Ends the connection for good. @param isOrderly sends a close frame */
  async hangUp(isOrderly: boolean): Promise<void> {
    const client = this.#client;
    const abandoned = this.#abandoned;
    this.#client = undefined;
    this.#isConnected = false;
    this.#redialing?.cancel();
    await Promise.allSettled(
      [client, ...abandoned].map((each) => each?.close({ force: !isOrderly || each !== client })),
    );
    abandoned.clear();
  }

  #onOpen(client: RPCClient): void {
    if (client !== this.#client) return;
    this.#isConnected = true;
    if (this.#deviations.sendsEmptyFrames) client.sendRaw('');
    this.#handlers.onOpen();
  }

  #onLost(client: RPCClient, reason: string): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    const wasOpen = this.#isConnected;
    this.#isConnected = false;
    for (const reject of this.#waiting) reject(new Error(`the connection is lost: ${reason}`));
    this.#redialing = this.#clock.after(this.#deviations.redialS * 1000, () => this.dial());
    if (wasOpen) this.#handlers.onClose(reason);
  }
}
