/** A small MQTT 3.1.1 broker in the runtime, for the first minutes and for sites that have no other. */
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../model/time.ts';
import type { Account } from './access/login.ts';
import { addressOf, OpenConnections } from './access/open-connections.ts';
import { Broker } from './broker.ts';
import { type BrokerEvent, BrokerEvents, limitReason } from './broker-events.ts';
import { type BrokerLimits, defaultLimits } from './broker-limits.ts';
import { listen } from './broker-listener.ts';

export type { BrokerEvent } from './broker-events.ts';
export { type BrokerLimits, defaultLimits } from './broker-limits.ts';

export interface EmbeddedOptions extends Account {
  host: string;
  port: number;
  tls?: TlsOptions;
  /** Limits that are not given are the defaults. */
  limits?: Partial<BrokerLimits>;
}

/** The numbers that the limits bound, as they stand. */
interface BrokerUsage {
  connections: number;
  persistentSessions: number;
  queuedBytes: number;
  /** Bytes that wait to be read by all clients together. */
  outgoingBytes: number;
  retainedMessages: number;
}

/** A running broker. */
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
  const events = new BrokerEvents(clock, report);
  const connections = new OpenConnections(limits, clock, (limit, address) =>
    events.tellLimited({ kind: 'limited', limit, address, reason: limitReason[limit](limits) }),
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
        events.tellLimited({ kind: 'refused', client: '', address: addressOf(socket), reason }),
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
