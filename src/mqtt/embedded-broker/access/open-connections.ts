/** Open sockets: how many there may be, from one address and in all, and how long one may stay without a login. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../model/time.ts';
import type { BrokerLimits } from '../broker-limits.ts';

interface Connection {
  host: string;
  /** Ends the connection where the client has not logged in by then. */
  deadline: Timer | undefined;
}

type ConnectionLimit = 'connections' | 'connectionsPerAddress' | 'connectS';

/** @returns address and port of the client, which no other connection has at the same time */
export const addressOf = ({ remoteAddress = '', remotePort = 0 }: Partial<Socket>): string =>
  `${remoteAddress}:${remotePort}`;

/** @returns the address of the client alone: the port is another one with each connection */
export const hostOf = ({ remoteAddress = '' }: Partial<Socket>): string => remoteAddress;

/** The open connections of one broker. */
export class OpenConnections {
  readonly #limits: BrokerLimits;
  readonly #clock: Clock;
  readonly #told: (limit: ConnectionLimit, address: string) => void;
  /** Sockets in the order in which they were opened. */
  readonly #open = new Map<Socket, Connection>();
  readonly #perHost = new Map<string, number>();
  readonly #byAddress = new Map<string, Connection>();

  /** @param told called when a limit is reached, with the address of the connection that ends for it */
  constructor(limits: BrokerLimits, clock: Clock, told: (limit: ConnectionLimit, address: string) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#told = told;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * When all places are taken, the oldest connection without a login makes room: an honest client logs in within a
   * moment.
   * @returns whether the socket may stay; it is destroyed otherwise
   */
  accept(socket: Socket): boolean {
    const host = socket.remoteAddress ?? '';
    const limit = this.#reached(host);
    const victim = limit && this.#oldestWithoutLogin(limit === 'connectionsPerAddress' ? host : undefined);
    if (limit) this.#end(victim ?? socket, limit);
    if (limit && !victim) return false;
    const address = addressOf(socket);
    const { connectS } = this.#limits;
    const connection = { host, deadline: this.#clock.after(connectS * 1000, () => this.#end(socket, 'connectS')) };
    this.#open.set(socket, connection);
    this.#byAddress.set(address, connection);
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
    socket.once('close', () => this.#remove(socket, address));
    return true;
  }

  /** @param address of a connection whose login was accepted */
  loggedIn(address: string): void {
    const connection = this.#byAddress.get(address);
    connection?.deadline?.cancel();
    if (connection) connection.deadline = undefined;
  }

  close(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #reached(host: string): ConnectionLimit | undefined {
    const { connections, connectionsPerAddress } = this.#limits;
    if ((this.#perHost.get(host) ?? 0) >= connectionsPerAddress) return 'connectionsPerAddress';
    return this.#open.size >= connections ? 'connections' : undefined;
  }

  #oldestWithoutLogin(ofHost?: string): Socket | undefined {
    for (const [socket, { host, deadline }] of this.#open)
      if (deadline && (ofHost === undefined || host === ofHost)) return socket;
    return undefined;
  }

  #end(socket: Socket, limit: ConnectionLimit): void {
    const address = addressOf(socket);
    this.#remove(socket, address);
    socket.destroy();
    this.#told(limit, address);
  }

  #remove(socket: Socket, address: string): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    connection.deadline?.cancel();
    this.#open.delete(socket);
    this.#byAddress.delete(address);
    const left = (this.#perHost.get(connection.host) ?? 1) - 1;
    if (left > 0) this.#perHost.set(connection.host, left);
    else this.#perHost.delete(connection.host);
  }
}
