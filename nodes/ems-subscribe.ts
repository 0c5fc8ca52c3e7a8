import type { NodeAPI, NodeMessageInFlow } from 'node-red';
import { z } from 'zod';
import type { Message } from '../src/model/message.ts';
import { parseTopic, type Topic } from '../src/model/topic.ts';
import { createDeviceSubscription, type DeviceSubscription } from '../src/mqtt/device-subscription.ts';
import { createReceiver, type Rejection } from '../src/mqtt/receiver.ts';
import { createRefusals } from '../src/mqtt/refusals.ts';
import { select, selections } from '../src/mqtt/selection.ts';
import type { Incoming, Subscriber } from '../src/mqtt/subscriptions.ts';
import { choiceField, flagField, nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { toNodeMessage } from '../src/shell/contract.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { createDelivery } from '../src/shell/delivery.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z
  .object({
    broker: nodeReference('the broker'),
    what: choiceField(selections, 'readings'),
    device: optionalId('the device'),
    deviceType: textField(),
    quantity: textField(),
    site: optionalId('the site'),
    /** MQTT filters, separated by commas or lines. */
    pattern: textField(),
    directory: flagField(true),
    batch: numberField(100, 0, 60_000),
  })
  .transform((given) => ({ ...given, patterns: given.pattern.split(/[,\n]/).map((each) => each.trim()) }))
  .transform((given) => ({ ...given, patterns: given.patterns.filter((each) => each !== '') }));

const control = z.discriminatedUnion('action', [
  z.object({ action: z.literal('subscribe'), topic: z.union([z.string(), z.array(z.string())]) }),
  z.object({ action: z.literal('unsubscribe'), topic: z.union([z.string(), z.array(z.string())]) }),
  z.object({ action: z.literal('getSubscriptions') }),
]);

/** Longest piece of a refused payload that is shown. */
const shownBytes = 1024;
/** Until then retained meta of devices may still be on its way. */
const learningMs = 5000;

const transportFacts = ({ qos, retain, responseTopic, correlationData, expiryS }: Incoming) => ({
  qos,
  retain,
  ...(responseTopic === undefined ? {} : { responseTopic }),
  ...(correlationData === undefined ? {} : { correlationData }),
  ...(expiryS === undefined ? {} : { expiry: expiryS }),
});

/** What is handed on where the meta of a device was taken away. Without a time: it does not compete with what is told. */
const removedOf = (device: string): Message<'availability/1'> => ({
  topic: `devices/${device}/availability`,
  schema: 'availability/1',
  state: 'offline',
  reason: 'removed',
});

/** Validated objects of the chosen devices, types, quantities or sites, from the broker. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-subscribe', {
    config,
    start({ config, node, clock, send, showStatus, onInput, onClose }) {
      const { link, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const selection = select({ ...config, type: config.deviceType, withDirectory: config.directory });

      const startedAt = clock.monotonic();
      const refusals = createRefusals(gatewayName(), clock, (event, incoming) =>
        send([null, { ...toNodeMessage([event]), mqtt: transportFacts(incoming) }]),
      );

      /** Nobody here or elsewhere speaks for the device, so nobody will answer. */
      const isForNobody = (text: string): boolean => {
        const topic = parseTopic(text);
        if (!topic.ok || topic.value.kind !== 'action' || !config.directory) return false;
        return clock.monotonic() - startedAt > learningMs && !directory.device(topic.value.device);
      };

      let members: DeviceSubscription | undefined;
      /** What is known of devices of other sites is not handed on, except that one has left this site. */
      const isWanted = (message: Message): boolean => {
        if (!selection.filtersOf) return true;
        if (message.schema === 'meta/1')
          return config.directory && (message.site === config.site || members?.has(message.device) === true);
        const topic = parseTopic(message.topic);
        if (!topic.ok || topic.value.kind !== 'availability') return true;
        return [undefined, config.site].includes(directory.device(topic.value.device)?.meta.site);
      };

      const deliver = createDelivery(RED, node, clock);
      /** Only what has reached the next node may be forgotten by the broker. */
      const hand = (outputs: Parameters<typeof send>[0]): Promise<boolean> => deliver(() => send(outputs));

      /** What the broker kept for a device comes before its meta does. */
      const isOfSite = (device: string): boolean => {
        if (!members || members.has(device)) return true;
        return clock.monotonic() - startedAt < learningMs && !directory.device(device);
      };
      const admits = (topic: Topic, isRetained: boolean): boolean =>
        selection.admits(topic, isRetained) && (topic.kind !== 'reading' || isOfSite(topic.device));

      const receiver = createReceiver({ batchMs: config.batch, admits, isDeclared: directory.declares }, clock, {
        batch(messages) {
          for (const message of messages) directory.take(message);
          // Commands go straight to bridges, which have no use for what else was heard.
          const wanted = config.what === 'commands' ? [] : messages.filter(isWanted);
          return wanted.length === 0 ? undefined : hand([toNodeMessage(wanted), null]);
        },
        single(message, incoming) {
          const facts = { mqtt: transportFacts(incoming) };
          return hand([{ ...toNodeMessage([message]), ...facts }, null]);
        },
        command(body, incoming) {
          const { topic } = incoming;
          if (isForNobody(topic)) refusals.add(incoming, ['no such device']);
          return hand([{ topic, payload: { ...body, topic }, mqtt: transportFacts(incoming) }, null]);
        },
        rejected({ incoming, reasons }: Rejection) {
          if (incoming.topic.includes('/command/')) {
            refusals.add(incoming, reasons);
            return undefined;
          }
          const payload = incoming.payload.subarray(0, shownBytes).toString();
          const rejected = { topic: incoming.topic, payload, reasons, mqtt: transportFacts(incoming) };
          return hand([null, rejected]);
        },
        removed(device) {
          const isGone = !directory.isSpokenFor(`devices/${device}`) && (members?.has(device) ?? true);
          const isTold = config.directory && config.what !== 'commands';
          directory.leave(device);
          if (isGone && isTold) void hand([toNodeMessage([removedOf(device)]), null]);
        },
      });

      const added = new Map<string, Subscriber>();
      const { take, hurry } = receiver;
      const fixed =
        selection.filters.length > 0
          ? link.subscribe(selection.filters, 2, take, { owner: node.id, hurry })
          : undefined;
      if (selection.filtersOf)
        members = createDeviceSubscription(
          () => {
            const known = directory.devices();
            const devices = known.flatMap(({ meta }) => (meta.site === config.site ? [meta.device] : []));
            return { devices, known: known.length };
          },
          selection.filtersOf,
          (filters) => link.subscribe(filters, 2, take, { owner: `${node.id} devices`, hurry }),
          clock,
        );
      const learning = members && directory.onChange(members.changed);
      const following = follow(showStatus);

      const change = (message: NodeMessageInFlow): string[] => {
        const asked = control.safeParse(message);
        if (!asked.success)
          throw new Error('msg.action is subscribe or unsubscribe with msg.topic, or getSubscriptions');
        const { data } = asked;
        const topics = data.action === 'getSubscriptions' ? [] : [data.topic].flat();
        for (const topic of topics) {
          added.get(topic)?.remove(true);
          added.delete(topic);
          if (data.action === 'subscribe')
            added.set(topic, link.subscribe([topic], 2, take, { owner: `${node.id} ${topic}`, hurry }));
        }
        return [...selection.filters, ...(members?.filters() ?? []), ...added.keys()];
      };

      onInput((message, answer) => {
        const filters = change(message);
        if ((message as { action?: unknown }).action === 'getSubscriptions')
          answer([{ ...message, topic: 'subscriptions', payload: filters }, null]);
      });
      onClose((isRemoved) => {
        following.remove();
        learning?.remove();
        fixed?.remove(isRemoved);
        members?.close(isRemoved);
        for (const each of added.values()) each.remove(isRemoved);
        refusals.close();
        receiver.close();
      });
    },
  });
}
