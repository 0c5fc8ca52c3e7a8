/** What mqtt.js is told: of the link, once, and of the server and version it tries next. */
import { isIP } from 'node:net';
import type { IClientOptions } from 'mqtt';
import type { LinkOptions } from './options.ts';
import type { Server } from './servers.ts';
import type { Session } from './session.ts';

const defaultKeepaliveS = 30;
const defaultSessionExpiryS = 3600;

/** The part that belongs to one server and one version; it replaces that of the attempt before. */
export const serverOptions = (
  { protocol, host, port, path }: Server,
  protocolVersion: 4 | 5,
  { tls, sessionExpiryS = defaultSessionExpiryS }: LinkOptions,
): Partial<IClientOptions> => {
  // Set to undefined where they do not belong, since the options outlive server and version: 3.1.1 has no
  // properties, and a path would make a TCP connection one to a local socket.
  const properties = protocolVersion === 5 ? { sessionExpiryInterval: sessionExpiryS } : undefined;
  const ownPath = protocol.startsWith('ws') ? (path ?? '/mqtt') : undefined;
  // RFC 6066 §3: an address is no server name; the certificate is then checked against the address.
  const servername = (tls?.servername as string | undefined) || (isIP(host) ? undefined : host);
  const base: Partial<IClientOptions> = { protocol, host, hostname: host, port, protocolVersion };
  return { ...base, properties, path: ownPath, servername } as Partial<IClientOptions>;
};

/** The part that stays the same over all connections. */
export const clientOptions = (
  options: LinkOptions,
  session: Session,
  connectTimeoutMs: number,
  prefix: string,
): Partial<IClientOptions> => {
  const { tls, clientId, username, password, will, keepaliveS = defaultKeepaliveS } = options;
  return {
    ...tls,
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    clean: false,
    manualConnect: true,
    // Reconnecting is ours: with this package's own, one refused CONNACK would be the last attempt.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    outgoingStore: session.outgoing,
    incomingStore: session.incoming,
    ...(will ? { will: { ...will, topic: prefix + will.topic, payload: Buffer.from(will.payload) } } : {}),
  };
};
