/**
 * SUBSCRIBE and UNSUBSCRIBE (MQTT 5 §3.8, §3.10) with their answers SUBACK and UNSUBACK: keeps the Topic Filters that
 * the server holds for this client as its subscribers want them.
 */
import type { MqttClient } from 'mqtt';
import type { Phrase } from '../../model/phrase.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import type { QoS } from '../publishing/publication.ts';
import type { Session } from '../session/session.ts';
import { coveringOf } from './covering-filters.ts';
import type { Subscriptions } from './subscriptions.ts';
import { prefixedFilter } from './topic-filter.ts';

/** Reason Codes of SUBACK from here on are failures (MQTT 5 §3.9.3, MQTT 3.1.1 §3.9.3). */
const firstFailure = 0x80;
/** In a redeploy, subscribers leave and come back within so long, ms. */
const settleMs = 1000;

const isFailure = (code: unknown): code is number => typeof code === 'number' && code >= firstFailure;

/**
 * @param filters as they were asked for, in their order (MQTT-3.9.3-1)
 * @returns the first subscription that the server refused; undefined where all were granted
 */
const findRefusal = (filters: string[], suback: { granted: readonly unknown[] } | undefined): Phrase | undefined => {
  const granted: readonly unknown[] = suback?.granted ?? [];
  const at = granted.findIndex(isFailure);
  const code = granted[at];
  const filter = filters[at];
  if (filter === undefined || !isFailure(code)) return undefined;
  return { key: 'notice.subscriptionRefused', params: { filter, code: `0x${code.toString(16)}` } };
};

/** @returns the first filter over which the server would end the connection, so that nobody asks for it */
const findUnavailable = (filters: string[], capabilities: ServerCapabilities): Phrase | undefined => {
  for (const filter of filters) {
    const kind = capabilities.refusesFilter(filter);
    if (kind) return { key: `notice.${kind}Unavailable`, params: { filter } };
  }
  return undefined;
};

/** The parts that subscriptions at a server need. */
interface ServerSubscriptionsParts {
  session: Session;
  /** Stands before every topic on the wire. */
  prefix: string;
  subscriptions: Subscriptions;
  clock: Clock;
  isClosed(): boolean;
  /** @returns mqtt.js while it is connected */
  onlineClient(): MqttClient | undefined;
  capabilities(): ServerCapabilities;
  /** A subscription is refused. */
  refused(phrase: Phrase): void;
}

/** The subscriptions of one client at its server. */
export class ServerSubscriptions {
  readonly #parts: ServerSubscriptionsParts;
  #settling: Timer | undefined;

  constructor(parts: ServerSubscriptionsParts) {
    this.#parts = parts;
  }

  /** A connection begins: everything is subscribed to anew, which also brings what is retained. */
  onConnack(): void {
    const { subscriptions } = this.#parts;
    const wanted = [...subscriptions.wanted()];
    // In a redeploy, the subscribers of the other filters may be back in a moment.
    if (!subscriptions.isExpecting) this.reconcile();
    this.#subscribe(wanted);
  }

  /**
   * Somebody has subscribed to these filters. The server is asked again also where it holds them already: that is how
   * it sends the retained messages again (MQTT-3.8.4-4).
   */
  onSubscribed(filters: string[]): void {
    this.#subscribe(coveringOf(this.#parts.subscriptions.wanted(), filters));
    this.reconcileSoon();
  }

  reconcileSoon(): void {
    const { clock, isClosed } = this.#parts;
    this.#settling?.cancel();
    if (!isClosed()) this.#settling = clock.after(settleMs, () => this.reconcile());
  }

  /** Unsubscribes from what the server still holds and nobody wants. */
  reconcile(): void {
    const { session, prefix, subscriptions, onlineClient } = this.#parts;
    const wanted = [...subscriptions.wanted()];
    const names = new Set(wanted.map(([filter]) => prefixedFilter(prefix, filter)));
    const unwanted = [...session.subscribed].filter((filter) => !names.has(filter));
    const client = onlineClient();
    if (unwanted.length === 0 || !client) return;
    // Narrower filters that a wide one had covered are asked for first, so that nothing is missed in between.
    this.#subscribe(wanted.filter(([filter]) => !session.subscribed.has(prefixedFilter(prefix, filter))));
    for (const filter of unwanted) session.subscribed.delete(filter);
    this.#unsubscribe(client, unwanted);
  }

  /** The session ends: a server of MQTT 3.1.1 would gather messages for it for ever. */
  unsubscribeAll(): void {
    const { session, onlineClient } = this.#parts;
    const client = onlineClient();
    if (client && session.subscribed.size > 0) this.#unsubscribe(client, [...session.subscribed]);
  }

  close(): void {
    this.#settling?.cancel();
  }

  /** UNSUBACK tells nothing that anybody has to know: the filters are gone, or the next connection takes them back. */
  #unsubscribe(client: MqttClient, filters: string[]): void {
    client.unsubscribe(filters, () => {});
  }

  #subscribe(filters: [string, QoS][]): void {
    const { session, prefix, onlineClient, refused } = this.#parts;
    const client = onlineClient();
    if (filters.length === 0 || !client) return;
    const capabilities = this.#parts.capabilities();
    const named = filters.map(([filter, qos]): [string, QoS] => [prefixedFilter(prefix, filter), qos]);
    const unavailable = findUnavailable(
      named.map(([filter]) => filter),
      capabilities,
    );
    if (unavailable) refused(unavailable);
    const possible = named.filter(([filter]) => !capabilities.refusesFilter(filter));
    if (possible.length === 0) return;
    for (const [filter] of possible) session.subscribed.add(filter);
    const packet = Object.fromEntries(possible.map(([filter, qos]) => [filter, { qos }]));
    client.subscribe(packet, (_error, _granted, suback) => {
      // Without SUBACK the connection has ended, and the next one subscribes again.
      const refusal = findRefusal(Object.keys(packet), suback);
      if (refusal) refused(refusal);
    });
  }
}
