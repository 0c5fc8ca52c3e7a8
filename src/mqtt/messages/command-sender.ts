/** Commands to devices over the broker, and what became of them: sends one and waits for its outcome. */
import type { Command, Response } from '../../model/command.ts';
import type { Message } from '../../model/message.ts';
import type { Clock } from '../../model/time.ts';
import { parseTopic } from '../../model/topic.ts';
import type { BrokerClient } from '../client.ts';
import type { Subscriber } from '../subscriptions/subscriptions.ts';
import { MessagePublisher } from './message-publisher.ts';
import { MessageReceiver } from './message-receiver.ts';

/** none: nobody has answered in time. */
export type CommandOutcome = { kind: 'response'; response: Response } | { kind: 'none' };

interface PendingCommand {
  id: string;
  settle(outcome: CommandOutcome): void;
}

const responseFilters = ['devices/+/+/response/+', 'devices/+/+/+/response/+'];

/** Sends the commands of one node, and collects their responses. */
export class CommandSender {
  readonly #clock: Clock;
  readonly #accepted: (id: string) => void;
  readonly #publisher: MessagePublisher;
  readonly #receiver: MessageReceiver;
  readonly #subscriber: Subscriber;
  readonly #pending = new Set<PendingCommand>();

  /** @param accepted called when a bridge has taken the command with this id */
  constructor(client: BrokerClient, clock: Clock, accepted: (id: string) => void) {
    this.#clock = clock;
    this.#accepted = accepted;
    this.#publisher = new MessagePublisher(client, { boot: '', now: clock.now });
    // With copies: a command that is asked again with its id gets the same response again.
    const options = { batchMs: 0, admits: () => true, isDeclared: () => false, withCopies: true };
    this.#receiver = new MessageReceiver(options, clock, { single: (message) => this.#onMessage(message) });
    this.#subscriber = client.subscribe(responseFilters, 1, (incoming) => this.#receiver.take(incoming));
  }

  /**
   * Resolves with the outcome of the write, not with its acceptance.
   * @param answerWithinMs how long to wait beyond the time the command is worth acting upon
   * @throws where the command cannot be handed to the broker
   */
  async send(text: string, command: Command, answerWithinMs: number): Promise<CommandOutcome> {
    const topic = parseTopic(text);
    if (!topic.ok || topic.value.kind !== 'action' || topic.value.action !== 'command')
      throw new Error(`"${text}" is not a topic for commands${topic.ok ? '' : `: ${topic.reason}`}`);
    const { value } = topic;
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        timer.cancel();
        this.#pending.delete(pending);
      };
      const settle = (outcome: CommandOutcome): void => {
        forget();
        resolve(outcome);
      };
      const pending: PendingCommand = { id: command.id, settle };
      const timer = this.#clock.after(command.ttl_s * 1000 + answerWithinMs, () => settle({ kind: 'none' }));
      this.#pending.add(pending);
      // Not waited for: while the broker is away there is no answer either.
      this.#publisher.publish([{ message: { ...command, topic: text }, topic: value }]).catch((error) => {
        forget();
        reject(error);
      });
    });
  }

  close(): void {
    this.#subscriber.remove();
    this.#receiver.close();
    for (const { settle } of [...this.#pending]) settle({ kind: 'none' });
  }

  #onMessage(message: Message): undefined {
    if (message.schema !== 'response/1') return;
    for (const { id, settle } of [...this.#pending]) {
      if (id !== message.id) continue;
      if (message.status === 'accepted') this.#accepted(id);
      else settle({ kind: 'response', response: message });
    }
  }
}
