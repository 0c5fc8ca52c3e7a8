/**
 * One request at a time on a line whose responses carry no identifier. A response is delivered only after the line has
 * been silent for a while, because a second, different one would mean that nobody knows which of them belongs to the
 * request. Frames that come while no request is pending are discarded. MODBUS over Serial Line V1.02 §2.4.1.
 */
import type { Clock, Timer } from '../../../../model/time.ts';
import { failureOf, ModbusFailure, timeoutFailure } from '../../failures.ts';
import { describeRequest, isWrite, type Request } from '../../messages.ts';
import type { LinkNotice } from '../modbus-link.ts';
import { RecentResponses } from './recent-responses.ts';
import { dueAt, isMirrored, lateUntil, mismatchOf, responseIn, type SerialExchange } from './serial-exchange.ts';
import type { SerialFrame, SerialFraming } from './serial-framing.ts';
import { SilentInterval } from './silent-interval.ts';

/** A line: its framing, and where bytes and news go. */
interface SerialLineOptions {
  framing: SerialFraming;
  /** Silence between two exchanges, ms. */
  silentMs: number;
  write(bytes: Buffer): void;
  notify(notice: LinkNotice): void;
}

/** Stray bytes before or behind a frame that are taken for those of a transceiver. */
const maxGlitches = 3;
const maxUnparsed = 4096;
/** Bytes that come for so long without a pause are no response, ms: the longest response takes 9 s at 300 baud. */
const longestUnrestMs = 10_000;
const noBytes: Buffer = Buffer.alloc(0);

/** One serial line. */
export class SerialLine {
  readonly #options: SerialLineOptions;
  readonly #clock: Clock;
  readonly #recent: RecentResponses;
  readonly #silence: SilentInterval;
  /** Bytes that are not parsed yet. */
  #unparsed: Buffer = noBytes;
  /** Monotonic ms of the last byte. */
  #lastByteAt = Number.NEGATIVE_INFINITY;
  /** Monotonic ms of the first byte since the line was silent. */
  #unrestSince = Number.NEGATIVE_INFINITY;
  /** The adapter repeats what is sent. */
  #isEchoing = false;
  #exchange: SerialExchange | undefined;
  #timer: Timer | undefined;

  constructor(options: SerialLineOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#recent = new RecentResponses(clock);
    this.#silence = new SilentInterval(options.silentMs);
  }

