/**
 * One request at a time on a line whose answers carry no id. An answer is told only after the line has been silent
 * for a while, because a second, different one would mean that nobody knows which of them belongs to the request.
 * What comes when nothing is asked is thrown away. MODBUS over Serial Line V1.02 §2.4.1.
 */
import type { Clock, Timer } from '../../model/time.ts';
import type { LinkNotice } from './link.ts';
import { parseAnswer } from './pdu.ts';
import { createRecentAnswers } from './recent-answers.ts';
import { describeRequest, isWrite, ModbusFailure, type Request, timeoutFailure } from './request.ts';
import type { SerialFrame, SerialFraming } from './serial-frames.ts';

export interface SerialLineOptions {
  framing: SerialFraming;
  /** Silence between two exchanges, ms. */
  silentMs: number;
  write(bytes: Buffer): void;
  notice(notice: LinkNotice): void;
}

export interface SerialLine {
  /** @returns the data bytes; rejects with a ModbusFailure; called again only after that */
  exchange(request: Request, timeoutMs: number): Promise<Buffer>;
  receive(chunk: Buffer): void;
  /** How long such a request would wait for a late answer that could be taken for its own, ms. */
  owedMs(request: Request): number;
  /** The line is gone. */
  end(failure: (request: Request) => ModbusFailure): void;
}

interface Exchange {
  request: Request;
  timeoutMs: number;
  /** Absent: it waits for the line to be silent. */
  sent?: { bytes: Buffer; at: number };
  /** The first frame that fits. */
  answer?: { frame: SerialFrame; bytes: Buffer; result: Buffer | ModbusFailure; at: number };
  /** A second frame that fits, and differs. */
  rival?: Buffer;
  /** Why nothing of it can be believed. */
  fault?: string;
  /** What else came, where no answer did. */
  mismatch?: string;
  glitches: number;
  isEchoed: boolean;
  resolve(data: Buffer): void;
  reject(failure: ModbusFailure): void;
}

/** The silent interval grows up to this, ms, and shrinks again after so many exchanges without surplus. */
const longestSilenceMs = 1000;
const lateMargin = 1.25;
const cleanExchanges = 500;
/** Stray bytes before or behind a frame that are taken for those of a transceiver. */
const glitchLimit = 3;
/** An unanswered request is waited for a little longer: this share of its timeout. */
const lateShare = 0.5;
/** Its answer may come until this many timeouts have passed: before, nothing is asked that it could be taken for. */
const lateFactor = 3;
const unparsedLimit = 4096;
/** Bytes that come for so long without a pause are no answer, ms: the longest one takes 9 s at 300 baud. */
const longestUnrestMs = 10_000;

/** @returns what the frame says as an answer to the request; undefined where it cannot be one */
const answerIn = ({ unit, pdu }: SerialFrame, request: Request): Buffer | ModbusFailure | undefined => {
  if (unit !== request.unit) return undefined;
  const result = parseAnswer(pdu, request);
  return result instanceof ModbusFailure && result.kind === 'malformed' ? undefined : result;
};

const mismatchOf = ({ unit, pdu }: SerialFrame, request: Request): string => {
  if (unit !== request.unit) return `answered by unit ${unit}`;
  const result = parseAnswer(pdu, request);
  return result instanceof ModbusFailure ? result.message.slice(describeRequest(request).length + 2) : '';
};

/** A single coil or register: the answer to its write is the request once more, as an echo would be. */
const isMirrored = (request: Request): boolean => isWrite(request) && (request.fc === 5 || request.fc === 6);

