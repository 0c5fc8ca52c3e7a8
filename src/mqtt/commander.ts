/** Commands onto the broker, and what became of them: sends one and waits for its outcome. */
import type { Command, Response } from '../model/command.ts';
import type { Message } from '../model/message.ts';
import type { Clock } from '../model/time.ts';
import { parseTopic } from '../model/topic.ts';
import type { MqttLink } from './link.ts';
import { createPublisher } from './publisher.ts';
import { createReceiver } from './receiver.ts';

/** none: nobody has answered in time. */
export type Outcome = { kind: 'response'; response: Response } | { kind: 'none' };

export interface Commander {
  /**
   * Resolves with the outcome of the write, not with its acceptance.
   * @param answerWithinMs how long to wait beyond the time the command is worth acting upon
   * @throws where the command cannot be handed to the broker
   */
  send(topic: string, command: Command, answerWithinMs: number): Promise<Outcome>;
  close(): void;
}

const responseFilters = ['devices/+/+/response/+', 'devices/+/+/+/response/+'];

/** @param accepted a bridge has taken the command with this id */
export const createCommander = (link: MqttLink, clock: Clock, accepted: (id: string) => void): Commander => {
  const publisher = createPublisher(link, { boot: '', mirror: '', isBilling: () => false, now: clock.now });
  const waiting = new Set<{ id: string; settle(outcome: Outcome): void }>();

  const take = (message: Message): undefined => {
    if (message.schema !== 'response/1') return;
    for (const { id, settle } of [...waiting]) {
      if (id !== message.id) continue;
      if (message.status === 'accepted') accepted(id);
      else settle({ kind: 'response', response: message });
    }
  };

  // With copies: a command that is asked again with its id gets the same response again.
  const options = { batchMs: 0, admits: () => true, isDeclared: () => false, withCopies: true };
  const receiver = createReceiver(options, clock, {
    batch: () => {},
    single: take,
    command: () => {},
    rejected: () => {},
    removed: () => {},
  });
  const subscription = link.subscribe(responseFilters, 1, receiver.take);

  return {
    async send(text, command, answerWithinMs) {
      const topic = parseTopic(text);
      if (!topic.ok || topic.value.kind !== 'action' || topic.value.action !== 'command')
        throw new Error(`"${text}" is not a topic for commands${topic.ok ? '' : `: ${topic.reason}`}`);
      return new Promise((resolve, reject) => {
        const forget = (): void => {
          timer.cancel();
          waiting.delete(entry);
        };
        const settle = (outcome: Outcome): void => {
          forget();
          resolve(outcome);
        };
        const entry = { id: command.id, settle };
        const timer = clock.after(command.ttl_s * 1000 + answerWithinMs, () => settle({ kind: 'none' }));
        waiting.add(entry);
        // Not waited for: while the broker is away there is no answer either.
        publisher.publish([{ message: { ...command, topic: text }, topic: topic.value }]).catch((error) => {
          forget();
          reject(error);
        });
      });
    },
    close() {
      subscription.remove();
      receiver.close();
      for (const { settle } of [...waiting]) settle({ kind: 'none' });
    },
  };
};
