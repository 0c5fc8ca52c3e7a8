/**
 * What a line without ids remembers of the last seconds: which answers were told, which are still owed, and how long
 * its units take. Only so can a frame that nobody asked for be told from one that belongs to an earlier request.
 */
import type { Clock } from '../../model/time.ts';
import { answerShape, isWrite, type Request } from './request.ts';

interface Told {
  request: Request;
  bytes: Buffer;
  sentAt: number;
  at: number;
}

interface Owed {
  request: Request;
  sentAt: number;
  /** Nothing comes after that, monotonic. */
  until: number;
}

export interface RecentAnswers {
  told(request: Request, bytes: Buffer, sentAt: number, tookMs: number): void;
  /** A request got no answer that could be told: it may still come until then, monotonic. */
  owe(request: Request, sentAt: number, until: number): void;
  /** Until when an answer to an earlier request could be taken for one to this request; monotonic. */
  owedUntil(request: Request): number;
  /** The request whose answer came now, and after how long. */
  takeOwed(fits: (request: Request) => boolean): { request: Request; tookMs: number } | undefined;
  /**
   * A frame came beyond those that were asked for. A line answers in the order of the requests: it is a copy of the
   * last answer that was told and that it fits, or it is the true one and what was told was foreign.
   * @param frames that came; one of them equal to what was told confirms it
   * @returns the request whose answer is in doubt; it is forgotten
   */
  doubt(fits: (request: Request) => boolean, frames: Buffer[]): Request | undefined;
  /** When the same frame came last as an answer that was told; monotonic. */
  sawAt(bytes: Buffer): number | undefined;
  /** When the slowest of the last answers of the unit would be here; monotonic. */
  expectedAt(request: Request, sentAt: number): number;
}

/** How long an answer that was told can be doubted, ms. */
const memoryMs = 10_000;
const timesKept = 16;

/** Two requests that one frame could answer. */
const isAlike = (a: Request, b: Request): boolean => {
  if (!isWrite(a) && !isWrite(b)) return answerShape(a) === answerShape(b);
  return isWrite(a) && isWrite(b) && a.unit === b.unit && a.fc === b.fc && a.address === b.address;
};

export const createRecentAnswers = (clock: Clock): RecentAnswers => {
  let answers: Told[] = [];
  let debts: Owed[] = [];
  const times = new Map<number, number[]>();

  const forget = (): void => {
    const now = clock.monotonic();
    if (answers[0] && answers[0].sentAt < now - memoryMs)
      answers = answers.filter(({ sentAt }) => sentAt >= now - memoryMs);
    if (debts.length > 0) debts = debts.filter(({ until }) => until > now);
  };

  return {
    told(request, bytes, sentAt, tookMs) {
      forget();
      answers.push({ request, bytes, sentAt, at: sentAt + tookMs });
      const known = times.get(request.unit) ?? [];
      known.push(tookMs);
      if (known.length > timesKept) known.shift();
      times.set(request.unit, known);
      // A unit answers in the order of the requests: what it owed before this one does not come any more.
      debts = debts.filter((owed) => owed.request.unit !== request.unit || owed.sentAt > sentAt);
    },
    owe(request, sentAt, until) {
      debts.push({ request, sentAt, until });
    },
    owedUntil(request) {
      forget();
      return Math.max(0, ...debts.filter((owed) => isAlike(owed.request, request)).map(({ until }) => until));
    },
    takeOwed(fits) {
      forget();
      const at = debts.findIndex(({ request }) => fits(request));
      const [owed] = at < 0 ? [] : debts.splice(at, 1);
      return owed && { request: owed.request, tookMs: clock.monotonic() - owed.sentAt };
    },
    doubt(fits, frames) {
      forget();
      const last = answers.findLast(({ request }) => fits(request));
      if (!last || frames.some((frame) => frame.equals(last.bytes))) return undefined;
      answers = answers.filter((told) => told !== last);
      return last.request;
    },
    sawAt: (bytes) => answers.findLast((told) => told.bytes.equals(bytes))?.at,
    expectedAt: (request, sentAt) => sentAt + Math.max(0, ...(times.get(request.unit) ?? [])),
  };
};
