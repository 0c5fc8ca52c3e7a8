/** Tries a broker once, as the Test button of the form does. */
import type { Clock } from '../model/time.ts';
import { createMqttLink } from './link.ts';
import type { LinkOptions } from './options.ts';
import { createSession } from './session.ts';

export type BrokerProbe =
  | { kind: 'online'; server: string; version: 4 | 5; ms: number }
  | { kind: 'failed'; reason: string };

const giveUpMs = 8000;

/** Connects with a client id of its own, so that the running connection is not thrown out, and leaves again. */
export const probeBroker = (options: LinkOptions, clock: Clock): Promise<BrokerProbe> => {
  const link = createMqttLink({ ...options, sessionExpiryS: 0 }, createSession(1), clock);
  const startedAt = clock.monotonic();
  let failures = 0;
  return new Promise((resolve) => {
    const finish = (result: BrokerProbe): void => {
      timer.cancel();
      following.remove();
      void link.close(true).then(() => resolve(result));
    };
    const timer = clock.after(giveUpMs, () => finish({ kind: 'failed', reason: 'no answer within 8 s' }));
    const following = link.onState(() => {
      const state = link.state();
      if (state.kind === 'online')
        finish({
          kind: 'online',
          server: state.server,
          version: state.version,
          ms: Math.round(clock.monotonic() - startedAt),
        });
      else if (state.kind === 'waiting' && ++failures >= options.servers.length)
        finish({ kind: 'failed', reason: `${state.server}: ${state.reason}` });
    });
    link.open();
  });
};
