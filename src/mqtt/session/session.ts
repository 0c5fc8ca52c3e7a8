/**
 * The session of a client (MQTT 5 §4.1) and what else outlives a connection, and with it a redeploy: messages that
 * wait, messages in flight with their Packet Identifiers, what the servers should retain and what they do, what each
 * server takes, and the subscriptions that the servers hold.
 */
import { ServerCapabilities } from '../connection/server-capabilities.ts';
import { MemoryOutbox, type Outbox } from '../publishing/outbox.ts';
import { RetainedPublications } from '../publishing/retained-publications.ts';
import { HeldPacketIds } from './held-packet-ids.ts';
import { InFlight } from './packet-identifiers.ts';

/** Knowledge of one server that outlives its connections. */
export interface ServerRecord {
  capabilities: ServerCapabilities;
  heldPacketIds: HeldPacketIds;
  /** Assigned Client Identifier (MQTT 5 §3.2.2.3.7), under which the server keeps the session. */
  clientId?: string;
}

/** A message of QoS 2 that has come, and whose Packet Identifier is not free again. */
export interface ReceivedPublish {
  topic: string;
  /** Hash of the payload: another server may use the same identifier for another message. */
  digest: string;
  /** Undefined once the message was handed over. */
  handing: Promise<void> | undefined;
}

/** The session of one client. */
export class Session {
  readonly outbox: Outbox;
  /** Publications, and releases of publications, that no server has acknowledged. */
  readonly inFlight = new InFlight();
  /** Messages of QoS 2 that have come and are not released, by Packet Identifier. */
  readonly received = new Map<number, ReceivedPublish>();
  readonly retained = new RetainedPublications();
  /** Topic Filters that the server holds, with their prefix: those of an earlier prefix are unsubscribed from. */
  readonly subscribed = new Set<string>();
  /** Resolves when the connection before is closed: two with one client identifier would end each other. */
  closing: Promise<unknown> | undefined;
  readonly #servers = new Map<string, ServerRecord>();
  #clientId: string | undefined;

  /** @param capacity messages of QoS 1 and 2 that may wait while the broker is away */
  constructor(capacity: number) {
    this.outbox = new MemoryOutbox(capacity);
  }

  /** @param address of a server, as describeServer gives it */
  server(address: string): ServerRecord {
    let record = this.#servers.get(address);
    if (!record) {
      record = { capabilities: new ServerCapabilities(), heldPacketIds: new HeldPacketIds() };
      this.#servers.set(address, record);
    }
    return record;
  }

  /**
   * Servers keep a session under its client identifier: under another one than before, they hold nothing of this one.
   */
  openAs(clientId: string): void {
    if (clientId !== this.#clientId) {
      for (const [address, { capabilities }] of this.#servers)
        this.#servers.set(address, { capabilities, heldPacketIds: new HeldPacketIds() });
      for (const publication of this.inFlight.all()) publication.isReceived = false;
      this.received.clear();
      this.subscribed.clear();
    }
    this.#clientId = clientId;
  }
}
