/** Tries a broker once, as the Test button of the form does. */
import type { Phrase } from '../../model/phrase.ts';
import { describeServer } from '../../model/server-address.ts';
import type { Clock } from '../../model/time.ts';
import { BrokerClient } from '../client.ts';
import type { ClientOptions } from '../client-options.ts';
import { Session } from '../session/session.ts';
import type { ConnectionState } from './connection-state.ts';

/** ms: how long it took until CONNACK. reasons: why each server failed, in the order of their failures. */
type ConnectionTestResult =
  | { kind: 'online'; server: string; version: 4 | 5; ms: number }
  | { kind: 'failed'; reasons: Phrase[] };

const giveUpMs = 8000;
/** A failure may be looked into for a moment, and be explained better. */
const closerLookMs = 2500;

/** Connects with a client identifier of its own, so that a running connection is not ended, and disconnects again. */
export const testConnection = (options: ClientOptions, clock: Clock): Promise<ConnectionTestResult> => {
  const client = new BrokerClient({ ...options, sessionExpiryS: 0 }, new Session(1), clock);
  const startedAt = clock.monotonic();
  /** The last failure of each server, in the order in which they failed first. */
  const reasons = new Map<string, Phrase>();
  return new Promise((resolve) => {
    const finish = (result: ConnectionTestResult): void => {
      timer.cancel();
      following.remove();
      void client.close(true).then(() => resolve(result));
    };
    const fail = (): void => {
      for (const server of options.servers.map(describeServer))
        if (!reasons.has(server)) reasons.set(server, { key: 'refusal.timeout', params: { server, host: server } });
      finish({ kind: 'failed', reasons: [...reasons.values()] });
    };
    let timer = clock.after(giveUpMs, fail);
    const onWaiting = ({ server, reason }: Extract<ConnectionState, { kind: 'waiting' }>): void => {
      reasons.set(server, reason);
      if (reasons.size < options.servers.length) return;
      timer.cancel();
      if (reason.key.startsWith('refusal.hangUp')) timer = clock.after(closerLookMs, fail);
      else fail();
    };
    const following = client.onState(() => {
      const { state } = client;
      if (state.kind === 'waiting') onWaiting(state);
      if (state.kind !== 'online') return;
      const { server, version } = state;
      finish({ kind: 'online', server, version, ms: Math.round(clock.monotonic() - startedAt) });
    });
    client.open();
  });
};
