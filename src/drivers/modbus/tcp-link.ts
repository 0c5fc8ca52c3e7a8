/**
 * Modbus TCP: our own MBAP client. Transaction ids of 16 bits, several requests in flight, a deadline for each,
 * strict framing. MODBUS Messaging on TCP/IP Implementation Guide V1.0b §3.1.
 */
import { connect as connectSocket, type Socket } from 'node:net';
import type { Clock, Timer } from '../../model/time.ts';
import { type Connection, type ConnectionEvents, createLifecycle, type Link, type LinkNotice } from './link.ts';
import { encodeMbap, headerLength } from './mbap.ts';
import { answerLength, parseAnswer } from './pdu.ts';
import { checkRequest, describeRequest, isWrite, ModbusFailure, type Request, timeoutFailure } from './request.ts';
import { createSilence } from './silence.ts';

export interface TcpOptions {
  host: string;
  port: number;
  connectTimeoutMs?: number;
  /** Pause after connecting, ms. */
  settleMs?: number;
  maxInFlight?: number;
}

/** Unit id and PDU: at least a function code and one byte, at most 253 bytes of PDU. */
const shortestLength = 3;
const longestLength = 254;
/** Requests whose time was over are remembered for their late answers: so many. */
const lateLimit = 64;

interface Pending {
  request: Request;
  /** Requests are answered in any order; one that was sent later and is answered proves that this one has arrived. */
  order: number;
  sentAt: number;
  deadline: number;
  timeoutMs: number;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** @throws never; every request settles within its timeout with data or a ModbusFailure */
export const createTcpLink = (options: TcpOptions, clock: Clock): Link => {
  const { host, port, maxInFlight = 8 } = options;
  const pending = new Map<number, Pending>();
  let socket: Socket | undefined;
  let nextId = 0;
  const silence = createSilence(clock);
  const listeners: ((notice: LinkNotice) => void)[] = [];
  /** Expired requests by their id, which is not used again for 65536 requests. */
  const expired = new Map<number, Pending>();
  /** An id that we did not use, in the last answer that had one. */
  let foreign: { id: number; order: number } | undefined;
  let sent = 0;
  /** Latest in order of sending. */
  let lastAnswered = 0;
  let lastWrite = 0;
  let sweep: { timer: Timer; at: number } | undefined;
  let isCorked = false;

  const failAll = (reason: string): void => {
    const failed = [...pending.values()];
    pending.clear();
    for (const { request, reject } of failed)
      reject(new ModbusFailure('disconnected', `${describeRequest(request)}: ${reason}`));
  };

  /** A write that may still lie in the socket goes with it: the device must not get it when its time is over. */
  const discard = (own: Socket): void => {
    if (lastWrite > lastAnswered) own.resetAndDestroy();
    else own.destroy();
  };

  let end: (reason: string) => void = () => {};

  const tell = (notice: LinkNotice): void => {
    for (const listener of listeners) listener(notice);
  };

  const proveAlive = ({ unit }: Request): void => {
    const tookMs = silence.answered();
    if (tookMs !== undefined) tell({ kind: 'settled', unit, tookMs });
  };

  /** An answer that comes after its deadline, or to nothing we asked. */
  const takeUnexpected = (id: number): void => {
    const late = expired.get(id);
    if (!late) {
      foreign = { id, order: sent };
      return;
    }
    expired.delete(id);
    proveAlive(late.request);
    tell({ kind: 'late', request: late.request, tookMs: clock.monotonic() - late.sentAt });
  };

  const settle = (frame: Buffer): void => {
    const id = frame.readUInt16BE(0);
    const entry = pending.get(id);
    if (!entry) {
      takeUnexpected(id);
      return;
    }
    pending.delete(id);
    proveAlive(entry.request);
    lastAnswered = Math.max(lastAnswered, entry.order);
    const { request } = entry;
    const claimed = frame.readUInt16BE(4);
    if (claimed !== frame.length - 6) {
      const reason = `the header claims ${claimed} bytes, ${frame.length - 6} came`;
      entry.reject(new ModbusFailure('malformed', `${describeRequest(request)}: ${reason}`));
      return;
    }
    const unit = frame[6];
    // Gateways often answer with unit 0 or 255; the transaction id tells whose answer it is.
    if (unit !== request.unit && unit !== 0 && unit !== 255) {
      entry.reject(new ModbusFailure('malformed', `${describeRequest(request)}: answered by unit ${unit}`));
      return;
    }
    const result = parseAnswer(frame.subarray(headerLength), request);
    if (result instanceof ModbusFailure) entry.reject(result);
    else entry.resolve(result);
  };

  /** Whether another frame may begin here: nothing has come yet, or the answer to something we asked. */
  const isBoundary = (bytes: Buffer, at: number): boolean => {
    if (at === bytes.length) return true;
    return bytes.length - at >= 4 && bytes.readUInt16BE(at + 2) === 0 && pending.has(bytes.readUInt16BE(at));
  };

  /** The byte count of what was read fits; an answer to a write has none. */
  const isComplete = (frame: Buffer, request: Request): boolean =>
    isWrite(request) || frame[headerLength + 1] === frame.length - headerLength - 2;

  /**
   * Where the frame ends. Its own header says so; where that claims more than was asked for, the answer does, if
   * another frame may begin behind it: one unit's wrong header must not swallow the answers of the others.
   * @returns undefined when the stream is beyond repair
   */
  const frameEnd = (bytes: Buffer, at: number): number | undefined => {
    const length = bytes.readUInt16BE(at + 4);
    const claimed = at + 6 + length;
    const entry = pending.get(bytes.readUInt16BE(at));
    const asked = entry ? at + headerLength + answerLength(entry.request) : claimed;
    const isWhole =
      bytes.length >= asked && entry !== undefined && isComplete(bytes.subarray(at, asked), entry.request);
    if (claimed > asked && isWhole && isBoundary(bytes, asked)) return asked;
    const isFrame = bytes.readUInt16BE(at + 2) === 0 && length >= shortestLength && length <= longestLength;
    return isFrame ? claimed : undefined;
  };

  /** Takes whole frames off the front; returns what is left, or undefined when the stream is beyond repair. */
  const takeFrames = (bytes: Buffer): Buffer | undefined => {
    let at = 0;
    while (bytes.length - at >= headerLength) {
      const end = frameEnd(bytes, at);
      if (end === undefined) return undefined;
      if (bytes.length < end) break;
      settle(bytes.subarray(at, end));
      at = end;
    }
    return bytes.subarray(at);
  };

  const remember = (id: number, entry: Pending): void => {
    expired.delete(id);
    expired.set(id, entry);
    const [oldest] = expired.keys();
    if (expired.size > lateLimit && oldest !== undefined) expired.delete(oldest);
  };

  const failureOf = ({ request, order, timeoutMs }: Pending): ModbusFailure =>
    foreign && foreign.order >= order
      ? new ModbusFailure(
          'malformed',
          `${describeRequest(request)}: answered with a foreign transaction id, ${foreign.id}`,
        )
      : timeoutFailure(request, timeoutMs);

  const expire = (): void => {
    sweep = undefined;
    const now = clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    let isWriteLost = false;
    let why: string | undefined;
    for (const [id, entry] of pending) {
      if (entry.deadline > now) {
        next = Math.min(next, entry.deadline);
        continue;
      }
      pending.delete(id);
      remember(id, entry);
      why = silence.unanswered() ?? why;
      isWriteLost ||= isWrite(entry.request) && entry.order > lastAnswered;
      entry.reject(failureOf(entry));
    }
    if (isWriteLost) end('no answer to a write');
    else if (why !== undefined) end(why);
    else if (next < Number.POSITIVE_INFINITY) sweepAt(next);
  };

  /** One timer for all deadlines: it is moved only when an earlier one comes. */
  const sweepAt = (deadline: number): void => {
    if (sweep && sweep.at <= deadline) return;
    sweep?.timer.cancel();
    sweep = { at: deadline, timer: clock.after(Math.max(1, deadline - clock.monotonic()), expire) };
  };

  const connect = (events: ConnectionEvents, timeoutMs: number): Connection => {
    const own = connectSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 });
    let rest: Buffer = Buffer.alloc(0);
    let reason = 'closed by the device';
    const connecting = clock.after(timeoutMs, () => own.destroy(new Error(`no connection within ${timeoutMs} ms`)));
    own.on('connect', () => {
      connecting.cancel();
      socket = own;
      silence.opened();
      expired.clear();
      foreign = undefined;
      lastWrite = 0;
      end = (why) => {
        reason = why;
        discard(own);
      };
      events.opened();
    });
    own.on('data', (chunk) => {
      const left = takeFrames(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
      if (left) rest = left;
      else own.destroy(new Error('the answer is not Modbus TCP'));
    });
    own.on('error', (error) => {
      reason = error.message;
    });
    own.on('close', () => {
      connecting.cancel();
      if (socket === own) socket = undefined;
      failAll(reason);
      events.ended(reason);
    });
    return { close: () => discard(own) };
  };

