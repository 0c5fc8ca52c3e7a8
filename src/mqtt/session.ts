/**
 * What outlives a connection, and with it a redeploy: messages that wait, messages in flight with their packet ids,
 * what the brokers should retain and what they do, what each server takes, and the filters the broker knows of us.
 */
import type { UnderWay } from './acknowledgement.ts';
import { HeldIds } from './held-ids.ts';
import { createInFlight, type InFlight } from './inflight.ts';
import { createMemoryOutbox, type Outbox } from './outbox.ts';
import { createRetained, type Retained } from './retained.ts';
import { ServerLimits } from './server-limits.ts';

/** What is known of one server over its connections. */
export interface ServerMemory {
  limits: ServerLimits;
  heldIds: HeldIds;
  /** The name it gave us in place of ours (MQTT 5 §3.2.2.3.7): under it, it keeps our session. */
  clientId?: string;
}

export interface Session {
  outbox: Outbox;
  /** Unacknowledged publications and releases by packet id: MQTT 4.1, session state of the client. */
  inFlight: InFlight;
  /** Messages of QoS 2 that have come and are not released, by packet id. */
  underWay: Map<number, UnderWay>;
  retained: Retained;
  /** The connection before is saying goodbye: until then there must be no other one. */
  leaving: Promise<unknown> | undefined;
  /** As they stand on the wire: those of an earlier prefix are taken back. */
  filters: Set<string>;
  /** @param server as described in words */
  server(server: string): ServerMemory;
  /** Servers keep a session under its client id: with another one than before, they know nothing of what is here. */
  openAs(clientId: string): void;
}

/** @param capacity messages of QoS 1 and 2 that may wait while the broker is away */
export const createSession = (capacity: number): Session => {
  const servers = new Map<string, ServerMemory>();
  const inFlight = createInFlight();
  const underWay = new Map<number, UnderWay>();
  const filters = new Set<string>();
  let openedAs: string | undefined;
  return {
    outbox: createMemoryOutbox(capacity),
    inFlight,
    underWay,
    retained: createRetained(),
    leaving: undefined,
    filters,
    server(name) {
      const known = servers.get(name) ?? { limits: new ServerLimits(), heldIds: new HeldIds() };
      servers.set(name, known);
      return known;
    },
    openAs(clientId) {
      if (clientId !== openedAs) {
        for (const [name, { limits }] of servers) servers.set(name, { limits, heldIds: new HeldIds() });
        for (const sent of inFlight.all()) sent.isReceived = false;
        underWay.clear();
        filters.clear();
      }
      openedAs = clientId;
    },
  };
};
