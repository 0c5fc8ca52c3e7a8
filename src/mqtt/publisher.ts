/** Objects of the contract onto the broker: each on its own topic, with the QoS and retain flag of its class. */
import type { Message } from '../model/message.ts';
import { deliveryOf } from '../model/qos.ts';
import type { Topic } from '../model/topic.ts';
import type { MqttLink } from './link.ts';
import type { Publication } from './outbox.ts';

export interface PublisherOptions {
  boot: string;
  /** Prefix of a tree of bare values for consumers that only plot; empty: none. */
  mirror: string;
  isBilling(topic: Topic): boolean;
}

export interface Publisher {
  /** Resolves when the broker has every one of them; rejects with what it could not get. */
  publish(messages: { message: Message; topic: Topic }[]): Promise<void>;
}

const sequenced = new Set(['reading/1', 'heartbeat/1', 'site-power/1', 'site-energy/1', 'site-status/1']);

/** Seconds after which a message is worth nothing, where it says so itself. */
const lifetimeOf = (message: Message): number | undefined => {
  if (message.schema === 'command/1') return message.ttl_s;
  if (message.schema === 'heartbeat/1') return 3 * message.period_s;
  return undefined;
};

const bareValue = (message: Message): string | undefined => {
  if (message.schema !== 'reading/1') return undefined;
  return message.value === null ? '' : String(message.value);
};

export const createPublisher = (link: MqttLink, { boot, mirror, isBilling }: PublisherOptions): Publisher => {
  const sequences = new Map<string, number>();
  const mirrorRoot = mirror.replace(/\/+$/, '');

  const stamp = (topic: string): { seq: number; boot: string } => {
    const seq = (sequences.get(topic) ?? 0) + 1;
    sequences.set(topic, seq);
    return { seq, boot };
  };

  const publicationsOf = (message: Message, topic: Topic): Publication[] => {
    const { class: _, qos, retain, expiryS = lifetimeOf(message) } = deliveryOf(topic, isBilling(topic));
    const { topic: text, ...envelope } = message;
    const isBare = sequenced.has(message.schema) && !('seq' in message && message.seq !== undefined);
    const payload = JSON.stringify(isBare ? { ...envelope, ...stamp(text) } : envelope);
    const publication = { topic: text, payload, qos, retain, ...(expiryS === undefined ? {} : { expiryS }) };
    const bare = mirrorRoot === '' ? undefined : bareValue(message);
    return bare === undefined
      ? [publication]
      : [publication, { topic: `${mirrorRoot}/${text}`, payload: bare, qos, retain: true }];
  };

  return {
    publish: (messages) =>
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
          for (const publication of publicationsOf(message, topic)) {
            open++;
            link.publish(publication, settle);
          }
        settle();
      }),
  };
};
