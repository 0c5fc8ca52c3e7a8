/**
 * Modbus RTU and ASCII on a serial port, and RTU over TCP: one request at a time, because responses carry no identifier.
 * A port that stays silent is opened anew, since adapters and gateways hang.
 */
import type { Clock } from '../../../../model/time.ts';
import { defaultSilenceMs } from '../../codec/limits.ts';
import { checkRequest } from '../../codec/pdu.ts';
import { failureOf, ModbusFailure } from '../../failures.ts';
import { isWrite, type Request } from '../../messages.ts';
import type { LinkNotice, ModbusLink } from '../modbus-link.ts';
import { type Connection, type ConnectionCallbacks, ReconnectingLink } from '../reconnecting-link.ts';
import { asciiFraming } from './ascii.ts';
import { rtuFraming } from './rtu.ts';
import { openChannel, type SerialChannel, type SerialEndpoint } from './serial-channel.ts';
import { SerialLine } from './serial-line.ts';

/** The settings of a serial link. */
interface SerialOptions {
  framing: 'rtu' | 'ascii';
  /** Silence between two exchanges, ms; by default 50 on a serial port, 100 over TCP. */
  silentMs?: number;
  /** Pause between connecting and the first request, ms. */
  settleMs?: number;
  connectTimeoutMs?: number;
}

class SerialLink extends ReconnectingLink {
  readonly maxInFlight = 1;
  readonly #endpoint: SerialEndpoint;
  /** The endpoint in messages to people. */
  readonly #where: string;
  readonly #line: SerialLine;
  #channel: SerialChannel | undefined;
  /** Ends the current connection. */
  #end: ((reason: string) => void) | undefined;
  #pending: Request | undefined;

  constructor(endpoint: SerialEndpoint, clock: Clock, options: SerialOptions) {
    super(clock, options);
    const isPort = 'path' in endpoint;
    this.#endpoint = endpoint;
    this.#where = isPort ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
    this.#line = new SerialLine(
      {
        framing: options.framing === 'rtu' ? rtuFraming : asciiFraming,
        silentMs: options.silentMs ?? (isPort ? defaultSilenceMs.serial : defaultSilenceMs.tcp),
        write: (bytes) => this.#channel?.write(bytes),
        notify: (notice) => this.#onLineNotice(notice),
      },
      clock,
    );
  }

  holdOffMs(request: Request): number {
    return this.#line.holdOffMs(request);
  }

  #onLineNotice(notice: LinkNotice): void {
    if (notice.kind === 'late') this.proveAlive(notice.request);
    this.notices.notify(notice);
  }

  protected connect(callbacks: ConnectionCallbacks, timeoutMs: number): Connection {
    let isOver = false;
    const finish = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      if (this.#channel) this.#channel.close(this.#pending !== undefined && isWrite(this.#pending));
      else giveUp();
      this.#channel = undefined;
      this.#line.end((request) => failureOf('disconnected', request, `${this.#where}: ${reason}`));
      callbacks.ended(reason);
    };
    const opened = (channel: SerialChannel): void => {
      this.#channel = channel;
      this.#end = finish;
      callbacks.opened();
    };
    const giveUp = openChannel(
      this.#endpoint,
      { clock: this.clock, timeoutMs },
      {
        opened: (channel) => (isOver ? channel.close(false) : opened(channel)),
        received: (bytes) => this.#line.receive(bytes),
        ended: finish,
      },
    );
    return { close: () => finish('the connection is being closed') };
  }

  async send(request: Request, timeoutMs: number): Promise<Buffer> {
    const refusal = checkRequest(request);
    if (refusal) throw refusal;
    if (!this.#channel || this.#pending) throw failureOf('disconnected', request, `not connected to ${this.#where}`);
    this.#pending = request;
    try {
      const data = await this.#line.exchange(request, timeoutMs);
      this.proveAlive(request);
      return data;
    } catch (error) {
      if (error instanceof ModbusFailure) this.#onFailure(request, error);
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }

  /** A write without a response must not leave later, and a line that has gone silent is opened anew. */
  #onFailure(request: Request, { kind }: ModbusFailure): void {
    if (kind === 'disconnected') return;
    if (kind !== 'timeout') {
      this.proveAlive(request);
      return;
    }
    const reason = this.countUnanswered();
    if (isWrite(request)) this.#end?.('no answer to a write');
    else if (reason !== undefined) this.#end?.(reason);
  }
}

/**
 * Creates a link that is not open yet. A request settles at most 1.5 timeouts and a silence after it was sent, or 10 s
 * after another station began to send without a pause.
 */
export const createSerialLink = (endpoint: SerialEndpoint, clock: Clock, options: SerialOptions): ModbusLink =>
  new SerialLink(endpoint, clock, options);
