/**
 * Modbus TCP: several requests in flight on one connection, a deadline for each, strict framing. MODBUS Messaging on
 * TCP/IP Implementation Guide V1.0b §3.1.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import { DeadlineTimer } from '../../../common/deadline-timer.ts';
import type { Clock } from '../../../model/time.ts';
import { checkRequest } from '../codec/pdu.ts';
import { failureOf, ModbusFailure } from '../failures.ts';
import type { Request } from '../messages.ts';
import { encodeFrame, parseFrame, takeFrames, transactionIdAt } from './mbap.ts';
import type { ModbusLink } from './modbus-link.ts';
import { Transactions } from './open-transactions.ts';
import { type Connection, type ConnectionCallbacks, ReconnectingLink } from './reconnecting-link.ts';

/** The settings of a Modbus TCP link. */
interface TcpOptions {
  host: string;
  port: number;
  connectTimeoutMs?: number;
  /** Pause between connecting and the first request, ms. */
  settleMs?: number;
  maxInFlight?: number;
}

const defaultMaxInFlight = 8;
/** Idle time after which the operating system probes whether the peer is still there, ms. V1.0b §4.3.2, SO-KEEPALIVE. */
const keepAliveMs = 10_000;
const noBytes = Buffer.alloc(0);
/**
 * Length of the buffer into which a connection reads, in bytes: three responses of the longest kind. Without a buffer of
 * its own, Node.js allocates 64 kB for each read.
 */
const readBufferLength = 1024;

class TcpLink extends ReconnectingLink {
  readonly maxInFlight: number;
  readonly #host: string;
  readonly #port: number;
  readonly #transactions = new Transactions();
  readonly #deadlines: DeadlineTimer;
  #socket: Socket | undefined;
  /** Why the current connection was ended from this side. */
  #endReason: string | undefined;
  #isCorked = false;

  constructor(options: TcpOptions, clock: Clock) {
    super(clock, options);
    this.maxInFlight = options.maxInFlight ?? defaultMaxInFlight;
    this.#host = options.host;
    this.#port = options.port;
    this.#deadlines = new DeadlineTimer(clock, () => this.#expire());
  }

  override async close(): Promise<void> {
    const closed = super.close();
    this.#deadlines.cancel();
    this.#failAll('the connection is being closed');
    await closed;
  }

  send(request: Request, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const refusal = checkRequest(request);
      const socket = this.#socket;
      if (refusal) reject(refusal);
      else if (!socket) reject(failureOf('disconnected', request, `not connected to ${this.#host}:${this.#port}`));
      else {
        const sentAt = this.clock.monotonic();
        const deadline = sentAt + timeoutMs;
        const id = this.#transactions.begin({ request, order: 0, sentAt, timeoutMs, deadline, resolve, reject });
        this.#write(socket, encodeFrame(request, id));
        this.#deadlines.by(deadline);
      }
    });
  }

  #write(socket: Socket, frame: Buffer): void {
    if (!this.#isCorked && this.#transactions.size > 1) {
      // Requests of one turn of the event loop leave in one segment.
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    socket.write(frame);
  }

  #failAll(reason: string): void {
    for (const { request, reject } of this.#transactions.takeAll()) reject(failureOf('disconnected', request, reason));
  }

  /** Fails the requests whose deadline has passed. V1.0b §4.4.1.4. */
  #expire(): void {
    const { expired, nextDeadline } = this.#transactions.expire(this.clock.monotonic());
    let reason: string | undefined;
    let isWriteLost = false;
    for (const transaction of expired) {
      reason = this.countUnanswered() ?? reason;
      isWriteLost ||= this.#transactions.isUnprovenWrite(transaction);
      transaction.reject(this.#transactions.failureOf(transaction));
    }
    if (isWriteLost) this.#end('no answer to a write');
    else if (reason !== undefined) this.#end(reason);
    else if (nextDeadline < Number.POSITIVE_INFINITY) this.#deadlines.by(nextDeadline);
  }

  /** Ends a connection that has proved useless; it is made anew. */
  #end(reason: string): void {
    if (!this.#socket) return;
    this.#endReason = reason;
    this.#discard(this.#socket);
  }

  /** A reset throws away a write that may still lie in the socket: the device must not get it after its deadline. */
  #discard(socket: Socket): void {
    if (this.#transactions.hasUnprovenWrite) socket.resetAndDestroy();
    else socket.destroy();
  }

  protected connect(callbacks: ConnectionCallbacks, timeoutMs: number): Connection {
    const [host, port] = [this.#host, this.#port];
    const received = this.#createReader(() => socket.destroy(new Error('the answer is not Modbus TCP')));
    const buffer = Buffer.allocUnsafeSlow(readBufferLength);
    const socket = connectSocket({
      host,
      port,
      // V1.0b §4.3.2, TCP-NODELAY.
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: {
        buffer,
        callback(length) {
          received(buffer.subarray(0, length));
          return true;
        },
      },
    });
    let fault = 'closed by the device';
    const connecting = this.clock.after(timeoutMs, () =>
      socket.destroy(new Error(`no connection within ${timeoutMs} ms`)),
    );
    socket.on('connect', () => {
      connecting.cancel();
      this.#connected(socket);
      callbacks.opened();
    });
    socket.on('error', (error) => {
      fault = error.message;
    });
    socket.on('close', () => {
      connecting.cancel();
      const reason = (this.#socket === socket ? this.#endReason : undefined) ?? fault;
      if (this.#socket === socket) this.#socket = undefined;
      this.#failAll(reason);
      callbacks.ended(reason);
    });
    return { close: () => this.#discard(socket) };
  }

  /**
   * Creates the reader of one connection.
   * @param onBroken called when the stream is beyond repair
   * @returns a function that takes the next bytes of the stream, which are overwritten after the call
   */
  #createReader(onBroken: () => void): (bytes: Buffer) => void {
    const find = (id: number): Request | undefined => this.#transactions.find(id)?.request;
    const settle = (frame: Buffer): void => this.#settle(frame);
    let rest: Buffer = noBytes;
    return (bytes) => {
      const left = takeFrames(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]), find, settle);
      if (!left) onBroken();
      else rest = left.length === 0 ? noBytes : Buffer.from(left);
    };
  }

  #connected(socket: Socket): void {
    this.#socket = socket;
    this.#endReason = undefined;
    this.#transactions.connected();
  }

  #settle(frame: Buffer): void {
    const id = transactionIdAt(frame, 0);
    const transaction = this.#transactions.answered(id);
    if (!transaction) {
      this.#takeLateResponse(id);
      return;
    }
    const { request, resolve, reject } = transaction;
    if (this.isInDoubt) this.proveAlive(request);
    const outcome = parseFrame(frame, request);
    if (outcome instanceof ModbusFailure) reject(outcome);
    // The frame is a view into the buffer of the connection, which the next response overwrites.
    else resolve(Buffer.from(outcome));
  }

  /** Discards a response that no request waits for, V1.0b §4.4.1.3, once the bus knows how slow the unit is. */
  #takeLateResponse(id: number): void {
    const late = this.#transactions.answeredLate(id);
    if (!late) return;
    this.proveAlive(late.request);
    this.notices.notify({ kind: 'late', request: late.request, tookMs: this.clock.monotonic() - late.sentAt });
  }
}

/** Creates a link that is not open yet. Every request settles within its timeout. */
export const createTcpLink = (options: TcpOptions, clock: Clock): ModbusLink => new TcpLink(options, clock);
