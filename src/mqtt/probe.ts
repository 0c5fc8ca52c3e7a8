/** Tries a broker once, as the Test button of the form does. */
import type { Phrase } from '../model/phrase.ts';
import type { Clock } from '../model/time.ts';
import { createMqttLink, type LinkState } from './link.ts';
import type { LinkOptions } from './options.ts';
import { describeServer } from './servers.ts';
import { createSession } from './session.ts';

export type BrokerProbe =
  | { kind: 'online'; server: string; version: 4 | 5; ms: number }
  | { kind: 'failed'; reasons: Phrase[] };

const giveUpMs = 8000;
/** A reason may be looked into for a moment, and become a better one. */
const secondLookMs = 2500;

/** Connects with a client id of its own, so that the running connection is not thrown out, and leaves again. */
export const probeBroker = (options: LinkOptions, clock: Clock): Promise<BrokerProbe> => {
  const link = createMqttLink({ ...options, sessionExpiryS: 0 }, createSession(1), clock);
  const startedAt = clock.monotonic();
  /** By server, as it failed first: the last word on it. */
  const reasons = new Map<string, Phrase>();
  return new Promise((resolve) => {
    const finish = (result: BrokerProbe): void => {
      timer.cancel();
      following.remove();
      void link.close(true).then(() => resolve(result));
    };
    const fail = (): void => {
      for (const server of options.servers.map(describeServer))
        if (!reasons.has(server)) reasons.set(server, { key: 'refusal.timeout', params: { server, host: server } });
      finish({ kind: 'failed', reasons: [...reasons.values()] });
    };
    let timer = clock.after(giveUpMs, fail);
    const onWaiting = ({ server, reason }: Extract<LinkState, { kind: 'waiting' }>): void => {
      reasons.set(server, reason);
      if (reasons.size < options.servers.length) return;
      timer.cancel();
      if (reason.key.startsWith('refusal.hangUp')) timer = clock.after(secondLookMs, fail);
      else fail();
    };
    const following = link.onState(() => {
      const state = link.state();
      if (state.kind === 'waiting') onWaiting(state);
      if (state.kind !== 'online') return;
      const { server, version } = state;
      finish({ kind: 'online', server, version, ms: Math.round(clock.monotonic() - startedAt) });
    });
    link.open();
  });
};
