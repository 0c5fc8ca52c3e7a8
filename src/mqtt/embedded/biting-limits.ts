/** Which limits bite at present: each is told once when it begins, and again only after it was quiet for a while. */
import type { Clock, Timer } from '../../model/time.ts';
import type { BrokerEvent } from './events.ts';

type Limited = Extract<BrokerEvent, { kind: 'limited' }>;

/** Longer than the pause after which what goes on is told again. */
const quietMs = 60_000;
/** Client ids are chosen by strangers. */
const mostStates = 100;

const nameOf = ({ client, address }: Limited): string =>
  client === undefined ? (address ?? 'the broker') : `client "${client}"${address ? ` at ${address}` : ''}`;

export interface BitingLimits {
  note(event: BrokerEvent): void;
  any(): boolean;
  close(): void;
}

/**
 * @param began called with a sentence for the log
 * @param ended called when no limit bites any more
 */
export const createBitingLimits = (
  clock: Clock,
  sink: { began(sentence: string): void; ended(): void },
): BitingLimits => {
  const states = new Map<string, Timer>();
  const keyOf = ({ limit, client }: Limited): string => {
    const own = client === undefined ? limit : `${limit} ${client}`;
    return states.has(own) || states.size < mostStates ? own : limit;
  };
  return {
    note(event) {
      if (event.kind !== 'limited') return;
      const key = keyOf(event);
      const quiet = clock.after(quietMs, () => {
        states.delete(key);
        if (states.size === 0) sink.ended();
      });
      const before = states.get(key);
      before?.cancel();
      states.set(key, quiet);
      if (!before) sink.began(`${nameOf(event)}: ${event.reason}`);
    },
    any: () => states.size > 0,
    close() {
      for (const timer of states.values()) timer.cancel();
    },
  };
};
