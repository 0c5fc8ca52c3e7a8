/** Objects of the contract onto the broker: each on its own topic, with the QoS and retain flag of its class. */
import { isEnded } from '../model/command.ts';
import type { Message } from '../model/message.ts';
import { type Delivery, deliveryOf } from '../model/qos.ts';
import { parseTime } from '../model/time.ts';
import type { Topic } from '../model/topic.ts';
import type { MqttLink } from './link.ts';
import type { Publication } from './outbox.ts';
import { createTrie } from './trie.ts';

export interface PublisherOptions {
  boot: string;
  /** Prefix of a tree of bare values for consumers that only plot; empty: none. */
  mirror: string;
  isBilling(topic: Topic): boolean;
  /** How often a reading is renewed, s; undefined: nobody knows. */
  intervalOf?(topic: Topic): number | undefined;
  /** Topics outside the grammar on which answers may be asked for, as filters: "replies/#". */
  replyFilters?: string[];
  /** Wall clock, ms. */
  now(): number;
}

/** Where an answer is wanted, and what it shall carry (MQTT 5 response topic and correlation data). */
export interface ReplyFacts {
  responseTopic?: string | undefined;
  correlationData?: Buffer | undefined;
}

export interface Publisher {
  /** Resolves when the broker has every one of them; rejects with what it could not get. */
  publish(messages: { message: Message; topic: Topic }[], reply?: ReplyFacts): Promise<void>;
}

const sequenced = new Set(['reading/1', 'heartbeat/1', 'site-power/1', 'site-energy/1', 'site-status/1']);

/** Seconds after which a message is worth nothing, where it says so itself. */
const lifetimeOf = (message: Message, now: number): number | undefined => {
  if (message.schema === 'command/1') return message.ttl_s;
  if (message.schema === 'heartbeat/1') return 3 * message.period_s;
  // A setpoint that nobody takes back, because its bridge is gone, is over with its lease.
  if (message.schema === 'setpoint/1' && !isEnded(message) && message.until !== undefined)
    return Math.max(1, (parseTime(message.until) - now) / 1000);
  return undefined;
};

/** Every topic of the grammar that carries responses. */
const responseFilters = [
  'devices/+/+/response/+',
  'devices/+/+/+/response/+',
  'sites/+/response/+',
  'system/response/#',
];

const bareValue = (message: Message): string | undefined => {
  if (message.schema !== 'reading/1') return undefined;
  return message.value === null ? '' : String(message.value);
};

export const createPublisher = (
  link: MqttLink,
  { boot, mirror, isBilling, intervalOf = () => undefined, replyFilters = [], now }: PublisherOptions,
): Publisher => {
  const sequences = new Map<string, number>();
  const mirrorRoot = mirror.replace(/\/+$/, '');

  const stamp = (topic: string): { seq: number; boot: string } => {
    const seq = (sequences.get(topic) ?? 0) + 1;
    sequences.set(topic, seq);
    return { seq, boot };
  };

  const ours = createTrie<true>();
  for (const filter of responseFilters) ours.add(filter, true);
  const foreign = createTrie<true>();
  for (const filter of replyFilters) foreign.add(filter, true);

  /** The topic of an answer: the one that was asked for, where answers may go there. */
  const addressOf = (own: string, { responseTopic, correlationData }: ReplyFacts): Partial<Publication> => {
    const data = correlationData === undefined ? {} : { correlationData };
    if (responseTopic === undefined || /[+#\0]/.test(responseTopic)) return { topic: own, ...data };
    const inner = responseTopic.startsWith(link.prefix) ? responseTopic.slice(link.prefix.length) : responseTopic;
    if (ours.match(inner).size > 0) return { topic: inner, ...data };
    if (foreign.match(responseTopic).size > 0) return { topic: responseTopic, isAbsolute: true, ...data };
    return { topic: own, ...data };
  };

  /** Telemetry is old after three intervals (model.md §4): a broker that kept it for somebody may drop it then. */
  const renewalOf = (topic: Topic, delivery: Delivery): number | undefined => {
    const intervalS = delivery.class === 'telemetry' ? intervalOf(topic) : undefined;
    return intervalS === undefined ? undefined : 3 * intervalS;
  };

  const publicationsOf = (message: Message, topic: Topic, reply: ReplyFacts): Publication[] => {
    const delivery = deliveryOf(topic, isBilling(topic));
    const { qos, retain, expiryS = lifetimeOf(message, now()) ?? renewalOf(topic, delivery) } = delivery;
    const expiry = expiryS === undefined ? {} : { expiryS };
    const { topic: text, ...envelope } = message;
    if (message.schema === 'setpoint/1' && isEnded(message)) return [{ topic: text, payload: '', qos, retain }];
    const isBare = sequenced.has(message.schema) && !('seq' in message && message.seq !== undefined);
    const payload = JSON.stringify(isBare ? { ...envelope, ...stamp(text) } : envelope);
    const publication: Publication = {
      topic: text,
      payload,
      qos,
      retain,
      ...expiry,
      ...(message.schema === 'response/1' ? addressOf(text, reply) : {}),
    };
    const bare = mirrorRoot === '' ? undefined : bareValue(message);
    return bare === undefined
      ? [publication]
      : [publication, { topic: `${mirrorRoot}/${text}`, payload: bare, qos, retain: true, ...expiry }];
  };

  return {
    publish: (messages, reply = {}) =>
      new Promise((resolve, reject) => {
        const errors: Error[] = [];
        let open = 1;
        const settle = (error?: Error): void => {
          if (error) errors.push(error);
          open--;
          if (open > 0) return;
          const [first] = errors;
          if (!first) resolve();
          else if (errors.length === 1) reject(first);
          else reject(new Error(`${errors.length} of ${messages.length} were not published, first: ${first.message}`));
        };
        for (const { message, topic } of messages)
          for (const publication of publicationsOf(message, topic, reply)) {
            open++;
            link.publish(publication, settle);
          }
        settle();
      }),
  };
};