  const lifecycle = createLifecycle(clock, connect, options);

  const send = (request: Request, id: number): void => {
    if (!socket) return;
    const frame = encodeMbap(request, id);
    if (!isCorked && pending.size > 1) {
      // Requests of one turn of the loop leave in one segment.
      isCorked = true;
      const own = socket;
      own.cork();
      process.nextTick(() => {
        isCorked = false;
        own.uncork();
      });
    }
    socket.write(frame);
  };

  const submit = (request: Request, timeoutMs: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const refusal = checkRequest(request);
      if (refusal) return reject(refusal);
      if (!socket)
        return reject(
          new ModbusFailure('disconnected', `${describeRequest(request)}: not connected to ${host}:${port}`),
        );
      nextId = (nextId + 1) & 0xffff;
      while (pending.has(nextId)) nextId = (nextId + 1) & 0xffff;
      sent++;
      if (isWrite(request)) lastWrite = sent;
      const sentAt = clock.monotonic();
      const deadline = sentAt + timeoutMs;
      pending.set(nextId, { request, order: sent, sentAt, timeoutMs, deadline, resolve, reject });
      send(request, nextId);
      sweepAt(deadline);
    });

  return {
    maxInFlight,
    owedMs: () => 0,
    open: lifecycle.open,
    hurry: lifecycle.hurry,
    async close() {
      lifecycle.close();
      sweep?.timer.cancel();
      sweep = undefined;
      failAll('the connection is being closed');
    },
    drop: (reason) => end(reason),
    state: lifecycle.state,
    onState: lifecycle.onState,
    onNotice: (listener) => void listeners.push(listener),
    read: submit,
    async write(request, timeoutMs) {
      await submit(request, timeoutMs);
    },
  };
};
