/** A process beside the benchmark that answers questions over its channel. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Talking {
  /** The first it said. */
  first: unknown;
  say(order: object): void;
  /** Sends an order. @returns the next message of the process */
  ask<Answer>(order: object): Promise<Answer>;
  onSaid(listener: (said: unknown) => void): void;
  close(): Promise<void>;
}

/** @param flags of Node */
export const startTalking = async (file: string, words: string[], flags: string[] = []): Promise<Talking> => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, words, { execArgv: flags });
  const ended = once(child, 'exit');
  const [first] = await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => {
      throw new Error(`${file} ended at once, code ${code}`);
    }),
  ]);
  return {
    first,
    say: (order) => void child.send(order),
    async ask<Answer>(order: object): Promise<Answer> {
      child.send(order);
      const [answer] = await once(child, 'message');
      return answer as Answer;
    },
    onSaid: (listener) => void child.on('message', listener),
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
};
