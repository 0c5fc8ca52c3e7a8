/**
 * What outlives a connection, and with it a redeploy: messages that wait, messages in flight with their packet ids,
 * what the brokers should retain and what they do, and the filters the broker knows of us.
 */
import mqtt from 'mqtt';
import { createMemoryOutbox, type Outbox } from './outbox.ts';
import { createRetained, type Retained } from './retained.ts';

export interface Session {
  outbox: Outbox;
  /** Unacknowledged publications and releases by packet id: MQTT 4.1, session state of the client. */
  outgoing: InstanceType<typeof mqtt.Store>;
  incoming: InstanceType<typeof mqtt.Store>;
  retained: Retained;
  /** As they stand on the wire: those of an earlier prefix are taken back. */
  filters: Set<string>;
}

/** @param capacity messages of QoS 1 and 2 that may wait while the broker is away */
export const createSession = (capacity: number): Session => ({
  outbox: createMemoryOutbox(capacity),
  outgoing: new mqtt.Store({ clean: false }),
  incoming: new mqtt.Store({ clean: false }),
  retained: createRetained(),
  filters: new Set(),
});
