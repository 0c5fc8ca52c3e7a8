/**
 * What was said before a device or site went: copies of it are still on their way when it goes, between nodes and from
 * the broker, and would bring it back.
 */
import type { Message } from '../model/message.ts';
import type { Meta } from '../model/meta.ts';
import { type Clock, parseTime } from '../model/time.ts';

export interface Bygone {
  /** @param path "devices/101", "sites/home". @param meta the last of the device, where it is known */
  add(path: string, meta: Meta | undefined): void;
  /** It is there again. */
  remove(path: string): void;
  /** What has gone lately. */
  paths(): string[];
  /** Whether a message was said before what it is about went. */
  holds(message: Message): boolean;
}

interface Gone {
  meta: Meta | undefined;
  /** Wall clock, ms. */
  at: number;
  /** Monotonic, ms. */
  since: number;
}

/** No message is on its way for so long; a deploy holds some up for 20 s. */
const underWayMs = 60_000;

/** "devices/101" of "devices/101/battery/soc" */
const pathOf = (topic: string): string => topic.split('/', 2).join('/');

const isNotNewer = (ts: string | undefined, than: string | undefined): boolean =>
  ts === undefined || than === undefined || ts <= than;

export const createBygone = (clock: Clock): Bygone => {
  const gone = new Map<string, Gone>();
  const prune = (): void => {
    for (const [path, { since }] of gone) if (clock.monotonic() - since > underWayMs) gone.delete(path);
  };
  return {
    add(path, meta) {
      prune();
      gone.set(path, { meta, at: clock.now(), since: clock.monotonic() });
    },
    remove: (path) => void gone.delete(path),
    paths() {
      prune();
      return [...gone.keys()];
    },
    holds(message) {
      if (gone.size === 0) return false;
      const left = gone.get(pathOf(message.topic));
      if (!left || clock.monotonic() - left.since > underWayMs) return false;
      // The clocks of two gateways differ: the meta of one says nothing about that of another.
      if (message.schema === 'meta/1')
        return message.gateway === left.meta?.gateway && isNotNewer(message.ts, left.meta.ts);
      return typeof message.ts !== 'string' || parseTime(message.ts) <= left.at;
    },
  };
};
