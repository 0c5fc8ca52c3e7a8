/** CONNECT (MQTT 5 §3.1) as mqtt.js is asked for it: login, Will Message, Keep Alive, session, limits, and TLS. */
import { isIP } from 'node:net';
import type { IClientOptions } from 'mqtt';
import { isEncrypted, type Server } from '../../model/server-address.ts';
import type { ClientOptions } from '../client-options.ts';
import type { Session } from '../session/session.ts';
import type { ConnectVariant } from './connect-fallback.ts';

const defaultKeepaliveS = 30;
const defaultSessionExpiryS = 3600;
/** Receive Maximum (MQTT 5 §3.1.2.11.3): publications that wait here unacknowledged while a subscriber is away. */
const receiveMaximum = 1000;
/** The path at which brokers usually serve MQTT over WebSocket; the specification names none. */
const defaultWebSocketPath = '/mqtt';

/** @returns the Session Expiry Interval that the server is asked for (MQTT 5 §3.1.2.11.2), s */
export const sessionExpiryOf = ({ sessionExpiryS = defaultSessionExpiryS }: ClientOptions): number => sessionExpiryS;

/**
 * The options that belong to one server and one variant of CONNECT; they replace those of the attempt before. CONNECT has
 * neither a Will Delay Interval, since others should know of the end at once, nor a Topic Alias Maximum: for topics as
 * short as ours, aliases cost more time than they save.
 */
export const connectOptions = (
  options: ClientOptions,
  { server, variant, clientId }: { server: Server; variant: ConnectVariant; clientId: string },
): Partial<IClientOptions> => {
  const { protocol, host, port, path } = server;
  const { version, will: willFlags } = variant;
  const { tls, password, username, will, prefix } = options;
  // Set to undefined where they do not belong, since mqtt.js keeps the options over servers and versions: MQTT 3.1.1
  // has no properties, and a path would make a TCP connection one to a local socket.
  const properties = version === 5 ? { sessionExpiryInterval: sessionExpiryOf(options), receiveMaximum } : undefined;
  const webSocketPath = protocol.startsWith('ws') ? (path ?? defaultWebSocketPath) : undefined;
  // RFC 6066 §3: an address is no server name; the certificate is then checked against the address.
  const servername = (tls?.servername as string | undefined) || (isIP(host) ? undefined : host);
  return {
    protocol,
    host,
    hostname: host,
    port,
    protocolVersion: version,
    clientId,
    // MQTT 5 allows a Password without a User Name, mqtt.js does not: an empty one is the nearest to none.
    username: username ?? (password !== undefined && version === 5 ? '' : undefined),
    will: will &&
      willFlags && { ...willFlags, topic: `${prefix ?? ''}${will.topic}`, payload: Buffer.from(will.payload) },
    properties,
    path: webSocketPath,
    servername,
  } as Partial<IClientOptions>;
};

/** Whether anybody may be at the other end: TLS is used, and the certificate is not checked. */
export const isUnverified = (server: Server, { tls }: ClientOptions): boolean =>
  isEncrypted(server) && tls?.rejectUnauthorized === false;

/** The options that stay the same over all connections. */
export const clientOptions = (
  options: ClientOptions,
  session: Session,
  connectTimeoutMs: number,
): Partial<IClientOptions> => {
  const { tls, password, keepaliveS = defaultKeepaliveS } = options;
  return {
    ...tls,
    ...(password === undefined ? {} : { password }),
    // No Authentication Method is sent, so that a server must not send AUTH (MQTT-4.12.0-6): mqtt.js ends a connection
    // on which one comes, as a Protocol Error.
    // Clean Start 0: the server resumes the session (MQTT-3.1.2-5).
    clean: false,
    manualConnect: true,
    // This client reconnects itself: with the reconnection of mqtt.js, one refused CONNACK would be the last attempt.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // PINGREQ after so long without a packet (MQTT-3.1.2-22); without PINGRESP, mqtt.js ends the connection.
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    outgoingStore: session.inFlight.store,
    messageIdProvider: session.inFlight.packetIds,
  };
};
