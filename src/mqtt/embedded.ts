/** A small MQTT 3.1.1 broker in the runtime, for the first minutes and for sites with nothing else. */
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../model/time.ts';
import { Broker } from './embedded/broker.ts';
import { addressOf, Connections } from './embedded/connections.ts';
import { type BrokerEvent, EventLimiter, limitReason } from './embedded/events.ts';
import { type BrokerLimits, defaultLimits } from './embedded/limits.ts';
import { listen } from './embedded/listener.ts';
import type { Account } from './embedded/login.ts';

export type { BrokerEvent } from './embedded/events.ts';
export { type BrokerLimits, defaultLimits } from './embedded/limits.ts';

export interface EmbeddedOptions extends Account {
  host: string;
  port: number;
  tls?: TlsOptions;
  /** Those that are not given are the defaults. */
  limits?: Partial<BrokerLimits>;
}

/** What the limits bound, as it stands. */
export interface BrokerUsage {
  connections: number;
  persistentSessions: number;
  queuedBytes: number;
  /** Bytes that wait to be read by all clients together. */
  outgoingBytes: number;
  retainedMessages: number;
}

export interface EmbeddedBroker {
  /** The port it listens on, where 0 was asked for. */
  port: number;
  clients(): number;
  usage(): BrokerUsage;
  close(): Promise<void>;
}

/**
 * Starts a broker.
 * @throws when the port cannot be opened, with the port and the reason in words
 */
export const startEmbeddedBroker = async (
  { host, port, tls, limits: given, ...account }: EmbeddedOptions,
  report: (event: BrokerEvent) => void,
  clock: Clock,
): Promise<EmbeddedBroker> => {
  const limits: BrokerLimits = { ...defaultLimits, ...given };
  const events = new EventLimiter(clock, report);
  const connections = new Connections(limits, clock, (limit, address) =>
    events.tell({ kind: 'limited', limit, address, reason: limitReason[limit](limits) }),
  );
  const broker = new Broker({ account, limits, clock, connections, events });
  await broker.start();
  const end = async (): Promise<void> => {
    await broker.close();
    connections.close();
    events.close();
  };
  const listener = await listen(
    { host, port, ...(tls && { tls }) },
    {
      accept: (socket) => connections.accept(socket),
      open: (socket) => broker.open(socket),
      refused: (socket: Socket, reason) =>
        events.tell({ kind: 'refused', client: '', address: addressOf(socket), reason }),
    },
  ).catch(async (error) => {
    await end();
    throw error;
  });
  return {
    port: listener.port,
    clients: () => broker.sessions.connected,
    usage: () => ({
      connections: connections.count,
      persistentSessions: broker.sessions.persistent,
      queuedBytes: broker.sessions.queuedBytes,
      outgoingBytes: broker.sessions.outgoingBytes,
      retainedMessages: broker.retained.count,
    }),
    async close() {
      const closed = listener.close();
      await end();
      await closed;
    },
  };
};
