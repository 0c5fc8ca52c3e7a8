/** A small MQTT 3.1.1 broker in the runtime, for the first minutes and for sites with nothing else. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface EmbeddedOptions {
  host: string;
  port: number;
  /** Both or none: without them everybody who reaches the port gets in. */
  username?: string;
  password?: string;
  tls?: TlsOptions;
}

export type BrokerEvent =
  | { kind: 'connected' | 'disconnected'; client: string; address: string }
  | { kind: 'refused' | 'failed'; client: string; address: string; reason: string }
  | { kind: 'subscribed' | 'unsubscribed'; client: string; filters: string[] };

export interface EmbeddedBroker {
  /** The port it listens on, where 0 was asked for. */
  port: number;
  clients(): number;
  close(): Promise<void>;
}

const digest = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, whatever the lengths. */
const equals = (given: string | Buffer | undefined, expected: string): boolean =>
  timingSafeEqual(digest(given ?? ''), digest(expected));

/** The part of the broker's memory that holds what persistent sessions have not acknowledged. */
interface OutgoingStore {
  outgoingEnqueue(subscription: { clientId: string }, packet: unknown): Promise<unknown>;
  outgoingUpdate(client: { id: string }, packet: unknown): Promise<unknown>;
}

/**
 * A message that arrives while a subscription of a persistent session is being made is forwarded but not stored, and
 * the missing entry would cost the client its connection: it is stored then.
 */
const storeWhatIsMissing = (persistence: OutgoingStore): void => {
  const update = persistence.outgoingUpdate.bind(persistence);
  persistence.outgoingUpdate = (client, packet) =>
    update(client, packet).catch(() => persistence.outgoingEnqueue({ clientId: client.id }, packet));
};

const addressOf = (stream: unknown): string => {
  const { remoteAddress = '', remotePort = 0 } = (stream ?? {}) as { remoteAddress?: string; remotePort?: number };
  return `${remoteAddress}:${remotePort}`;
};

/**
 * Starts a broker.
 * @throws when the port cannot be opened, with the port and the reason in words
 */
export const startEmbeddedBroker = async (
  options: EmbeddedOptions,
  report: (event: BrokerEvent) => void,
): Promise<EmbeddedBroker> => {
  // Loaded when used: who has a broker needs no second one in memory.
  const { Aedes } = await import('aedes');
  const { host, port, username, password = '' } = options;
  const aedes = await Aedes.createBroker({
    authenticate(client, givenName, givenPassword, done) {
      const isWelcome = username === undefined || (equals(givenName, username) && equals(givenPassword, password));
      if (isWelcome) return done(null, true);
      report({
        kind: 'refused',
        client: client.id,
        address: addressOf(client.conn),
        reason: givenName ? 'wrong user name or password' : 'no user name given',
      });
      // MQTT 3.1.1 §3.2.2.3: bad user name or password
      return done(Object.assign(new Error('bad user name or password'), { returnCode: 4 }), false);
    },
  });
  storeWhatIsMissing((aedes as unknown as { persistence: OutgoingStore }).persistence);
  aedes.on('client', (client) => report({ kind: 'connected', client: client.id, address: addressOf(client.conn) }));
  aedes.on('clientDisconnect', (client) =>
    report({ kind: 'disconnected', client: client.id, address: addressOf(client.conn) }),
  );
  aedes.on('connectionError', (client, error) =>
    report({ kind: 'refused', client: client.id ?? '', address: addressOf(client.conn), reason: error.message }),
  );
  aedes.on('clientError', (client, error) =>
    report({ kind: 'failed', client: client.id, address: addressOf(client.conn), reason: error.message }),
  );
  aedes.on('subscribe', (subscriptions, client) => {
    if (client) report({ kind: 'subscribed', client: client.id, filters: subscriptions.map(({ topic }) => topic) });
  });
  aedes.on('unsubscribe', (filters, client) => {
    if (client) report({ kind: 'unsubscribed', client: client.id, filters });
  });

  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  };
  const server: TcpServer = options.tls
    ? createTlsServer(options.tls, accept)
    : createTcpServer({ noDelay: true }, accept);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(resolve));
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === 'EADDRINUSE' ? 'the port is taken by another program' : (error as Error).message;
    throw new Error(`local broker on ${host}:${port}: ${reason}`);
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    clients: () => aedes.connectedClients,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
