/**
 * RTU and ASCII on a serial port, and RTU over TCP: one request at a time, because answers carry no id. A port that
 * stays silent is opened anew, since adapters and gateways hang.
 */
import type { Clock } from '../../model/time.ts';
import { defaultSilenceMs } from './codec/limits.ts';
import { type Connection, type ConnectionEvents, createLifecycle, type Link, type LinkNotice } from './link.ts';
import { checkRequest, describeRequest, isWrite, ModbusFailure, type Request } from './request.ts';
import { openChannel, type SerialChannel, type SerialPlace } from './serial-channel.ts';
import { asciiFraming, rtuFraming } from './serial-frames.ts';
import { createSerialLine } from './serial-line.ts';
import { createSilence } from './silence.ts';

export interface SerialOptions {
  framing: 'rtu' | 'ascii';
  /** Silence between two exchanges, ms; by default 50 on a serial port, 100 over TCP. */
  silentMs?: number;
  /** Pause after connecting before the first request, ms. */
  settleMs?: number;
  connectTimeoutMs?: number;
}

/**
 * @throws never; every request settles with data or a ModbusFailure: at most 1.5 timeouts and a silence after it was
 * sent, or 10 s after something else began to send without a pause
 */
export const createSerialLink = (place: SerialPlace, clock: Clock, options: SerialOptions): Link => {
  const { framing, silentMs = 'path' in place ? defaultSilenceMs.serial : defaultSilenceMs.tcp } = options;
  const where = 'path' in place ? place.path : `${place.host}:${place.port}`;
  const listeners: ((notice: LinkNotice) => void)[] = [];
  let channel: SerialChannel | undefined;
  let end: ((reason: string) => void) | undefined;
  let current: Request | undefined;
  const silence = createSilence(clock);

  const tell = (notice: LinkNotice): void => {
    for (const listener of listeners) listener(notice);
  };

  const proveAlive = ({ unit }: Request): void => {
    const tookMs = silence.answered();
    if (tookMs !== undefined) tell({ kind: 'settled', unit, tookMs });
  };

  const line = createSerialLine(
    {
      framing: framing === 'rtu' ? rtuFraming : asciiFraming,
      silentMs,
      write: (bytes) => channel?.write(bytes),
      notice(notice) {
        if (notice.kind === 'late') proveAlive(notice.request);
        tell(notice);
      },
    },
    clock,
  );

  const connect = (events: ConnectionEvents, timeoutMs: number): Connection => {
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      if (channel) channel.close(current !== undefined && isWrite(current));
      else giveUp();
      channel = undefined;
      line.end((request) => new ModbusFailure('disconnected', `${describeRequest(request)}: ${where}: ${reason}`));
      events.ended(reason);
    };
    const giveUp = openChannel(place, clock, timeoutMs, {
      opened(opened) {
        if (isOver) return opened.close(false);
        channel = opened;
        silence.opened();
        end = finish;
        events.opened();
        return undefined;
      },
      received: (bytes) => line.receive(bytes),
      ended: finish,
    });
    return { close: () => finish('the connection is being closed') };
  };

  const lifecycle = createLifecycle(clock, connect, options);

  /** A write that is not answered must not leave later; a line that says nothing any more is opened anew. */
  const judge = (request: Request, error: unknown): void => {
    if (!(error instanceof ModbusFailure) || error.kind === 'disconnected') return;
    if (error.kind !== 'timeout') {
      proveAlive(request);
      return;
    }
    const why = silence.unanswered();
    if (isWrite(request)) end?.('no answer to a write');
    else if (why !== undefined) end?.(why);
  };

  const submit = async (request: Request, timeoutMs: number): Promise<Buffer> => {
    const refusal = checkRequest(request);
    if (refusal) throw refusal;
    if (!channel || current)
      throw new ModbusFailure('disconnected', `${describeRequest(request)}: not connected to ${where}`);
    current = request;
    try {
      const data = await line.exchange(request, timeoutMs);
      proveAlive(request);
      return data;
    } catch (error) {
      judge(request, error);
      throw error;
    } finally {
      current = undefined;
    }
  };

  return {
    maxInFlight: 1,
    owedMs: line.owedMs,
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
