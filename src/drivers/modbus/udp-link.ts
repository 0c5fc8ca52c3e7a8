/** Modbus UDP: one request at a time, each datagram a frame of Modbus TCP, whose transaction id says what it answers. */
import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { Clock, Timer } from '../../model/time.ts';
import { type Connection, type ConnectionEvents, createLifecycle, type Link, type LinkNotice } from './link.ts';
import { encodeMbap, headerLength } from './mbap.ts';
import { parseAnswer } from './pdu.ts';
import { checkRequest, describeRequest, ModbusFailure, type Request, timeoutFailure } from './request.ts';

export interface UdpOptions {
  host: string;
  port: number;
  /** Pause before the first request, ms. */
  settleMs?: number;
  connectTimeoutMs?: number;
}

interface Exchange {
  id: number;
  request: Request;
  sentAt: number;
  deadline: Timer;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** Requests whose time was over are remembered for their late answers: so many. */
const lateLimit = 64;

/** @throws never; every request settles within its timeout with data or a ModbusFailure */
export const createUdpLink = (options: UdpOptions, clock: Clock): Link => {
  const { host, port } = options;
  const listeners: ((notice: LinkNotice) => void)[] = [];
  const expired = new Map<number, Exchange>();
  let socket: Socket | undefined;
  let end: ((reason: string) => void) | undefined;
  let open: Exchange | undefined;
  let nextId = 0;

  const settle = (exchange: Exchange, outcome: Buffer | ModbusFailure): void => {
    exchange.deadline.cancel();
    open = undefined;
    if (outcome instanceof ModbusFailure) exchange.reject(outcome);
    else exchange.resolve(outcome);
  };

  const answerIn = (frame: Buffer, request: Request): Buffer | ModbusFailure => {
    const malformed = (what: string): ModbusFailure =>
      new ModbusFailure('malformed', `${describeRequest(request)}: ${what}`);
    const claimed = frame.readUInt16BE(4);
    if (claimed !== frame.length - 6) return malformed(`the header claims ${claimed} bytes, ${frame.length - 6} came`);
    const unit = frame[6];
    // Gateways often answer with unit 0 or 255; the transaction id tells whose answer it is.
    if (unit !== request.unit && unit !== 0 && unit !== 255) return malformed(`answered by unit ${unit}`);
    return parseAnswer(frame.subarray(headerLength), request);
  };

  const receive = (frame: Buffer): void => {
    if (frame.length <= headerLength || frame.readUInt16BE(2) !== 0) return;
    const id = frame.readUInt16BE(0);
    if (open?.id === id) {
      settle(open, answerIn(frame, open.request));
      return;
    }
    const late = expired.get(id);
    if (!late) return;
    expired.delete(id);
    const { request, sentAt } = late;
    for (const listener of listeners) listener({ kind: 'late', request, tookMs: clock.monotonic() - sentAt });
  };

  const expire = (exchange: Exchange, timeoutMs: number): void => {
    expired.set(exchange.id, exchange);
    const [oldest] = expired.keys();
    if (expired.size > lateLimit && oldest !== undefined) expired.delete(oldest);
    settle(exchange, timeoutFailure(exchange.request, timeoutMs));
  };

  const connect = (events: ConnectionEvents, timeoutMs: number): Connection => {
    let own: Socket | undefined;
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      connecting.cancel();
      own?.close();
      socket = undefined;
      if (open) settle(open, new ModbusFailure('disconnected', `${describeRequest(open.request)}: ${reason}`));
      events.ended(reason);
    };
    const connecting = clock.after(timeoutMs, () => finish(`no address of ${host} within ${timeoutMs} ms`));
    lookup(host).then(
      ({ address, family }) => {
        if (isOver) return;
        const created = createSocket(family === 6 ? 'udp6' : 'udp4');
        own = created;
        created.on('error', ({ message }) => finish(message));
        created.on('message', receive);
        // A connected socket takes datagrams of the device only, and hears when nobody listens there.
        created.connect(port, address, (error?: Error) => {
          if (isOver) return;
          // The types of Node do not say so, but a network that is not there is told here and nowhere else.
          if (error) return finish(error.message);
          connecting.cancel();
          socket = created;
          end = finish;
          events.opened();
        });
      },
      ({ message }: Error) => finish(message),
    );
    return { close: () => finish('the connection is being closed') };
  };

  const lifecycle = createLifecycle(clock, connect, options);

  const submit = (request: Request, timeoutMs: number): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const refusal = checkRequest(request);
      if (refusal) return reject(refusal);
      if (!socket || open)
        return reject(
          new ModbusFailure('disconnected', `${describeRequest(request)}: not connected to ${host}:${port}`),
        );
      nextId = (nextId + 1) & 0xffff;
      const exchange: Exchange = {
        id: nextId,
        request,
        sentAt: clock.monotonic(),
        deadline: clock.after(timeoutMs, () => expire(exchange, timeoutMs)),
        resolve,
        reject,
      };
      expired.delete(nextId);
      open = exchange;
      socket.send(encodeMbap(request, nextId));
    });

  return {
    maxInFlight: 1,
    owedMs: () => 0,
    open: lifecycle.open,
    async close() {
      lifecycle.close();
    },
    drop: (reason) => end?.(reason),
    hurry: lifecycle.hurry,
    state: lifecycle.state,
    onState: lifecycle.onState,
    onNotice: (listener) => void listeners.push(listener),
    read: submit,
    async write(request, timeoutMs) {
      await submit(request, timeoutMs);
    },
  };
};
