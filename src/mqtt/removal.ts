/**
 * What is retained of a device or site that is no more, taken off the broker: what this session knows of at once, and
 * then what an earlier run of this runtime has left there, which only the broker can tell.
 */
import { isRecord } from '../model/check.ts';
import type { Clock, Timer } from '../model/time.ts';
import type { MqttLink } from './link.ts';
import type { Retained } from './retained.ts';
import type { Subscriber } from './subscriptions.ts';

export interface Removals {
  /** @param path the beginning of its topics: "devices/101", "sites/home" */
  remove(path: string): void;
  /** One topic alone, as far as this session knows of it. */
  withdraw(topic: string): void;
  /** Resolves when nothing is looked for any more. */
  done(): Promise<void>;
  close(): void;
}

export interface RemovalOptions {
  /** Whose meta it may be: a device that another one speaks for is left alone. */
  gateway: string;
  /** It has come back meanwhile. */
  isBack(path: string): boolean;
}

/** By then the broker has told what it retains. */
const lookMs = 2000;

const gatewayOf = (payload: Buffer): unknown => {
  try {
    const meta: unknown = JSON.parse(payload.toString());
    return isRecord(meta) ? meta.gateway : undefined;
  } catch {
    return undefined;
  }
};

interface Look {
  subscriber: Subscriber;
  timer: Timer;
}

export const createRemovals = (
  link: MqttLink,
  retained: Retained,
  { gateway, isBack }: RemovalOptions,
  clock: Clock,
): Removals => {
  const looks = new Map<string, Look>();
  const waiting = new Set<string>();
  const listeners = new Set<() => void>();

  const clear = (topic: string): void => link.publish({ topic, payload: '', qos: 1, retain: true });

  const end = (path: string): void => {
    const look = looks.get(path);
    looks.delete(path);
    look?.timer.cancel();
    look?.subscriber.remove(true);
    if (looks.size === 0) for (const listener of listeners) listener();
  };

  const look = (path: string): void => {
    const found = new Set<string>();
    let isForeign = false;
    const subscriber = link.subscribe([`${path}/#`], 1, ({ topic, payload, retain }) => {
      if (!retain || payload.length === 0) return;
      found.add(topic);
      isForeign ||= topic === `${path}/meta` && gatewayOf(payload) !== gateway;
    });
    const timer = clock.after(lookMs, () => {
      end(path);
      if (!isForeign && !isBack(path)) for (const each of found) clear(each);
    });
    looks.set(path, { subscriber, timer });
  };

  const follow = (): void => {
    if (link.state().kind !== 'online') {
      // Whatever has not come will not come on this connection.
      for (const path of [...looks.keys()]) {
        waiting.add(path);
        end(path);
      }
      return;
    }
    const paths = [...waiting];
    waiting.clear();
    for (const path of paths) if (!isBack(path)) look(path);
  };
  // What waits for the connection goes first.
  const following = link.onState(() => clock.after(0, follow));

  return {
    remove(path) {
      // A tree of bare values has a prefix of its own.
      for (const topic of retained.topics())
        if (topic.startsWith(`${path}/`) || topic.includes(`/${path}/`)) clear(topic);
      waiting.add(path);
      follow();
    },
    withdraw(topic) {
      for (const each of retained.topics()) if (each === topic || each.endsWith(`/${topic}`)) clear(each);
    },
    done: () =>
      new Promise((resolve) => {
        if (looks.size === 0) resolve();
        else listeners.add(resolve);
      }),
    close() {
      following.remove();
      for (const path of [...looks.keys()]) end(path);
    },
  };
};
