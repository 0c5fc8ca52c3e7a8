/**
 * The connection to the server as those see it who publish: how the server takes a publication, why it takes none, and
 * what a connection leaves behind when it ends.
 */
import type { MqttClient } from 'mqtt';
import type { Clock } from '../../model/time.ts';
import type { ClientEvent } from '../client-events.ts';
import type { ServerRecord } from '../session/session.ts';
import type { PublishFlags, QueuedPublication } from './publication.ts';

/** How a connection ended, as far as that tells something about the publications in flight. */
export interface ConnectionEnd {
  /** The server ended the connection, for no other reason than perhaps what it had received. */
  isByServer: boolean;
  /** The server said that its Receive Maximum was exceeded. */
  isReceiveMaximumExceeded?: boolean;
  /** Reason Code of DISCONNECT (MQTT 5 §3.14.2.1). */
  reasonCode?: number;
}

/** Publications that a connection left behind. */
export interface LeftUnacknowledged {
  /** Number of publications. */
  count: number;
  /** The connection seems to have ended over one of them. */
  isBlamed: boolean;
}

/** The connections of one client, one at a time. */
export class PublishConnection {
  /** Stands before every topic on the wire. */
  readonly prefix: string;
  readonly #clock: Clock;
  readonly tell: (event: ClientEvent) => void;
  /** mqtt.js, kept over all connections; undefined before the first one. */
  client: MqttClient | undefined;
  isOnline = false;
  /** Address of the server that is connected, or was last; empty before the first connection. */
  address = '';
  /** Knowledge of that server. */
  server: ServerRecord;

  /**
   * @param server the one that is connected first
   * @param tell takes what people should know of publications
   */
  constructor(prefix: string, clock: Clock, server: ServerRecord, tell: (event: ClientEvent) => void) {
    this.prefix = prefix;
    this.#clock = clock;
    this.server = server;
    this.tell = tell;
  }

  /** CONNACK has accepted a connection to this server. */
  onConnack(client: MqttClient, address: string, server: ServerRecord): void {
    this.client = client;
    this.address = address;
    this.server = server;
  }

  /** @returns the Topic Name as it stands on the wire */
  topicName({ topic, isAbsolute }: Pick<QueuedPublication, 'topic' | 'isAbsolute'>): string {
    return isAbsolute ? topic : this.prefix + topic;
  }

  /** @returns why a publication is not sent, in words */
  refusal(topicName: string, publication: QueuedPublication): string | undefined {
    const { expiresAt = Number.POSITIVE_INFINITY } = publication;
    if (expiresAt <= this.#clock.monotonic()) return 'it waited for the broker until it was worth nothing';
    return this.server.capabilities.refusesPublish(topicName, publication);
  }

  /** @returns QoS and RETAIN with which a publication is sent; what it has to do without is told once of each server */
  flags(asked: PublishFlags): PublishFlags {
    const { capabilities } = this.server;
    const flags = capabilities.reduce(asked);
    if (flags.qos === asked.qos && flags.retain === asked.retain) return flags;
    for (const lack of capabilities.newlyMissing(asked, flags)) {
      const params = { server: this.address, qos: flags.qos };
      this.tell({ name: 'delivery_degraded', severity: 'warning', phrase: { key: `notice.${lack}`, params } });
    }
    return flags;
  }
}
