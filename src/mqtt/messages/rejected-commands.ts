/**
 * Commands that nobody will answer, as the event command_rejected: at most one per second, with how many there were.
 */
import { RepeatLimit } from '../../common/repeat-limit.ts';
import { createEventId } from '../../model/identity.ts';
import type { Message } from '../../model/message.ts';
import { type Clock, isoTime } from '../../model/time.ts';
import type { IncomingMessage } from '../subscriptions/subscriptions.ts';

interface Rejected {
  incoming: IncomingMessage;
  reasons: string[];
}

const pauseMs = 1000;
const longestTopic = 256;

/** The rejected commands of one subscribe node. */
export class RejectedCommands {
  readonly #limit: RepeatLimit<Rejected>;

  /**
   * @param gateway name of this runtime in topics
   * @param tell called with the event, under system/event/<gateway>, and the command it is about
   */
  constructor(gateway: string, clock: Clock, tell: (event: Message<'event/1'>, incoming: IncomingMessage) => void) {
    this.#limit = new RepeatLimit(pauseMs, clock, ({ incoming, reasons }, heldBack) => {
      const { topic, payload } = incoming;
      const count = Math.max(1, heldBack);
      tell(
        {
          topic: `system/event/${gateway}/command_rejected`,
          schema: 'event/1',
          id: createEventId(),
          name: 'command_rejected',
          severity: 'warning',
          ts: isoTime(clock.now()),
          data: { topic: topic.slice(0, longestTopic), reasons, bytes: payload.length, count },
        },
        incoming,
      );
    });
  }

  add(incoming: IncomingMessage, reasons: string[]): void {
    this.#limit.add('', { incoming, reasons });
  }

  close(): void {
    this.#limit.close();
  }
}
