/** What mqtt.js is told: of the link, once, and of the server and the way it is asked next. */
import { isIP } from 'node:net';
import type { IClientOptions } from 'mqtt';
import type { Variant } from './connect-variants.ts';
import type { LinkOptions } from './options.ts';
import { isEncrypted, type Server } from './servers.ts';
import type { Session } from './session.ts';

const defaultKeepaliveS = 30;
const defaultSessionExpiryS = 3600;
/** MQTT 5 §3.1.2.11.3: so many messages the server sends us unacknowledged; they wait here while a subscriber is away. */
const receiveMaximum = 1000;

/** How long the broker is asked to keep our session, s (MQTT 5). */
export const sessionExpiryOf = ({ sessionExpiryS = defaultSessionExpiryS }: LinkOptions): number => sessionExpiryS;

/** The part that belongs to one server and one way to ask it; it replaces that of the attempt before. */
export const serverOptions = (
  server: Server,
  { version, will: ways }: Variant,
  options: LinkOptions,
  clientId: string,
): Partial<IClientOptions> => {
  const { protocol, host, port, path } = server;
  const { tls, password, username, will, prefix } = options;
  // Set to undefined where they do not belong, since the options outlive server and version: 3.1.1 has no
  // properties, and a path would make a TCP connection one to a local socket.
  const properties = version === 5 ? { sessionExpiryInterval: sessionExpiryOf(options), receiveMaximum } : undefined;
  const ownPath = protocol.startsWith('ws') ? (path ?? '/mqtt') : undefined;
  // RFC 6066 §3: an address is no server name; the certificate is then checked against the address.
  const servername = (tls?.servername as string | undefined) || (isIP(host) ? undefined : host);
  return {
    protocol,
    host,
    hostname: host,
    port,
    protocolVersion: version,
    clientId,
    // MQTT 5 allows a password without a user name, mqtt.js does not: an empty one is the nearest to none.
    username: username ?? (password !== undefined && version === 5 ? '' : undefined),
    will: will && ways && { ...ways, topic: `${prefix ?? ''}${will.topic}`, payload: Buffer.from(will.payload) },
    properties,
    path: ownPath,
    servername,
  } as Partial<IClientOptions>;
};

/** Whether anybody may be at the other end: the certificate is not looked at. */
export const isUnverified = (server: Server, { tls }: LinkOptions): boolean =>
  isEncrypted(server) && tls?.rejectUnauthorized === false;

/** The part that stays the same over all connections. */
export const clientOptions = (
  options: LinkOptions,
  session: Session,
  connectTimeoutMs: number,
): Partial<IClientOptions> => {
  const { tls, password, keepaliveS = defaultKeepaliveS } = options;
  return {
    ...tls,
    ...(password === undefined ? {} : { password }),
    clean: false,
    manualConnect: true,
    // Reconnecting is ours: with this package's own, one refused CONNACK would be the last attempt.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    outgoingStore: session.inFlight.store,
    messageIdProvider: session.inFlight.ids,
  };
};
