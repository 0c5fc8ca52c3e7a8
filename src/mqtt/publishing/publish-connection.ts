/** The connection to the server, as those see it who publish over it, and what it leaves behind when it ends. */
import type { MqttClient } from 'mqtt';
import type { ClientEvent } from '../client-events.ts';

/** A connection, as far as publishing knows it. */
export interface PublishConnection {
  /** mqtt.js, kept over all connections. */
  client(): MqttClient | undefined;
  isOnline(): boolean;
  /** Address of the server that is connected, or comes next. */
  server(): string;
  tell(event: ClientEvent): void;
}

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
