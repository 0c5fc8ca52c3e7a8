/** Messages of the model to the broker: each on its own topic, with the QoS and RETAIN of its class. */
import { isEnded } from '../../model/command.ts';
import type { Message } from '../../model/message.ts';
import type { QuantityMeta } from '../../model/meta.ts';
import { deliveryOf, expiryOf } from '../../model/qos.ts';
import { readingJson } from '../../model/reading-json.ts';
import type { Topic } from '../../model/topic.ts';
import type { BrokerClient } from '../client.ts';
import type { Publication } from '../publishing/publication.ts';
import { TopicFilterTrie } from '../subscriptions/topic-filter-trie.ts';

export interface PublisherOptions {
  boot: string;
  /** Prefix of a tree of bare values for consumers that only plot; empty: there is none. */
  mirror?: string;
  /** @returns what the meta of a device says of a quantity: how often it is renewed, and whether it is billed */
  declarationOf?(topic: Topic): Pick<QuantityMeta, 'interval_s' | 'billing'> | undefined;
  /** Topics outside the grammar on which answers may be asked for, as filters: "replies/#". */
  replyFilters?: string[];
  /** Wall clock, ms. */
  now(): number;
}

/** The Response Topic for an answer (MQTT 5 §3.3.2.3.5), and the Correlation Data that the answer carries. */
export interface ResponseTarget {
  responseTopic?: string | undefined;
  correlationData?: Buffer | undefined;
}

/** A message of the model that was checked, with its topic read. */
interface CheckedMessage {
  message: Message;
  topic: Topic;
}

const numbered = new Set(['reading/1', 'heartbeat/1', 'site-power/1', 'site-energy/1', 'site-status/1']);

/** Every topic of the grammar that carries responses. */
const responseFilters = [
  'devices/+/+/response/+',
  'devices/+/+/+/response/+',
  'sites/+/response/+',
  'system/response/#',
];

const trieOf = (filters: string[]): TopicFilterTrie<true> => {
  const trie = new TopicFilterTrie<true>();
  for (const filter of filters) trie.add(filter, true);
  return trie;
};

/**
 * The outcome of publications that were handed over together. It keeps none of them: one that waits for the broker would
 * otherwise keep a hundred readings in memory that were written long ago.
 */
class PublishOutcome {
  /** Resolves when all have gone well, or rejects. */
  readonly promise: Promise<void>;
  readonly #messages: number;
  readonly #errors: Error[] = [];
  /** Publications without an outcome. */
  #open: number;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(messages: number, publications: number) {
    this.#messages = messages;
    this.#open = publications;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (publications === 0) this.#resolve();
  }

  /** The end of one publication. A function by itself, since it is handed on with each of them. */
  readonly done = (error?: Error): void => {
    if (error) this.#errors.push(error);
    this.#open--;
    if (this.#open > 0) return;
    const [first] = this.#errors;
    const count = this.#errors.length;
    if (!first) this.#resolve();
    else if (count === 1) this.#reject(first);
    else this.#reject(new Error(`${count} of ${this.#messages} were not published, first: ${first.message}`));
  };
}

/** Publishes messages of the model for one node. */
export class MessagePublisher {
  readonly #client: Pick<BrokerClient, 'publish' | 'prefix'>;
  readonly #options: PublisherOptions;
  readonly #mirrorRoot: string;
  /** The last sequence number by topic, of messages that came without one. */
  readonly #sequences = new Map<string, number>();
  readonly #responses = trieOf(responseFilters);
  readonly #foreignReplies: TopicFilterTrie<true>;

  constructor(client: Pick<BrokerClient, 'publish' | 'prefix'>, options: PublisherOptions) {
    this.#client = client;
    this.#options = options;
    this.#mirrorRoot = (options.mirror ?? '').replace(/\/+$/, '');
    this.#foreignReplies = trieOf(options.replyFilters ?? []);
  }

  /** Resolves when the broker has every one of them; rejects with what it could not get. */
  publish(messages: CheckedMessage[], target: ResponseTarget = {}): Promise<void> {
    const publications: Publication[] = [];
    for (const { message, topic } of messages) this.#add(publications, message, topic, target);
    const outcome = new PublishOutcome(messages.length, publications.length);
    for (const publication of publications) this.#client.publish(publication, outcome.done);
    return outcome.promise;
  }

  /** Adds the publication of a message, and that of its bare value where there is a mirror. */
  #add(publications: Publication[], message: Message, topic: Topic, target: ResponseTarget): void {
    const declaration = this.#options.declarationOf?.(topic);
    const delivery = deliveryOf(topic, declaration?.billing === true);
    const { qos, retain } = delivery;
    if (message.schema === 'setpoint/1' && isEnded(message)) {
      publications.push({ topic: message.topic, payload: '', qos, retain });
      return;
    }
    const publication: Publication = { topic: message.topic, payload: this.#payloadOf(message), qos, retain };
    const expiryS = expiryOf(message, delivery, { intervalS: declaration?.interval_s, now: this.#options.now() });
    if (expiryS !== undefined) publication.expiryS = expiryS;
    if (message.schema === 'response/1') Object.assign(publication, this.#addressOf(message.topic, target));
    publications.push(publication);
    if (this.#mirrorRoot === '' || message.schema !== 'reading/1') return;
    const bare = message.value === null ? '' : String(message.value);
    publications.push({ ...publication, topic: `${this.#mirrorRoot}/${message.topic}`, payload: bare, retain: true });
  }

  #payloadOf(message: Message): string {
    if (numbered.has(message.schema) && !('seq' in message && message.seq !== undefined)) {
      const { topic, ...envelope } = message;
      return JSON.stringify({ ...envelope, seq: this.#nextNumber(topic), boot: this.#options.boot });
    }
    if (message.schema === 'reading/1') return readingJson(message);
    const { topic: _, ...envelope } = message;
    return JSON.stringify(envelope);
  }

  #nextNumber(topic: string): number {
    const seq = (this.#sequences.get(topic) ?? 0) + 1;
    this.#sequences.set(topic, seq);
    return seq;
  }

  /** The topic of an answer: the one that was asked for, where answers may go there. */
  #addressOf(own: string, { responseTopic, correlationData }: ResponseTarget): Partial<Publication> {
    const data = correlationData === undefined ? {} : { correlationData };
    // MQTT-3.3.2-14: no wildcards.
    if (responseTopic === undefined || /[+#\0]/.test(responseTopic)) return { topic: own, ...data };
    const { prefix } = this.#client;
    const inner = responseTopic.startsWith(prefix) ? responseTopic.slice(prefix.length) : responseTopic;
    if (this.#responses.match(inner).size > 0) return { topic: inner, ...data };
    if (this.#foreignReplies.match(responseTopic).size > 0) return { topic: responseTopic, isAbsolute: true, ...data };
    return { topic: own, ...data };
  }
}
