/** Commands onto the broker, and what became of them: sends one and waits for its outcome. */
import type { Command, Response } from '../model/command.ts';
import type { Message } from '../model/message.ts';
import type { Clock, Timer } from '../model/time.ts';
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
  const waiting = new Map<string, { settle(outcome: Outcome): void; timer: Timer }>();

  const take = (message: Message): void => {
    if (message.schema !== 'response/1') return;
    const entry = waiting.get(message.id);
    if (!entry) return;
    if (message.status === 'accepted') accepted(message.id);
    else entry.settle({ kind: 'response', response: message });
  };

  const receiver = createReceiver({ batchMs: 0, admits: () => true, isDeclared: () => false }, clock, {
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
      const outcome = new Promise<Outcome>((resolve) => {
        const settle = (given: Outcome): void => {
          waiting.get(command.id)?.timer.cancel();
          waiting.delete(command.id);
          resolve(given);
        };
        const timer = clock.after(command.ttl_s * 1000 + answerWithinMs, () => settle({ kind: 'none' }));
        waiting.set(command.id, { settle, timer });
      });
      try {
        await publisher.publish([{ message: { ...command, topic: text }, topic: topic.value }]);
      } catch (error) {
        waiting.get(command.id)?.settle({ kind: 'none' });
        throw error;
      }
      return outcome;
    },
    close() {
      subscription.remove();
      receiver.close();
      for (const { settle } of [...waiting.values()]) settle({ kind: 'none' });
    },
  };
};
