/**
 * Modbus UDP: one request at a time, each datagram a frame of Modbus TCP, whose transaction identifier tells which
 * request it answers.
 */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Clock, Timer } from '../../../model/time.ts';
import { checkRequest } from '../codec/pdu.ts';
import { failureOf, ModbusFailure, timeoutFailure } from '../failures.ts';
import type { Request } from '../messages.ts';
import { encodeFrame, headerLength, isModbusAt, parseFrame, transactionIdAt } from './mbap.ts';
import type { ModbusLink } from './modbus-link.ts';
import { type Connection, type ConnectionCallbacks, ReconnectingLink } from './reconnecting-link.ts';

/** The settings of a Modbus UDP link. */
interface UdpOptions {
  host: string;
  port: number;
  /** Pause before the first request, ms. */
  settleMs?: number;
  connectTimeoutMs?: number;
}

interface Exchange {
  id: number;
  request: Request;
  /** Monotonic ms. */
  sentAt: number;
  deadline: Timer;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** Expired exchanges that are remembered for their late responses. */
const maxExpired = 64;
/** The transaction identifier has 16 bits. */
const maxId = 0xffff;

class UdpLink extends ReconnectingLink {
  readonly maxInFlight = 1;
  readonly #host: string;
  readonly #port: number;
  readonly #expired = new Map<number, Exchange>();
  #socket: Socket | undefined;
  #exchange: Exchange | undefined;
  #lastId = 0;

  constructor(options: UdpOptions, clock: Clock) {
    super(clock, options);
    this.#host = options.host;
    this.#port = options.port;
  }

  send(request: Request, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const refusal = checkRequest(request);
      const socket = this.#socket;
      if (refusal) reject(refusal);
      else if (!socket || this.#exchange)
        reject(failureOf('disconnected', request, `not connected to ${this.#host}:${this.#port}`));
      else {
        const id = (this.#lastId + 1) & maxId;
        this.#lastId = id;
        this.#expired.delete(id);
        const deadline = this.clock.after(timeoutMs, () => this.#expire(timeoutMs));
        this.#exchange = { id, request, sentAt: this.clock.monotonic(), deadline, resolve, reject };
        socket.send(encodeFrame(request, id));
      }
    });
  }

  #settle(outcome: Buffer | ModbusFailure): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.deadline.cancel();
    if (outcome instanceof ModbusFailure) exchange?.reject(outcome);
    else exchange?.resolve(outcome);
  }

  #expire(timeoutMs: number): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#expired.set(exchange.id, exchange);
    const [oldest] = this.#expired.keys();
    if (this.#expired.size > maxExpired && oldest !== undefined) this.#expired.delete(oldest);
    this.#settle(timeoutFailure(exchange.request, timeoutMs));
  }

  #receive(frame: Buffer): void {
    if (frame.length <= headerLength || !isModbusAt(frame, 0)) return;
    const id = transactionIdAt(frame, 0);
    if (this.#exchange?.id === id) {
      this.#settle(parseFrame(frame, this.#exchange.request));
      return;
    }
    const late = this.#expired.get(id);
    if (!late) return;
    this.#expired.delete(id);
    const tookMs = this.clock.monotonic() - late.sentAt;
    this.notices.notify({ kind: 'late', request: late.request, tookMs });
  }

  protected connect(callbacks: ConnectionCallbacks, timeoutMs: number): Connection {
    let socket: Socket | undefined;
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      connecting.cancel();
      socket?.close();
      this.#socket = undefined;
      if (this.#exchange) this.#settle(failureOf('disconnected', this.#exchange.request, reason));
      callbacks.ended(reason);
    };
    const connecting = this.clock.after(timeoutMs, () => finish(`no address of ${this.#host} within ${timeoutMs} ms`));
    const opened = (created: Socket): void => {
      connecting.cancel();
      this.#socket = created;
      callbacks.opened();
    };
    lookup(this.#host).then(
      ({ address, family }) => {
        if (isOver) return;
        const created = createSocket(family === 6 ? 'udp6' : 'udp4');
        socket = created;
        created.on('error', ({ message }) => finish(message));
        created.on('message', (frame) => this.#receive(frame));
        // A connected socket takes datagrams of the device only, and is told if nobody listens at its port.
        created.connect(this.#port, address, (error?: Error) => {
          if (isOver) return;
          // The types of Node have no such parameter, but an unreachable network is reported here and nowhere else.
          if (error) finish(error.message);
          else opened(created);
        });
      },
      ({ message }: Error) => finish(message),
    );
    return { close: () => finish('the connection is being closed') };
  }
}

/** Creates a link that is not open yet. Every request settles within its timeout. */
export const createUdpLink = (options: UdpOptions, clock: Clock): ModbusLink => new UdpLink(options, clock);
