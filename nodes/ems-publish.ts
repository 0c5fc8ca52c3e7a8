import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { createBoot } from '../src/model/identity.ts';
import { defaultReplies } from '../src/model/limits.ts';
import { MessagePublisher } from '../src/mqtt/messages/message-publisher.ts';
import { nodeReference, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { type AcceptedCandidate, checkCandidates } from '../src/shell/node-messages.ts';
import type { BrokerApi } from './ems-broker.ts';

const config = z.object({
  broker: nodeReference('the broker'),
  mirror: textField(),
  /** Topic filters for the Response Topics that commands may name, separated by commas. */
  replies: textField(defaultReplies).transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
});

/** Properties of a PUBLISH with a command, for its response: MQTT 5 §4.10. */
const responseTarget = z
  .object({ responseTopic: z.string().optional(), correlationData: z.instanceof(Buffer).optional() })
  .catch({});

/** Publishes objects of the contract, with the QoS and the RETAIN flag of their class. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-publish', {
    config,
    start({ config, clock, showStatus, onInput, onClose }) {
      const { client, follow } = useConfigNode<BrokerApi>(RED, config.broker, 'ems-broker');
      const directory = directoryOf(RED);
      const publisher = new MessagePublisher(client, {
        boot: createBoot(),
        mirror: config.mirror,
        declarationOf: directory.declarationOf,
        replyFilters: config.replies,
        now: clock.now,
      });
      const following = follow(showStatus);
      onClose(() => following.remove());

      // Not async: the function would keep all that it was given until the broker has acknowledged the last of it.
      onInput((message) => {
        const context = { now: clock.now(), isDeclared: directory.declares };
        const refused: string[] = [];
        const accepted: AcceptedCandidate[] = [];
        for (const candidate of checkCandidates(message, context)) {
          if (!candidate.ok) refused.push(candidate.reasons.join('; '));
          else if (!directory.isFromBeforeRemoval(candidate.message)) {
            directory.take(candidate.message);
            accepted.push(candidate);
          }
        }
        const published = publisher.publish(accepted, responseTarget.parse('mqtt' in message ? message.mqtt : {}));
        if (refused.length === 0) return published;
        const failure = `not published, ${refused.length} of ${refused.length + accepted.length}: ${refused[0]}`;
        return published.then(() => {
          throw new Error(failure);
        });
      });
    },
  });
}
