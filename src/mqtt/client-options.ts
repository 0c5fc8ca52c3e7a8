/** How a client of a broker is meant to be. */
import type { Server } from '../model/server-address.ts';
import type { Publication } from './publishing/publication.ts';

export interface ClientOptions {
  /** The preferred server first. */
  servers: Server[];
  /** Client Identifier (MQTT 5 §3.1.3.1). */
  clientId: string;
  username?: string;
  password?: string;
  /** ca, cert, key, passphrase, servername, rejectUnauthorized as the tls-config node fills them in. */
  tls?: Record<string, unknown>;
  /** auto: MQTT 5 first, 3.1.1 where that is refused. */
  version?: 'auto' | 5 | 4;
  /** Keep Alive (MQTT 5 §3.1.2.10), s. */
  keepaliveS?: number;
  /** Session Expiry Interval (MQTT 5 §3.1.2.11.2), s. */
  sessionExpiryS?: number;
  /** How long one server is waited for until it has answered CONNECT, ms. */
  connectTimeoutMs?: number;
  /** Put before every topic and taken off again. */
  prefix?: string;
  /** Will Message (MQTT 5 §3.1.2.5): published by the server when the connection breaks. */
  will?: Publication;
  /** @returns the message that is published first on each connection */
  birth?(): Publication;
  /** @returns the message that is published before an orderly end, after which the server publishes no Will Message */
  farewell?(): Publication;
  /** Publications of QoS 1 and 2 that may be unacknowledged at once, also bounded by the server's Receive Maximum. */
  window?: number;
  /** How often the preferred server is tried while another one is connected, ms. */
  returnCheckMs?: number;
}
