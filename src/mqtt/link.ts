/**
 * The connection to the broker: servers in order of preference, a session that survives connections, its own
 * back-off, and nothing lost on the way that its QoS promises. One mqtt.js client is kept over all connections,
 * because it holds the packets in flight.
 */
import { Socket } from 'node:net';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import type { Clock, Timer } from '../model/time.ts';
import { clientOptions, serverOptions } from './client-options.ts';
import type { LinkOptions } from './options.ts';
import type { Publication } from './outbox.ts';
import { createPreferredWatch } from './preferred.ts';
import { createSender } from './sender.ts';
import { createServerChoice, describeServer, type Server } from './servers.ts';
import type { Session } from './session.ts';
import { createSubscriptions, type Handler } from './subscriptions.ts';
import { covers, isFilter } from './trie.ts';

export type LinkState =
  | { kind: 'connecting'; server: string }
  | { kind: 'online'; server: string; version: 4 | 5; isPreferred: boolean; problem?: string }
  | { kind: 'waiting'; server: string; reason: string; retryMs: number }
  | { kind: 'closed' };

export interface MqttLink {
  open(): void;
  /** @param isFinal the session ends as well: nobody will come back for it */
  close(isFinal: boolean): Promise<void>;
  /**
   * Hands over one message. QoS 1 and 2 wait while the broker is away; QoS 0 is dropped then and counted.
   * @param done called once, after PUBACK or PUBCOMP (QoS 0: when written), or with the error
   */
  publish(publication: Publication, done?: (error?: Error) => void): void;
  subscribe(filters: string[], qos: 0 | 1 | 2, handler: Handler): { remove(): void };
  state(): LinkState;
  onState(listener: () => void): { remove(): void };
  /** What stands before every topic on the wire; empty: nothing. */
  readonly prefix: string;
  /** Messages waiting and in flight, QoS 0 messages dropped since start. */
  depth(): { waiting: number; inFlight: number; dropped: number };
}

const closeWithinMs = 2000;
/** A connection that ends sooner counts as a failed attempt (two clients with one id throw each other out). */
const stableMs = 5000;
const settleSubscriptionsMs = 1000;

/** MQTT 5 §3.2.2.2 and 3.1.1 §3.2.2.3: not authorised, bad user name or password, banned. */
const isRefusal = (code: unknown): boolean =>
  code === 4 || code === 5 || code === 0x86 || code === 0x87 || code === 0x8a || code === 0x8c;
/** Unacceptable or unsupported protocol version. */
const isVersionRefusal = (code: unknown): boolean => code === 1 || code === 0x84;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

