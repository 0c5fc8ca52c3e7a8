/** A publication of a client: an application message, its topic, and the fields of PUBLISH that it asks for. */

/** Quality of Service: 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;

/** QoS and RETAIN of a PUBLISH (MQTT 5 §3.3.1), as they are asked for or as far as a server takes them. */
export interface PublishFlags {
  qos: QoS;
  retain: boolean;
}

/** An application message with its topic and the fields of PUBLISH. */
export interface Publication extends PublishFlags {
  /** Topic Name without the prefix of the client. */
  topic: string;
  payload: string | Buffer;
  /** Seconds from now until the message is worth nothing: its Message Expiry Interval (MQTT 5 §3.3.2.3.3). */
  expiryS?: number;
  /** Correlation Data (MQTT 5 §3.3.2.3.6): tells the receiver of a response what it answers. */
  correlationData?: Buffer;
  /** Response Topic (MQTT 5 §3.3.2.3.5), with the prefix. */
  responseTopic?: string;
  /** The topic is the whole Topic Name: no prefix is put before it. */
  isAbsolute?: boolean;
}

/** A publication that the client has taken. */
export interface QueuedPublication extends Omit<Publication, 'expiryS'> {
  /** When the message is worth nothing, monotonic, ms. */
  expiresAt?: number;
}

/** A publication that waits for its turn or for its acknowledgement. */
export interface OutboxEntry {
  publication: QueuedPublication;
  /** Called once: without an error after PUBACK or PUBCOMP. */
  done(error?: Error): void;
}
