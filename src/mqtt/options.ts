/** How a link to the broker is meant to be. */
import type { Publication } from './outbox.ts';
import type { Server } from './servers.ts';

export interface LinkOptions {
  /** The preferred one first. */
  servers: Server[];
  clientId: string;
  username?: string;
  password?: string;
  /** ca, cert, key, passphrase, servername, rejectUnauthorized as the tls-config node fills them in. */
  tls?: Record<string, unknown>;
  /** auto: 5 first, 3.1.1 where it is refused. */
  version?: 'auto' | 5 | 4;
  keepaliveS?: number;
  /** How long the broker keeps our session (MQTT 5), s. */
  sessionExpiryS?: number;
  connectTimeoutMs?: number;
  /** Put before every topic and taken off again. */
  prefix?: string;
  /** Sent by the broker when the connection breaks. */
  will?: Publication;
  /** Sent after each connection. */
  birth?(): Publication;
  /** Sent before an orderly end, which sends no will. */
  farewell?(): Publication;
  /** Unacknowledged publications at a time, also bounded by the server's Receive Maximum. */
  window?: number;
  /** How often the preferred server is tried while connected to another, ms. */
  returnCheckMs?: number;
}
