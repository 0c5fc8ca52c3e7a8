/**
 * What was not acknowledged when a connection ended, in the order in which it is sent again. Whether a message is to blame
 * for the end shows where it is sent alone: all that were in flight when the other side hung up go one by one, and
 * whichever ended a connection alone has to wait until the rest is through and the connection has lasted a moment.
 */
import type { Clock, Timer } from '../model/time.ts';
import type { Sent } from './inflight.ts';
import type { Outbox } from './outbox.ts';
import type { ServerLimits } from './server-limits.ts';

export interface Replay {
  /** A connection begins. @param settled called when it has lasted a moment */
  start(unacknowledged: Sent[], settled: () => void): void;
  /** It is sent alone, when the connection has lasted a moment. */
  defer(sent: Sent): void;
  /** @param isAir whether anything is unacknowledged on this connection. @returns wait: nothing may be sent until then */
  next(isAir: boolean): Sent | 'wait' | undefined;
  /** It was acknowledged, or is given up: what waits on its topic may go. */
  end(sent: Sent): void;
  stop(): void;
}

/** A connection that lasts so long does not end by chance the moment a message is sent. */
const settledMs = 1000;
const endingsOfPoison = 2;

const topicOf = ({ entry }: Sent): string => entry.publication.topic;

export const createReplay = (outbox: Outbox, clock: Clock): Replay => {
  let ready: Sent[] = [];
  /** What ended a connection alone, and whatever follows it on its topic. */
  let deferred: Sent[] = [];
  let isSettled = false;
  let timer: Timer | undefined;
  return {
    start(unacknowledged, settled) {
      const blamed = new Set(unacknowledged.filter(({ endings }) => endings > 0).map(topicOf));
      deferred = unacknowledged.filter((sent) => blamed.has(topicOf(sent)));
      ready = unacknowledged.filter((sent) => !blamed.has(topicOf(sent)));
      for (const topic of blamed) outbox.hold(topic);
      isSettled = false;
      timer = clock.after(settledMs, () => {
        isSettled = true;
        settled();
      });
    },
    defer(sent) {
      deferred.push(sent);
      outbox.hold(topicOf(sent));
    },
    next(isAir) {
      const from = ready.length > 0 ? ready : isSettled ? deferred : [];
      if (from[0]?.isSuspect && isAir) return 'wait';
      return from.shift();
    },
    end(sent) {
      if (!deferred.some((each) => topicOf(each) === topicOf(sent))) outbox.release(topicOf(sent));
    },
    stop: () => timer?.cancel(),
  };
};

/**
 * The other side ended a connection with these unacknowledged.
 * @param isAlone with one, and nothing else in the air
 * @returns the one that has ended connections again and again, and is not to be sent any more
 */
export const blame = (open: Sent[], isAlone: boolean, limits: ServerLimits): Sent | undefined => {
  for (const sent of open) sent.isSuspect = true;
  const [sent] = open;
  if (!isAlone || !sent) return undefined;
  const { publication } = sent.entry;
  const manner = sent.trial ?? limits.limit(publication);
  sent.endings++;
  limits.blamed(manner);
  if (sent.endings < endingsOfPoison && !limits.doubts(manner)) return undefined;
  const trial = limits.weaker(publication, sent.trial);
  if (!trial) return sent.endings < endingsOfPoison ? undefined : sent;
  sent.trial = trial;
  return undefined;
};
