import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { createBoot } from '../src/model/identity.ts';
import { heartbeatFields } from '../src/model/limits.ts';
import type { Message } from '../src/model/message.ts';
import { type Clock, isoTime } from '../src/model/time.ts';
import { parseTopic } from '../src/model/topic.ts';
import { MessagePublisher } from '../src/mqtt/messages/message-publisher.ts';
import { MessageReceiver } from '../src/mqtt/messages/message-receiver.ts';
import { Presence } from '../src/mqtt/messages/presence.ts';
import { nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { type Directory, directoryOf } from '../src/shell/directory.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { toNodeMessage } from '../src/shell/node-messages.ts';
import type { Status } from '../src/shell/status.ts';
import { packageVersion } from '../src/shell/version.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z.object({
  broker: nodeReference('the broker'),
  /** Name in the topic of the heartbeat; empty: the name of this gateway. */
  node: optionalId('the name'),
  period: numberField(heartbeatFields.period),
  missed: numberField(heartbeatFields.missed),
  role: textField(),
});

interface HeartbeatParts {
  directory: Directory;
  gateway: string;
  clock: Clock;
  /** Monotonic ms. */
  startedAt: number;
}

/** @param own name in the topic @param broker that the heartbeat is sent to */
const heartbeatMessage = (
  { period, role }: z.output<typeof config>,
  { directory, gateway, clock, startedAt }: HeartbeatParts,
  { own, broker }: { own: string; broker: string },
): Message<'heartbeat/1'> => {
  const devices = directory.devices().filter(({ meta }) => meta.gateway === gateway);
  const online = devices.filter(({ availability }) => availability?.state === 'online').length;
  return {
    topic: `system/heartbeat/${own}`,
    schema: 'heartbeat/1',
    ts: isoTime(clock.now()),
    uptime_s: Math.round((clock.monotonic() - startedAt) / 1000),
    period_s: period,
    ...(role === '' ? {} : { role }),
    version: packageVersion,
    devices: { online, offline: devices.length - online },
    broker,
  };
};

/** @param connection status of the connection to the broker, which goes first when there is none */
const describePresence = (presence: Presence, connection: Status, own: string): Status => {
  const { present, lost, isNameTaken } = presence.summary();
  if (connection.key !== 'online' && connection.key !== 'sending') return connection;
  if (isNameTaken) return { fill: 'red', shape: 'dot', key: 'nameTaken', params: { name: own } };
  if (lost.length > 0) return { fill: 'yellow', shape: 'dot', key: 'lost', params: { names: lost.join(', ') } };
  return { fill: 'green', shape: 'dot', key: 'alive', params: { name: own, n: present } };
};

/** Publishes the heartbeat of this gateway, and tells when another gateway falls silent. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-heartbeat', {
    config,
    start({ config, clock, send, showStatus, report, onClose }) {
      const { client, follow, onEvent } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const gateway = gatewayName();
      const own = config.node || gateway;
      const boot = createBoot();
      const parts = { directory: directoryOf(RED), gateway, clock, startedAt: clock.monotonic() };
      const topic = parseTopic(`system/heartbeat/${own}`);
      if (!topic.ok) throw new Error(topic.reason);
      const publisher = new MessagePublisher(client, { boot, now: clock.now });
      const presence = new Presence({ own, boot, missed: config.missed }, clock, (event) =>
        send(toNodeMessage([event])),
      );
      // The connection to the broker is a component like those behind it: it is lost and returns.
      const telling = onEvent((event) => send(toNodeMessage([event])));
      const receiver = new MessageReceiver({ batchMs: 0, admits: () => true, isDeclared: () => true }, clock, {
        batch(messages) {
          for (const message of messages) presence.take(message);
          return undefined;
        },
      });

      const beat = (): void => {
        const { state } = client;
        // A heartbeat that waited for the broker would tell of a gateway that may be dead by then.
        if (state.kind !== 'online') return;
        const message = heartbeatMessage(config, parts, { own, broker: state.server });
        publisher.publish([{ message, topic: topic.value }]).catch(report);
      };
      let connection: Status = { fill: 'grey', shape: 'ring', key: 'waiting' };
      const show = (): void => showStatus(describePresence(presence, connection, own));
      const following = follow((status) => {
        const isBack = connection.fill !== 'green' && status.fill === 'green';
        connection = status;
        show();
        if (isBack) beat();
      });
      const subscription = client.subscribe(['system/heartbeat/+', 'system/status/+'], 1, (incoming) =>
        receiver.take(incoming),
      );
      const beating = clock.every(config.period * 1000, beat);
      const watching = clock.every(1000, () => {
        presence.tick();
        show();
      });
      onClose(() => {
        for (const timer of [beating, watching]) timer.cancel();
        for (const registration of [following, telling, subscription]) registration.remove();
        receiver.close();
      });
    },
  });
}
