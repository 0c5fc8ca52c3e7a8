import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { checkMessage } from '../src/model/check.ts';
import { createBoot } from '../src/model/identity.ts';
import { createPublisher } from '../src/mqtt/publisher.ts';
import { nodeReference, textField } from '../src/shell/config.ts';
import { candidatesOf } from '../src/shell/contract.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z.object({
  broker: nodeReference('the broker'),
  mirror: textField(),
  /** MQTT filters of topics on which commands may ask for their answers, separated by commas. */
  replies: textField('replies/#').transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
});

/** Where the answer in this message is wanted. */
const replyFacts = z
  .object({ responseTopic: z.string().optional(), correlationData: z.instanceof(Buffer).optional() })
  .catch({});

/** Objects of the contract to the broker, with the QoS and retain flag of their class. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-publish', {
    config,
    start({ config, clock, showStatus, onInput, onClose }) {
      const { link, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const publisher = createPublisher(link, {
        boot: createBoot(),
        mirror: config.mirror,
        isBilling: directory.isBilling,
        intervalOf: directory.intervalOf,
        replyFilters: config.replies,
        now: clock.now,
      });
      const following = follow(showStatus);
      onClose(() => following.remove());

      onInput(async (message) => {
        const context = { now: clock.now(), isDeclared: directory.declares };
        const refused: string[] = [];
        const accepted = [];
        for (const candidate of candidatesOf(message, context)) {
          const checked = candidate.ok ? checkMessage(candidate.value, context) : undefined;
          if (checked?.ok) {
            if (directory.isBygone(checked.message)) continue;
            directory.take(checked.message);
            accepted.push(checked);
          } else refused.push(checked ? checked.reasons.join('; ') : candidate.ok ? '' : candidate.reason);
        }
        await publisher.publish(accepted, replyFacts.parse('mqtt' in message ? message.mqtt : {}));
        if (refused.length > 0)
          throw new Error(`not published, ${refused.length} of ${refused.length + accepted.length}: ${refused[0]}`);
      });
    },
  });
}
