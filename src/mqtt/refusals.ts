/** Commands that nobody will answer, as events: at most one per second, with how many there were. */
import { createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime, type Timer } from '../model/time.ts';
import type { Incoming } from './subscriptions.ts';

export interface Refusals {
  add(incoming: Incoming, reasons: string[]): void;
  close(): void;
}

const pauseMs = 1000;

/** @param tell command_rejected, under system/event/<gateway> */
export const createRefusals = (
  gateway: string,
  clock: Clock,
  tell: (event: Message<'event/1'>, incoming: Incoming) => void,
): Refusals => {
  let last: { incoming: Incoming; reasons: string[] } | undefined;
  let count = 0;
  let pause: Timer | undefined;

  const flush = (): void => {
    pause = undefined;
    if (!last) return;
    const { incoming, reasons } = last;
    const data = { topic: incoming.topic.slice(0, 256), reasons, bytes: incoming.payload.length, count };
    last = undefined;
    count = 0;
    pause = clock.after(pauseMs, flush);
    tell(
      {
        topic: `system/event/${gateway}/command_rejected`,
        schema: 'event/1',
        id: createEventId(),
        name: 'command_rejected',
        severity: 'warning',
        ts: isoTime(clock.now()),
        data,
      },
      incoming,
    );
  };

  return {
    add(incoming, reasons) {
      last = { incoming, reasons };
      count++;
      if (!pause) flush();
    },
    close: () => pause?.cancel(),
  };
};
