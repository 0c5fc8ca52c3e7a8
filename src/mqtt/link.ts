/**
 * The connection to the broker: servers in order of preference, a session that survives connections, its own
 * back-off, and nothing lost on the way that its QoS promises. One mqtt.js client is kept over all connections,
 * because it holds the packets in flight.
 */
import { Socket } from 'node:net';
import mqtt, { type IConnackPacket, type MqttClient } from 'mqtt';
import type { Phrase } from '../model/phrase.ts';
import type { Clock, Timer } from '../model/time.ts';
import { Attempts, type Over } from './attempts.ts';
import { clientOptions } from './client-options.ts';
import { createConnectionNews } from './connection-news.ts';
import { isHangUp } from './connection-refusals.ts';
import { disconnect } from './disconnect.ts';
import { coveringOf } from './filters.ts';
import { createInbound } from './inbound.ts';
import type { LinkEvent } from './link-events.ts';
import type { LinkState } from './link-state.ts';
import type { LinkOptions } from './options.ts';
import type { Publication } from './outbox.ts';
import { createPreferredWatch } from './preferred.ts';
import { createSender } from './sender.ts';
import { describeServer, type Server } from './servers.ts';
import type { Session } from './session.ts';
import { filterRefusal, subscriptionRefusal } from './suback.ts';
import { createSubscriptions, type Handler, type Subscriber, type SubscriberOptions } from './subscriptions.ts';
import { isFilter } from './trie.ts';

export type { LinkState } from './link-state.ts';

export interface MqttLink {
  open(): void;
  /**
   * @param isFinal the session ends as well: nobody will come back for it
   * @param settle what still needs the connection
   */
  close(isFinal: boolean, settle?: () => Promise<void>): Promise<void>;
  /**
   * Hands over one message. QoS 1 and 2 wait while the broker is away; QoS 0 is dropped then and counted.
   * @param done called once, after PUBACK or PUBCOMP (QoS 0: when written), or with the error
   */
  publish(publication: Publication, done?: (error?: Error) => void): void;
  subscribe(filters: string[], qos: 0 | 1 | 2, handler: Handler, options?: SubscriberOptions): Subscriber;
  state(): LinkState;
  onState(listener: () => void): { remove(): void };
  /** What somebody should hear of, once. */
  onEvent(listener: (event: LinkEvent) => void): { remove(): void };
  /** What stands before every topic on the wire; empty: nothing. */
  readonly prefix: string;
  /** Messages waiting and in flight, refused for now by the broker, and QoS 0 messages dropped since start. */
  depth(): { waiting: number; inFlight: number; delayed: number; dropped: number };
}

const closeWithinMs = 2000;
/** What was retained is taken away at the end. */
const endWithinMs = 5000;
const settleSubscriptionsMs = 1000;