export const createMqttLink = (options: LinkOptions, session: Session, clock: Clock): MqttLink => {
  const { servers, version = 'auto', connectTimeoutMs = 5000, returnCheckMs = 60_000 } = options;
  const prefix = options.prefix ? `${options.prefix.replace(/\/+$/, '')}/` : '';
  const choice = createServerChoice(servers);
  const preferred = createPreferredWatch(servers[0] as Server, returnCheckMs, connectTimeoutMs, clock);
  const subscriptions = createSubscriptions();
  const listeners = new Set<() => void>();
  const versions = new Map<Server, 4 | 5>();
  /** Servers that said themselves that they do not speak MQTT 5. */
  const old = new Set<Server>();
  let state: LinkState = { kind: 'closed' };
  let client: MqttClient | undefined;
  let timer: Timer | undefined;
  let settleTimer: Timer | undefined;
  let lastError: Error | undefined;
  let connectedAt: number | undefined;
  const sender = createSender(session, prefix, options.window, clock, {
    client: () => client,
    isOnline: () => state.kind === 'online',
    server: () => describeServer(choice.current()),
  });

  const enter = (next: LinkState): void => {
    state = next;
    for (const listener of listeners) listener();
  };

  const versionOf = (server: Server): 4 | 5 => (version === 'auto' ? (versions.get(server) ?? 5) : version);

  const createClient = (server: Server): MqttClient => {
    const created = mqtt.connect({
      ...clientOptions(options, session, connectTimeoutMs, prefix),
      ...serverOptions(server, versionOf(server), options),
    });
    created.on('error', (error) => {
      lastError = error;
    });
    created.on('connect', (packet) => {
      // A message must not wait for the acknowledgement of the one before: 40 ms, where the other side delays it.
      if (created.stream instanceof Socket) created.stream.setNoDelay(true);
      onConnect(packet.sessionPresent);
    });
    created.on('close', onClose);
    created.on('message', (topic, payload, packet) => onMessage(topic, payload, packet));
    return created;
  };

  const attempt = (): void => {
    timer = undefined;
    const server = choice.current();
    connectedAt = undefined;
    lastError = undefined;
    enter({ kind: 'connecting', server: describeServer(server) });
    try {
      client ??= createClient(server);
      Object.assign(client.options, serverOptions(server, versionOf(server), options));
      client.connect();
    } catch (error) {
      // A key or certificate that cannot be read fails here, before any socket.
      lastError = error instanceof Error ? error : new Error(String(error));
      onClose();
    }
  };

  const onConnect = (hasSession: boolean): void => {
    const server = choice.current();
    connectedAt = clock.monotonic();
    versions.set(server, versionOf(server));
    sender.limit(client?.serverProperties?.receiveMaximum);
    enter({
      kind: 'online',
      server: describeServer(server),
      version: versionOf(server),
      isPreferred: choice.isPreferred(),
    });
    if (options.birth) sender.publish(options.birth());
    subscribeAll();
    sender.resume(hasSession);
    if (choice.isPreferred()) preferred.arrived();
    else preferred.start(returnToPreferred);
  };

  const onClose = (): void => {
    if (state.kind === 'closed' || state.kind === 'waiting') return;
    preferred.stop();
    sender.pause();
    const server = choice.current();
    const code = codeOf(lastError);
    if (connectedAt === undefined && version === 'auto' && versionOf(server) === 5) {
      if (isVersionRefusal(code)) old.add(server);
      if (isVersionRefusal(code) || lastError === undefined) {
        // Refused, or hung up on without a word, as some brokers of 3.1.1 do: the same server in the older version.
        versions.set(server, 4);
        timer = clock.after(10, attempt);
        return;
      }
    }
    if (!old.has(server)) versions.delete(server);
    const isStable = connectedAt !== undefined && clock.monotonic() - connectedAt >= stableMs;
    const reason =
      lastError?.message || (connectedAt === undefined ? 'no answer to CONNECT' : 'the broker closed the connection');
    const retryMs = isStable ? choice.startOver() : choice.failed(isRefusal(code));
    timer = clock.after(retryMs, attempt);
    enter({ kind: 'waiting', server: describeServer(server), reason, retryMs });
  };

  const returnToPreferred = (): void => {
    if (state.kind !== 'online') return;
    lastError = new Error('returning to the preferred server');
    client?.stream.destroy();
  };

  const onMessage = (topic: string, payload: Buffer, packet: IPublishPacket): void => {
    if (!topic.startsWith(prefix)) return;
    const { responseTopic, correlationData, messageExpiryInterval } = packet.properties ?? {};
    subscriptions.dispatch({
      topic: topic.slice(prefix.length),
      payload,
      qos: packet.qos,
      retain: packet.retain,
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(correlationData === undefined ? {} : { correlationData }),
      ...(messageExpiryInterval === undefined ? {} : { expiryS: messageExpiryInterval }),
    });
  };

  const subscribeAll = (): void => {
    const wanted = subscriptions.wanted();
    reconcile();
    subscribeTo([...wanted]);
  };

  const subscribeTo = (filters: [string, 0 | 1 | 2][]): void => {
    if (filters.length === 0 || !client || state.kind !== 'online') return;
    for (const [filter] of filters) session.filters.add(prefix + filter);
    const packet = Object.fromEntries(filters.map(([filter, qos]) => [prefix + filter, { qos }]));
    client.subscribe(packet, (error) => {
      // "Connection closed" is no refusal: the next connection subscribes again.
      if (error && state.kind === 'online' && codeOf(error) !== undefined)
        enter({ ...state, problem: `subscription refused: ${error.message}` });
    });
  };

  /** Takes back what the broker still holds for us and nobody wants. */
  const reconcile = (): void => {
    const wanted = [...subscriptions.wanted()];
    const wires = new Set(wanted.map(([filter]) => prefix + filter));
    const unwanted = [...session.filters].filter((wire) => !wires.has(wire));
    if (unwanted.length === 0 || !client || state.kind !== 'online') return;
    for (const wire of unwanted) session.filters.delete(wire);
    client.unsubscribe(unwanted, () => {});
    // Narrower filters that the wide one had covered.
    subscribeTo(wanted.filter(([filter]) => !session.filters.has(prefix + filter)));
  };

  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const deadline = clock.monotonic() + closeWithinMs;
      const check = (): void => {
        const { waiting, inFlight } = sender.depth();
        if (waiting + inFlight === 0 || state.kind !== 'online' || clock.monotonic() >= deadline) resolve();
        else clock.after(10, check);
      };
      check();
    });

  return {
    open() {
      if (state.kind === 'closed') attempt();
    },
    async close(isFinal) {
      if (state.kind === 'online') {
        if (options.farewell) sender.publish(options.farewell());
        await drained();
      }
      const closing = client;
      const wasOnline = state.kind === 'online';
      enter({ kind: 'closed' });
      // After the wait: a connection that broke in the meantime has set them again.
      for (const each of [timer, settleTimer]) each?.cancel();
      preferred.stop();
      client = undefined;
      // Without a living stream there is nothing to end, and its "close" would never come.
      if (closing?.stream?.destroyed !== false) return;
      const properties =
        isFinal && closing.options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 0 } } : {};
      await new Promise<void>((resolve) => {
        const giveUp = clock.after(closeWithinMs, () => {
          closing.stream?.destroy();
          resolve();
        });
        closing.end(!wasOnline || sender.depth().inFlight > 0, properties, () => {
          giveUp.cancel();
          resolve();
        });
      });
    },
    prefix,
    publish: sender.publish,
    subscribe(filters, qos, handler) {
      for (const filter of filters) if (!isFilter(filter)) throw new Error(`"${filter}" is not a topic filter`);
      const subscription = subscriptions.add(filters, qos, handler);
      const wanted = subscriptions.wanted();
      // Also where the broker holds the filter already: that is how it sends the retained messages again.
      const covering = [...wanted].filter(([wide]) => filters.some((filter) => covers(wide, filter)));
      subscribeTo(covering);
      settleTimer?.cancel();
      settleTimer = clock.after(settleSubscriptionsMs, reconcile);
      return {
        remove() {
          subscription.remove();
          settleTimer?.cancel();
          // Not at once: in a redeploy the same filter is back in a moment.
          if (state.kind !== 'closed') settleTimer = clock.after(settleSubscriptionsMs, reconcile);
        },
      };
    },
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return { remove: () => listeners.delete(listener) };
    },
    depth: sender.depth,
  };
};