  /**
   * Sends a request once the line is silent; called again only after the exchange has ended.
   * @returns the data of the response
   * @throws ModbusFailure
   */
  exchange(request: Request, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { request, timeoutMs, glitches: 0, isEchoed: false, resolve, reject };
      this.#proceed();
    });
  }

  receive(chunk: Buffer): void {
    const now = this.#clock.monotonic();
    if (now >= this.#lastByteAt + this.#silence.ms) this.#unrestSince = now;
    this.#lastByteAt = now;
    const bytes = this.#unparsed.length === 0 ? chunk : Buffer.concat([this.#unparsed, chunk]);
    this.#unparsed = bytes.length > maxUnparsed ? bytes.subarray(-maxUnparsed) : bytes;
    this.#parse();
    this.#proceed();
  }

  /** @returns ms for which such a request would wait for a late response that could be taken for its own */
  holdOffMs(request: Request): number {
    return Math.max(0, this.#recent.dueUntil(request) - this.#clock.monotonic());
  }

  /** The connection is over: the pending request fails. */
  end(failure: (request: Request) => ModbusFailure): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const ended = this.#exchange;
    this.#exchange = undefined;
    if (!ended) return;
    const { request, sent, timeoutMs, reject } = ended;
    // Many gateways send a response of their line to whoever is connected at that moment.
    if (sent) this.#recent.expect(request, sent.at, sent.at + timeoutMs);
    reject(failure(request));
  }

  /** Takes whole frames off the front of the bytes that have come. */
  #parse(): void {
    while (this.#unparsed.length > 0) {
      const exchange = this.#exchange;
      const echo = exchange && this.#echoIn(exchange);
      if (exchange?.sent && echo === 'whole') {
        this.#unparsed = this.#unparsed.subarray(exchange.sent.bytes.length);
        exchange.isEchoed = true;
        continue;
      }
      const scan = this.#options.framing.scan(this.#unparsed, exchange?.request.unit);
      if (scan.kind === 'frame') this.#takeFrame(scan.frame, scan.length);
      else if (echo === 'part' || scan.kind === 'part') return;
      else if (scan.kind === 'noise') this.#takeNoise(scan.length);
      else {
        if (exchange?.sent) exchange.fault ??= `${scan.reason} arrived`;
        this.#unparsed = noBytes;
      }
    }
  }

  /** @returns whether the bytes begin with the request itself; "part": as far as they go */
  #echoIn({ request, sent, isEchoed, response }: SerialExchange): 'whole' | 'part' | undefined {
    if (!sent || isEchoed || response || (isMirrored(request) && !this.#isEchoing)) return undefined;
    const length = Math.min(this.#unparsed.length, sent.bytes.length);
    if (!this.#unparsed.subarray(0, length).equals(sent.bytes.subarray(0, length))) return undefined;
    return length === sent.bytes.length ? 'whole' : 'part';
  }

  #takeFrame(frame: SerialFrame, length: number): void {
    const bytes = Buffer.from(this.#unparsed.subarray(0, length));
    this.#unparsed = this.#unparsed.subarray(length);
    const exchange = this.#exchange;
    if (!exchange?.sent) {
      this.#takeSurplus(frame, bytes);
      return;
    }
    const { request, response } = exchange;
    const outcome = responseIn(frame, request);
    if (outcome === undefined) {
      exchange.mismatch = mismatchOf(frame, request);
      this.#takeSurplus(frame, bytes);
    } else if (!response) exchange.response = { frame, bytes, outcome, at: this.#clock.monotonic() };
    else if (!bytes.equals(response.bytes)) {
      exchange.fault ??= 'two different answers arrived';
      exchange.rival ??= bytes;
    }
  }

  #takeNoise(length: number): void {
    this.#unparsed = this.#unparsed.subarray(length);
    const exchange = this.#exchange;
    if (!exchange?.sent) return;
    exchange.glitches += length;
    if (exchange.glitches > maxGlitches) exchange.fault ??= 'noise arrived instead of an answer';
  }

  /** A frame answers no pending request: it is late, or a copy, or proves that a delivered response was foreign. */
  #takeSurplus(frame: SerialFrame, bytes: Buffer): void {
    const late = this.#recent.takeDue((request) => responseIn(frame, request) !== undefined);
    this.#doubt(frame, [bytes]);
    if (late) this.#options.notify({ kind: 'late', ...late });
    else this.#growSilence(bytes, frame.unit);
  }

  /** A copy of a frame has come late: from now on the line is left silent for longer than that. */
  #growSilence(bytes: Buffer, unit: number): void {
    const original = this.#recent.deliveredAt(bytes);
    if (original === undefined) return;
    if (this.#silence.growBeyond(this.#clock.monotonic() - original))
      this.#options.notify({ kind: 'surplus', unit, silentMs: this.#silence.ms });
  }

  #doubt(frame: SerialFrame, frames: Buffer[]): void {
    const request = this.#recent.doubt((earlier) => responseIn(frame, earlier) !== undefined, frames);
    if (!request || isWrite(request)) return;
    const reason = `${describeRequest(request)}: more answers came than were asked for, so this may have been the answer to another request`;
    this.#options.notify({ kind: 'withdrawn', request, reason });
  }

  /** Sends the request, or ends the exchange, as soon as its time has come. */
  #proceed(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const exchange = this.#exchange;
    if (!exchange) return;
    const now = this.#clock.monotonic();
    const silentMs = this.#silence.ms;
    const silentAt = this.#lastByteAt + silentMs;
    const waitMs = dueAt(exchange, { silentAt, silentMs, recent: this.#recent }) - now;
    const isUnrest = now < silentAt && now >= this.#unrestSince + longestUnrestMs;
    if (waitMs > 0 && isUnrest) this.#giveUp(exchange);
    else if (waitMs > 0) this.#timer = this.#clock.after(waitMs, () => this.#proceed());
    else if (!exchange.sent) this.#send(exchange);
    else this.#settle(exchange, exchange.sent.at);
  }

  /** Another station sends without a pause: no response can be told from its bytes, and nothing must be sent into them. */
  #giveUp(exchange: SerialExchange): void {
    const { request, sent, reject } = exchange;
    const why = `the line is never silent for ${this.#silence.ms} ms: look for a second master or noise, or enter a shorter silence`;
    this.#silence.reset();
    if (sent) {
      exchange.fault = why;
      this.#settle(exchange, sent.at);
      return;
    }
    this.#exchange = undefined;
    reject(failureOf('malformed', request, why));
  }

  #send(exchange: SerialExchange): void {
    this.#unparsed = noBytes;
    const bytes = this.#options.framing.encode(exchange.request);
    exchange.sent = { bytes, at: this.#clock.monotonic() };
    this.#options.write(bytes);
    this.#proceed();
  }

  #settle(exchange: SerialExchange, sentAt: number): void {
    const { request, timeoutMs, response, resolve, reject, isEchoed } = exchange;
    this.#exchange = undefined;
    if (!isMirrored(request) && (isEchoed || response)) this.#isEchoing = isEchoed;
    // The line went silent in the middle of another frame.
    if (response && this.#unparsed.length > maxGlitches) exchange.fault ??= 'more arrived than the answer';
    if (exchange.fault !== undefined || !response) {
      this.#fail(exchange, sentAt);
      return;
    }
    this.#silence.countCleanExchange();
    const tookMs = response.at - sentAt;
    this.#recent.deliver(request, { bytes: response.bytes, sentAt, tookMs });
    if (tookMs > timeoutMs) this.#options.notify({ kind: 'late', request, tookMs });
    if (response.outcome instanceof ModbusFailure) reject(response.outcome);
    else resolve(response.outcome);
  }

  #fail(exchange: SerialExchange, sentAt: number): void {
    const { request, timeoutMs, response, rival, fault, mismatch, reject } = exchange;
    this.#recent.expect(request, sentAt, lateUntil(exchange, sentAt));
    if (response) {
      // The first response may have been due to the request before.
      this.#doubt(response.frame, rival ? [response.bytes, rival] : [response.bytes]);
      this.#growSilence(response.bytes, request.unit);
    }
    const why = fault ?? mismatch;
    reject(why === undefined ? timeoutFailure(request, timeoutMs) : failureOf('malformed', request, why));
  }
}