export const createMqttLink = (options: LinkOptions, session: Session, clock: Clock): MqttLink => {
  const { servers, connectTimeoutMs = 5000, returnCheckMs = 60_000 } = options;
  const prefix = options.prefix ? `${options.prefix.replace(/\/+$/, '')}/` : '';
  session.openAs(options.clientId);
  const attempts = new Attempts({ ...options, prefix }, session, clock);
  const preferred = createPreferredWatch(servers[0] as Server, returnCheckMs, connectTimeoutMs, clock);
  const subscriptions = createSubscriptions(clock, () => reconcileSoon());
  const inbound = createInbound(session, prefix, subscriptions, clock);
  const listeners = new Set<() => void>();
  const eventListeners = new Set<(event: LinkEvent) => void>();
  let state: LinkState = { kind: 'closed' };
  /** Also while an earlier connection of the session is still leaving: two under one client id end each other. */
  let isWanted = false;
  let client: MqttClient | undefined;
  let timer: Timer | undefined;
  let settleTimer: Timer | undefined;
  const tell = (event: LinkEvent): void => {
    for (const listener of eventListeners) listener(event);
  };
  const news = createConnectionNews(clock, tell);
  const sender = createSender(session, prefix, options.window, clock, {
    client: () => client,
    isOnline: () => state.kind === 'online',
    server: () => attempts.name,
    tell,
  });

  const enter = (next: LinkState): void => {
    state = next;
    for (const listener of listeners) listener();
  };

  const createClient = (): MqttClient => {
    const created = mqtt.connect({ ...clientOptions(options, session, connectTimeoutMs), ...attempts.clientOptions });
    attempts.listen(created);
    created.on('packetreceive', (packet) => {
      const { cmd, messageId } = packet;
      // After mqtt.js has seen it too: until then the packet id is not free.
      if (cmd === 'pubcomp' && messageId !== undefined) queueMicrotask(() => sender.released(messageId));
    });
    created.on('connect', (packet) => {
      // A message must not wait for the acknowledgement of the one before: 40 ms, where the other side delays it.
      if (created.stream instanceof Socket) created.stream.setNoDelay(true);
      onConnect(packet);
    });
    created.on('close', onClose);
    inbound.attach(created);
    return created;
  };

  const attempt = (): void => {
    timer = undefined;
    enter({ kind: 'connecting', server: attempts.name });
    const pointless = attempts.begin();
    if (pointless) {
      wait(attempts.over(undefined, pointless));
      return;
    }
    try {
      client ??= createClient();
      Object.assign(client.options, attempts.clientOptions);
      client.connect();
      attempts.connecting(client);
    } catch (error) {
      // A key or certificate that cannot be read fails here, before any socket.
      attempts.failed(error);
      onClose();
    }
  };

  const onConnect = (connack: IConnackPacket): void => {
    const notices = attempts.accepted(connack);
    enter({ kind: 'online', server: attempts.name, ...attempts.facts });
    news.online(attempts.name);
    notices.forEach(news.once);
    sender.resume(connack.sessionPresent, connack.properties, options.birth?.());
    subscribeAll();
    if (attempts.isPreferred) preferred.arrived();
    else preferred.start(returnToPreferred);
  };

  const onClose = (): void => {
    if (state.kind === 'closed' || state.kind === 'waiting') return;
    preferred.stop();
    if (attempts.hasOtherWay()) {
      timer = clock.after(10, attempt);
      return;
    }
    wait(attempts.over(attempts.isConnected ? sender.pause(attempts.ending) : undefined));
  };

  const wait = ({ refusal, retryMs }: Over): void => {
    const { server } = refusal.phrase.params;
    news.offline(refusal.phrase, !attempts.isOurs);
    timer = clock.after(retryMs, attempt);
    enter({ kind: 'waiting', server: String(server), reason: refusal.phrase, retryMs });
    if (isHangUp(refusal)) void explainBetter(refusal.server);
  };

  const explainBetter = async (server: Server): Promise<void> => {
    const better = await attempts.lookCloser(server);
    if (!better || state.kind !== 'waiting' || state.server !== describeServer(server)) return;
    news.offline(better.phrase, true);
    enter({ ...state, reason: better.phrase });
  };

  const returnToPreferred = (): void => {
    if (state.kind !== 'online') return;
    attempts.leave();
    client?.stream.destroy();
  };

  const subscribeAll = (): void => {
    const wanted = subscriptions.wanted();
    // In a redeploy whoever asked for the others may be back in a moment.
    if (!subscriptions.isExpecting()) reconcile();
    subscribeTo([...wanted]);
  };

  const problem = (phrase: Phrase): void => {
    if (state.kind !== 'online') return;
    const isNew = state.problem?.params.filter !== phrase.params.filter;
    enter({ ...state, problem: phrase });
    if (isNew) tell({ name: 'subscription_refused', severity: 'warning', phrase });
  };

  const subscribeTo = (filters: [string, 0 | 1 | 2][]): void => {
    if (filters.length === 0 || !client || state.kind !== 'online') return;
    const wires = filters.map(([filter, qos]): [string, 0 | 1 | 2] => [prefix + filter, qos]);
    const unavailable = filterRefusal(
      wires.map(([wire]) => wire),
      attempts.memory.limits,
    );
    if (unavailable) problem(unavailable);
    const possible = wires.filter(([wire]) => !attempts.memory.limits.refusesFilter(wire));
    if (possible.length === 0) return;
    for (const [wire] of possible) session.filters.add(wire);
    const packet = Object.fromEntries(possible.map(([wire, qos]) => [wire, { qos }]));
    client.subscribe(packet, (_error, _granted, suback) => {
      // Without an answer the connection has ended, and the next one subscribes again.
      const refused = subscriptionRefusal(Object.keys(packet), suback);
      if (refused) problem(refused);
    });
  };

  /** Takes back what the broker still holds for us and nobody wants. */
  const reconcile = (): void => {
    const wanted = [...subscriptions.wanted()];
    const wires = new Set(wanted.map(([filter]) => prefix + filter));
    const unwanted = [...session.filters].filter((wire) => !wires.has(wire));
    if (unwanted.length === 0 || !client || state.kind !== 'online') return;
    // Narrower filters that a wide one had covered: first, so that nothing is missed in between.
    subscribeTo(wanted.filter(([filter]) => !session.filters.has(prefix + filter)));
    for (const wire of unwanted) session.filters.delete(wire);
    client.unsubscribe(unwanted, () => {});
  };

  const reconcileSoon = (): void => {
    settleTimer?.cancel();
    if (state.kind !== 'closed') settleTimer = clock.after(settleSubscriptionsMs, reconcile);
  };

  /** Everything that is under way on the connection has come to its end, in both directions, or will not. */
  const drained = (withinMs: number): Promise<void> =>
    new Promise((resolve) => {
      const deadline = clock.monotonic() + withinMs;
      const check = (): void => {
        const { waiting, inFlight } = sender.depth();
        if (waiting + inFlight + inbound.unreleased() === 0 || state.kind !== 'online' || clock.monotonic() >= deadline)
          resolve();
        else clock.after(10, check);
      };
      check();
    });

  const leave = async (isFinal: boolean): Promise<void> => {
    isWanted = false;
    subscriptions.close();
    // What was handed over in this turn arrives in the next.
    await new Promise((resolve) => setImmediate(resolve));
    // Before the farewell: nobody here takes it for the will of an earlier connection, and answers it.
    inbound.finish();
    if (state.kind === 'online') {
      // The session of MQTT 3.1.1 has no expiry: the broker would gather messages in it for ever.
      if (isFinal && session.filters.size > 0) client?.unsubscribe([...session.filters], () => {});
      if (options.farewell) sender.publish(options.farewell());
      await drained(isFinal ? endWithinMs : closeWithinMs);
    }
    const closing = client;
    const wasOnline = state.kind === 'online';
    enter({ kind: 'closed' });
    // After the wait: a connection that broke in the meantime has set them again.
    for (const each of [timer, settleTimer]) each?.cancel();
    preferred.stop();
    sender.close();
    client = undefined;
    if (closing)
      await disconnect(closing, { wasOnline, isFinal, inFlight: sender.depth().inFlight }, closeWithinMs, clock);
    if (isFinal) sender.giveUp();
  };

  return {
    open() {
      if (state.kind !== 'closed') return;
      isWanted = true;
      if (session.leaving) void session.leaving.then(() => isWanted && attempt());
      else attempt();
    },
    async close(isFinal, settle = async () => {}) {
      // The local broker may go in the same deploy.
      news.close();
      const leaving = Promise.all([session.leaving, settle().then(() => leave(isFinal))]);
      session.leaving = leaving;
      await leaving;
      if (session.leaving === leaving) session.leaving = undefined;
    },
    prefix,
    publish: sender.publish,
    subscribe(filters, qos, handler, more) {
      for (const filter of filters) if (!isFilter(filter)) throw new Error(`"${filter}" is not a topic filter`);
      const subscription = subscriptions.add(filters, qos, handler, more);
      const wanted = subscriptions.wanted();
      // Also where the broker holds the filter already: that is how it sends the retained messages again.
      subscribeTo(coveringOf(wanted, filters));
      reconcileSoon();
      return subscription;
    },
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return { remove: () => listeners.delete(listener) };
    },
    onEvent(listener) {
      eventListeners.add(listener);
      return { remove: () => eventListeners.delete(listener) };
    },
    depth: sender.depth,
  };
};
