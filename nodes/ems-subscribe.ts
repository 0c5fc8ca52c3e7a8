import type { NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import { readTopic } from '../src/model/known-topics.ts';
import { choiceOf, subscribeFields } from '../src/model/limits.ts';
import type { Message } from '../src/model/message.ts';
import type { Topic } from '../src/model/topic.ts';
import { MessageReceiver, type ReceiverSink } from '../src/mqtt/messages/message-receiver.ts';
import { RejectedCommands } from '../src/mqtt/messages/rejected-commands.ts';
import { SiteDevices } from '../src/mqtt/subscriptions/site-devices.ts';
import type { IncomingMessage, Subscriber } from '../src/mqtt/subscriptions/subscriptions.ts';
import { selections, selectTopics } from '../src/mqtt/subscriptions/topic-selection.ts';
import { choiceField, flagField, nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { type Directory, directoryOf } from '../src/shell/directory.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { toNodeMessage } from '../src/shell/node-messages.ts';
import { createRedeployDelivery } from '../src/shell/redeploy-delivery.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z
  .object({
    broker: nodeReference('the broker'),
    what: choiceField(choiceOf(selections)),
    device: optionalId('the device'),
    deviceType: textField(),
    quantity: textField(),
    site: optionalId('the site'),
    /** MQTT filters, separated by commas or lines. */
    pattern: textField(),
    directory: flagField(true),
    batch: numberField(subscribeFields.batch),
  })
  .transform((given) => ({ ...given, patterns: given.pattern.split(/[,\n]/).map((each) => each.trim()) }))
  .transform((given) => ({ ...given, patterns: given.patterns.filter((each) => each !== '') }));

/** A message at the input that changes the subscriptions. */
const control = z.discriminatedUnion('action', [
  z.object({ action: z.literal('subscribe'), topic: z.union([z.string(), z.array(z.string())]) }),
  z.object({ action: z.literal('unsubscribe'), topic: z.union([z.string(), z.array(z.string())]) }),
  z.object({ action: z.literal('getSubscriptions') }),
]);

/** Longest piece of a refused payload that is shown, bytes. */
const shownBytes = 1024;

/** Fields of PUBLISH beside Topic Name and payload, as msg.mqtt has them. */
interface PublishFacts {
  qos: IncomingMessage['qos'];
  retain: boolean;
  responseTopic?: string;
  correlationData?: Buffer;
  /** Rest of the Message Expiry Interval, s. */
  expiry?: number;
}

/** A message to the next node. */
interface OutgoingMessage extends NodeMessage {
  mqtt?: PublishFacts;
  /** All that is against a rejected message. */
  reasons?: string[];
}

const publishFacts = ({ qos, retain, responseTopic, correlationData, expiryS }: IncomingMessage): PublishFacts => ({
  qos,
  retain,
  ...(responseTopic === undefined ? {} : { responseTopic }),
  ...(correlationData === undefined ? {} : { correlationData }),
  ...(expiryS === undefined ? {} : { expiry: expiryS }),
});

/** The end of a device whose meta was taken away. Without a time, it does not compete with messages of the device. */
const removedOf = (device: string): Message<'availability/1'> => ({
  topic: `devices/${device}/availability`,
  schema: 'availability/1',
  state: 'offline',
  reason: 'removed',
});

interface SinkParts {
  directory: Directory;
  devices: SiteDevices;
  config: z.output<typeof config>;
  rejectedCommands: RejectedCommands;
  /** Sends to both outputs. @returns whether the messages have reached the next nodes */
  hand(outputs: (OutgoingMessage | null)[]): Promise<boolean>;
}

/** Outputs for the received messages. */
const createSink = (parts: SinkParts): ReceiverSink => {
  const { config, directory, devices, rejectedCommands, hand } = parts;

  /** No gateway here or elsewhere speaks for the device, so none will answer. */
  const isForNobody = (text: string): boolean => {
    const topic = readTopic(text);
    if (!topic.ok || topic.value.kind !== 'action' || !config.directory) return false;
    return devices.isMissing(topic.value.device);
  };

  return {
    batch(messages) {
      for (const message of messages) directory.take(message);
      // Commands go straight to bridges, which have no use for what else was heard.
      const wanted = config.what === 'commands' ? [] : messages.filter((message) => devices.isWanted(message));
      return wanted.length === 0 ? undefined : hand([toNodeMessage(wanted), null]);
    },
    single: (message, incoming) => hand([{ ...toNodeMessage([message]), mqtt: publishFacts(incoming) }, null]),
    command(body, incoming) {
      const { topic } = incoming;
      if (isForNobody(topic)) rejectedCommands.add(incoming, ['no such device']);
      return hand([{ topic, payload: { ...body, topic }, mqtt: publishFacts(incoming) }, null]);
    },
    rejected({ incoming, reasons }) {
      if (incoming.topic.includes('/command/')) {
        rejectedCommands.add(incoming, reasons);
        return undefined;
      }
      const payload = incoming.payload.subarray(0, shownBytes).toString();
      return hand([null, { topic: incoming.topic, payload, reasons, mqtt: publishFacts(incoming) }]);
    },
    removed(device) {
      const isGone = !directory.isSpokenFor(`devices/${device}`) && devices.has(device);
      const isTold = config.directory && config.what !== 'commands';
      directory.leave(device);
      if (isGone && isTold) void hand([toNodeMessage([removedOf(device)]), null]);
    },
  };
};

/** Subscriptions that messages at the input add and remove. */
class AddedSubscriptions {
  readonly #subscribe: (filter: string) => Subscriber;
  readonly #added = new Map<string, Subscriber>();

  constructor(subscribe: (filter: string) => Subscriber) {
    this.#subscribe = subscribe;
  }

  get filters(): string[] {
    return [...this.#added.keys()];
  }

  /**
   * @returns the action that the message asks for
   * @throws where the message asks for something else, in words
   */
  change(message: NodeMessageInFlow): z.output<typeof control>['action'] {
    const asked = control.safeParse(message);
    if (!asked.success) throw new Error('msg.action is subscribe or unsubscribe with msg.topic, or getSubscriptions');
    const { data } = asked;
    const topics = data.action === 'getSubscriptions' ? [] : [data.topic].flat();
    for (const topic of topics) {
      this.#added.get(topic)?.remove(true);
      this.#added.delete(topic);
      if (data.action === 'subscribe') this.#added.set(topic, this.#subscribe(topic));
    }
    return data.action;
  }

  remove(isFinal: boolean): void {
    for (const each of this.#added.values()) each.remove(isFinal);
  }
}

/** Checked messages of the chosen devices, types, quantities or sites, from the broker. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-subscribe', {
    config,
    start({ config, node, clock, send, showStatus, onInput, onClose }) {
      const { client, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const selection = selectTopics({ ...config, type: config.deviceType, withDirectory: config.directory });
      const rejectedCommands = new RejectedCommands(gatewayName(), clock, (event, incoming) =>
        send([null, { ...toNodeMessage([event]), mqtt: publishFacts(incoming) }]),
      );
      const deliver = createRedeployDelivery(RED, node, clock);
      const { site, directory: withDirectory } = config;
      const devices = new SiteDevices({ site, selection, known: directory, withDirectory, clock });
      // Only a message that has reached the next node may be forgotten by the broker.
      const hand = (outputs: (OutgoingMessage | null)[]): Promise<boolean> => deliver(() => send(outputs));
      const admits = (topic: Topic, isRetained: boolean): boolean => devices.admits(topic, isRetained);
      const receiver = new MessageReceiver(
        { batchMs: config.batch, admits, isDeclared: directory.declares },
        clock,
        createSink({ directory, devices, config, rejectedCommands, hand }),
      );
      const subscribe = (filters: string[], owner: string): Subscriber =>
        client.subscribe(filters, 2, (incoming) => receiver.take(incoming), { owner, hurry: () => receiver.hurry() });

      const fixed = selection.filters.length > 0 ? subscribe(selection.filters, node.id) : undefined;
      devices.subscribe((filters) => subscribe(filters, `${node.id} devices`));
      const added = new AddedSubscriptions((filter) => subscribe([filter], `${node.id} ${filter}`));
      const learning = selection.filtersOf && directory.onChange(() => devices.changed());
      const following = follow(showStatus);

      onInput((message, answer) => {
        if (added.change(message) !== 'getSubscriptions') return;
        const payload = [...selection.filters, ...devices.filters(), ...added.filters];
        answer([{ ...message, topic: 'subscriptions', payload }, null]);
      });
      onClose((isRemoved) => {
        following.remove();
        learning?.remove();
        fixed?.remove(isRemoved);
        devices.close(isRemoved);
        added.remove(isRemoved);
        rejectedCommands.close();
        receiver.close();
      });
    },
  });
}