export const createSerialLine = (options: SerialLineOptions, clock: Clock): SerialLine => {
  const { framing, write, notice } = options;
  const recent = createRecentAnswers(clock);
  let silentMs = options.silentMs;
  let clean = 0;
  let rest: Buffer = Buffer.alloc(0);
  let lastByteAt = Number.NEGATIVE_INFINITY;
  /** The first byte since the line was silent, monotonic. */
  let unrestFrom = Number.NEGATIVE_INFINITY;
  /** The adapter repeats to us what we send. */
  let isEchoing = false;
  let open: Exchange | undefined;
  let timer: Timer | undefined;

  /** A copy of a frame came late: from now on the line is left silent for longer than that. */
  const widenFor = (bytes: Buffer, unit: number): void => {
    const original = recent.sawAt(bytes);
    if (original === undefined) return;
    clean = 0;
    const neededMs = Math.ceil((clock.monotonic() - original) * lateMargin);
    if (neededMs <= silentMs || neededMs > longestSilenceMs) return;
    silentMs = neededMs;
    notice({ kind: 'surplus', unit, silentMs });
  };

  const countClean = (): void => {
    clean++;
    if (clean < cleanExchanges || silentMs === options.silentMs) return;
    clean = 0;
    silentMs = Math.max(options.silentMs, silentMs / 2);
  };

  const doubt = (frame: SerialFrame, frames: Buffer[]): void => {
    const request = recent.doubt((earlier) => answerIn(frame, earlier) !== undefined, frames);
    if (!request || isWrite(request)) return;
    const reason = `${describeRequest(request)}: more answers came than were asked for, it may have got that of another`;
    notice({ kind: 'withdrawn', request, reason });
  };

  /** A frame that answers nothing we wait for: late, a copy, or proof that something told before was foreign. */
  const takeSurplus = (frame: SerialFrame, bytes: Buffer): void => {
    const late = recent.takeOwed((request) => answerIn(frame, request) !== undefined);
    doubt(frame, [bytes]);
    if (late) notice({ kind: 'late', ...late });
    else widenFor(bytes, frame.unit);
  };

  /** @returns whether the bytes begin with what we sent; "part": so far */
  const echoIn = ({ request, sent, isEchoed, answer }: Exchange): 'whole' | 'part' | undefined => {
    if (!sent || isEchoed || answer || (isMirrored(request) && !isEchoing)) return undefined;
    const length = Math.min(rest.length, sent.bytes.length);
    if (!rest.subarray(0, length).equals(sent.bytes.subarray(0, length))) return undefined;
    return length === sent.bytes.length ? 'whole' : 'part';
  };

  const takeFrame = (exchange: Exchange, frame: SerialFrame, bytes: Buffer): void => {
    const { request, answer } = exchange;
    const result = answerIn(frame, request);
    if (result === undefined) {
      exchange.mismatch = mismatchOf(frame, request);
      takeSurplus(frame, bytes);
    } else if (!answer) exchange.answer = { frame, bytes, result, at: clock.monotonic() };
    else if (!bytes.equals(answer.bytes)) {
      exchange.fault ??= 'two different answers came';
      exchange.rival ??= bytes;
    }
  };

  const takeNoise = (length: number): void => {
    rest = rest.subarray(length);
    if (!open?.sent) return;
    open.glitches += length;
    if (open.glitches > glitchLimit) open.fault ??= 'noise came in place of an answer';
  };

  /** Takes whole frames off the front of what came. */
  const digest = (): void => {
    while (rest.length > 0) {
      const echo = open && echoIn(open);
      if (open?.sent && echo === 'whole') {
        rest = rest.subarray(open.sent.bytes.length);
        open.isEchoed = true;
        continue;
      }
      const scan = framing.scan(rest, open?.request.unit);
      if (scan.kind === 'frame') {
        const bytes = Buffer.from(rest.subarray(0, scan.length));
        rest = rest.subarray(scan.length);
        if (open?.sent) takeFrame(open, scan.frame, bytes);
        else takeSurplus(scan.frame, bytes);
      } else if (echo === 'part' || scan.kind === 'part') return;
      else if (scan.kind === 'noise') takeNoise(scan.length);
      else {
        if (open?.sent) open.fault ??= `${scan.reason} came`;
        rest = Buffer.alloc(0);
      }
    }
  };

  /** When the exchange is over as things are, monotonic. */
  const dueAt = ({ request, sent, answer, fault, timeoutMs }: Exchange): number => {
    const silentAt = lastByteAt + silentMs;
    if (!sent) return Math.max(silentAt, recent.owedUntil(request));
    if (fault !== undefined) return silentAt;
    if (answer) return Math.max(silentAt, recent.expectedAt(request, sent.at));
    return Math.max(silentAt, sent.at + timeoutMs + Math.max(silentMs, timeoutMs * lateShare));
  };

  const check = (): void => {
    timer?.cancel();
    timer = undefined;
    if (!open) return;
    const now = clock.monotonic();
    const waitMs = dueAt(open) - now;
    if (waitMs > 0 && now < lastByteAt + silentMs && now >= unrestFrom + longestUnrestMs) giveUp(open);
    else if (waitMs > 0) timer = clock.after(waitMs, check);
    else if (!open.sent) send(open);
    else settle(open, open.sent.at);
  };

  /** Something else sends on the line without a pause: an answer cannot be told from it, and nothing must be sent into it. */
  const giveUp = (exchange: Exchange): void => {
    const { request, sent, reject } = exchange;
    const why = `the line is never silent for ${silentMs} ms: look for a second master or noise, or enter a shorter silence`;
    // A silence that has grown may be what keeps requests from their turn.
    silentMs = options.silentMs;
    if (sent) {
      exchange.fault = why;
      settle(exchange, sent.at);
      return;
    }
    open = undefined;
    reject(new ModbusFailure('malformed', `${describeRequest(request)}: ${why}`));
  };

  const send = (exchange: Exchange): void => {
    rest = Buffer.alloc(0);
    const bytes = framing.encode(exchange.request);
    exchange.sent = { bytes, at: clock.monotonic() };
    write(bytes);
    check();
  };

  const settle = (exchange: Exchange, sentAt: number): void => {
    const { request, timeoutMs, answer, resolve, reject, mismatch, isEchoed } = exchange;
    if (!isMirrored(request) && (isEchoed || answer)) isEchoing = isEchoed;
    // The beginning of something more, that never came to its end.
    if (answer && rest.length > glitchLimit) exchange.fault ??= 'more came than the answer';
    const { fault, rival } = exchange;
    open = undefined;
    if (fault !== undefined || !answer) {
      recent.owe(request, sentAt, sentAt + timeoutMs * (fault === undefined ? lateFactor : 1));
      if (answer) {
        // What came first may have been due to the request before.
        doubt(answer.frame, rival ? [answer.bytes, rival] : [answer.bytes]);
        widenFor(answer.bytes, request.unit);
      }
      const what = fault ?? mismatch;
      if (what === undefined) reject(timeoutFailure(request, timeoutMs));
      else reject(new ModbusFailure('malformed', `${describeRequest(request)}: ${what}`));
      return;
    }
    countClean();
    const tookMs = answer.at - sentAt;
    recent.told(request, answer.bytes, sentAt, tookMs);
    if (tookMs > timeoutMs) notice({ kind: 'late', request, tookMs });
    if (answer.result instanceof ModbusFailure) reject(answer.result);
    else resolve(answer.result);
  };

  return {
    exchange: (request, timeoutMs) =>
      new Promise((resolve, reject) => {
        open = { request, timeoutMs, glitches: 0, isEchoed: false, resolve, reject };
        check();
      }),
    receive(chunk) {
      const now = clock.monotonic();
      if (now >= lastByteAt + silentMs) unrestFrom = now;
      lastByteAt = now;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (rest.length > unparsedLimit) rest = rest.subarray(-unparsedLimit);
      digest();
      check();
    },
    owedMs: (request) => Math.max(0, recent.owedUntil(request) - clock.monotonic()),
    end(failure) {
      timer?.cancel();
      timer = undefined;
      const ended = open;
      open = undefined;
      if (!ended) return;
      const { request, sent, timeoutMs, reject } = ended;
      // Many a gateway gives what its line says to whoever is connected then.
      if (sent) recent.owe(request, sent.at, sent.at + timeoutMs);
      reject(failure(request));
    },
  };
};
