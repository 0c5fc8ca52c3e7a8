/** Messages about transactions: in order, kept while there is no connection, sent again where they fail. */
import type { Clock, Timer } from '../../model/time.ts';
import type { Call } from './dialect.ts';

export interface Post {
  /** Made when it is sent: only then the id of the transaction may be known. */
  build(): Call;
  answered?(answer: unknown): void;
}

export interface OutboxRoute {
  isOpen(): boolean;
  send(call: Call): Promise<unknown>;
  attempts(): number;
  retryS(): number;
}

export interface Outbox {
  push(post: Post): void;
  flush(): void;
  length(): number;
}

export const createOutbox = (route: OutboxRoute, clock: Clock): Outbox => {
  const posts: Post[] = [];
  let attempts = 0;
  let isBusy = false;
  let retrying: Timer | undefined;

  /** @returns false where nothing more goes out for now */
  const sendFirst = async (post: Post): Promise<boolean> => {
    try {
      const answer = await route.send(post.build());
      posts.shift();
      attempts = 0;
      post.answered?.(answer);
      return true;
    } catch {
      // Without a connection it stays; that was no attempt (OCPP 1.6 §4.6).
      if (!route.isOpen()) return false;
      attempts += 1;
      if (attempts < route.attempts()) {
        retrying = clock.after(route.retryS() * attempts * 1000, () => {
          retrying = undefined;
          flush();
        });
        return false;
      }
      posts.shift();
      attempts = 0;
      return true;
    }
  };

  const run = async (): Promise<void> => {
    isBusy = true;
    let goesOn = true;
    while (goesOn && route.isOpen() && posts[0]) goesOn = await sendFirst(posts[0]);
    isBusy = false;
  };

  const flush = (): void => {
    if (!isBusy && !retrying) void run();
  };

  return {
    push(post) {
      posts.push(post);
      flush();
    },
    flush,
    length: () => posts.length,
  };
};
