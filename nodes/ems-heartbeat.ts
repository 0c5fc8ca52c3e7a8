import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { createBoot } from '../src/model/identity.ts';
import type { Message } from '../src/model/message.ts';
import { isoTime } from '../src/model/time.ts';
import { parseTopic } from '../src/model/topic.ts';
import { createPresence } from '../src/mqtt/presence.ts';
import { createPublisher } from '../src/mqtt/publisher.ts';
import { createReceiver } from '../src/mqtt/receiver.ts';
import { nodeReference, numberField, optionalId, textField } from '../src/shell/config.ts';
import { toNodeMessage } from '../src/shell/contract.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import type { Status } from '../src/shell/status.ts';
import { packageVersion } from '../src/shell/version.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z.object({
  broker: nodeReference('the broker'),
  /** Empty: the name of this gateway. */
  node: optionalId('the name'),
  period: numberField(10, 1, 3600),
  missed: numberField(3, 2, 100),
  role: textField(),
});

/** Says that this gateway lives, and notices when others fall silent. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-heartbeat', {
    config,
    start({ config, clock, send, showStatus, report, onClose }) {
      const { link, follow, onEvent } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const gateway = gatewayName();
      const own = config.node || gateway;
      const boot = createBoot();
      const startedAt = clock.monotonic();
      const topic = parseTopic(`system/heartbeat/${own}`);
      if (!topic.ok) throw new Error(topic.reason);
      const publisher = createPublisher(link, { boot, mirror: '', isBilling: () => false, now: clock.now });
      const presence = createPresence({ own, boot, missed: config.missed }, clock, (event) =>
        send(toNodeMessage([event])),
      );
      // The way to the broker is a component like those behind it: it is lost and returns.
      const telling = onEvent((event) => send(toNodeMessage([event])));
      const receiver = createReceiver({ batchMs: 0, admits: () => true, isDeclared: () => true }, clock, {
        batch(messages) {
          messages.forEach(presence.take);
          return undefined;
        },
        single: () => {},
        command: () => {},
        rejected: () => {},
        removed: () => {},
      });

      const beat = (): void => {
        const state = link.state();
        // A heartbeat that waited for the broker would tell of a life that may be over.
        if (state.kind !== 'online') return;
        const devices = directory.devices().filter(({ meta }) => meta.gateway === gateway);
        const online = devices.filter(({ availability }) => availability?.state === 'online').length;
        const message: Message<'heartbeat/1'> = {
          topic: `system/heartbeat/${own}`,
          schema: 'heartbeat/1',
          ts: isoTime(clock.now()),
          uptime_s: Math.round((clock.monotonic() - startedAt) / 1000),
          period_s: config.period,
          ...(config.role === '' ? {} : { role: config.role }),
          version: packageVersion,
          devices: { online, offline: devices.length - online },
          broker: state.server,
        };
        publisher.publish([{ message, topic: topic.value }]).catch(report);
      };

      let connection: Status = { fill: 'grey', shape: 'ring', key: 'waiting' };
      const show = (): void => {
        const { present, lost, hasNamesake } = presence.summary();
        if (connection.key !== 'online' && connection.key !== 'sending') showStatus(connection);
        else if (hasNamesake) showStatus({ fill: 'red', shape: 'dot', key: 'nameTaken', params: { name: own } });
        else if (lost.length > 0)
          showStatus({ fill: 'yellow', shape: 'dot', key: 'lost', params: { names: lost.join(', ') } });
        else showStatus({ fill: 'green', shape: 'dot', key: 'alive', params: { name: own, n: present } });
      };
      const following = follow((status) => {
        const isBack = connection.fill !== 'green' && status.fill === 'green';
        connection = status;
        show();
        if (isBack) beat();
      });
      const subscription = link.subscribe(['system/heartbeat/+', 'system/status/+'], 1, receiver.take);
      const beating = clock.every(config.period * 1000, beat);
      const watching = clock.every(1000, () => {
        presence.tick();
        show();
      });
      onClose(() => {
        beating.cancel();
        watching.cancel();
        following.remove();
        telling.remove();
        subscription.remove();
        receiver.close();
      });
    },
  });
}
