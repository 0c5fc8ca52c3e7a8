/** What is told of the connection: every state once, however often it is tried and however short a connection was. */
import type { Phrase } from '../model/phrase.ts';
import type { Clock, Timer } from '../model/time.ts';
import type { LinkEvent } from './link-events.ts';

export interface ConnectionNews {
  online(server: string): void;
  /** @param isTrouble we did not end it ourselves */
  offline(phrase: Phrase, isTrouble: boolean): void;
  /** What stays true at a server is told once of it. */
  once(event: LinkEvent): void;
  /** The connection is not wanted any more: how it ends is no news. */
  close(): void;
}

/** A connection that is over sooner is none that anybody could rely on. */
const stableMs = 5000;
/** A broker that starts together with us, as the local one does, is there after so long, ms. */
const startMs = 3000;

export const createConnectionNews = (clock: Clock, tell: (event: LinkEvent) => void): ConnectionNews => {
  /** Told since the last connection that lasted. */
  const told = new Set<string>();
  const toldForGood = new Set<string>();
  let stable: Timer | undefined;
  /** Refusals of the first moments, by what is told of them; undefined: they are over. */
  let early: Map<string, Phrase> | undefined = new Map();
  let starting: Timer | undefined;
  let isClosed = false;
  const nameOf = ({ key, params }: Phrase): string => `${key} ${params.server}`;

  const tellOffline = (phrase: Phrase): void => {
    told.add(nameOf(phrase));
    tell({ name: 'broker_offline', severity: 'warning', phrase });
  };

  const endStart = (): void => {
    for (const phrase of early?.values() ?? []) tellOffline(phrase);
    early = undefined;
  };

  return {
    online(server) {
      starting?.cancel();
      early = undefined;
      stable?.cancel();
      stable = clock.after(stableMs, () => {
        if (told.size === 0) return;
        told.clear();
        tell({ name: 'broker_online', severity: 'info', phrase: { key: 'notice.online', params: { server } } });
      });
    },
    offline(phrase, isTrouble) {
      stable?.cancel();
      if (isClosed || !isTrouble || told.has(nameOf(phrase))) return;
      if (!early || phrase.key !== 'refusal.connectionRefused') {
        tellOffline(phrase);
        return;
      }
      early.set(nameOf(phrase), phrase);
      starting ??= clock.after(startMs, endStart);
    },
    once(event) {
      const name = nameOf(event.phrase);
      if (toldForGood.has(name)) return;
      toldForGood.add(name);
      tell(event);
    },
    close() {
      isClosed = true;
      stable?.cancel();
      starting?.cancel();
    },
  };
};
