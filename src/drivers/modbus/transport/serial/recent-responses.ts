/**
 * The memory of a serial line for the last seconds: responses that were delivered, responses that are still due, and how
 * long each unit takes. With it a frame that no request waits for can be told from one that belongs to an earlier request.
 */
import type { Clock } from '../../../../model/time.ts';
import { isWrite, type Request, responseShape } from '../../messages.ts';

interface Delivered {
  request: Request;
  /** The whole frame. */
  bytes: Buffer;
  /** Monotonic ms. */
  sentAt: number;
  /** Monotonic ms of the response. */
  at: number;
}

interface Due {
  request: Request;
  /** Monotonic ms. */
  sentAt: number;
  /** Monotonic ms after which the response does not come any more. */
  until: number;
}

/** Whether a frame could be the response to a request. */
type Fits = (request: Request) => boolean;

/** Time for which a delivered response can be doubted, ms. */
const memoryMs = 10_000;
/** Response times that are kept of each unit. */
const timesKept = 16;

/** Whether one frame could be the response to either of two requests. */
const isAlike = (a: Request, b: Request): boolean => {
  if (!isWrite(a) && !isWrite(b)) return responseShape(a) === responseShape(b);
  return isWrite(a) && isWrite(b) && a.unit === b.unit && a.functionCode === b.functionCode && a.address === b.address;
};

/** The memory of one line. */
export class RecentResponses {
  readonly #clock: Clock;
  #delivered: Delivered[] = [];
  #due: Due[] = [];
  /** Times of the last responses, ms, by unit. */
  readonly #times = new Map<number, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A response was delivered to its request. */
  deliver(request: Request, { bytes, sentAt, tookMs }: { bytes: Buffer; sentAt: number; tookMs: number }): void {
    this.#forget();
    this.#delivered.push({ request, bytes, sentAt, at: sentAt + tookMs });
    const times = this.#times.get(request.unit) ?? [];
    times.push(tookMs);
    if (times.length > timesKept) times.shift();
    this.#times.set(request.unit, times);
    // A unit answers in the order of the requests, so that responses due before this one do not come any more.
    this.#due = this.#due.filter((due) => due.request.unit !== request.unit || due.sentAt > sentAt);
  }

  /**
   * A request got no response that could be delivered; the response may still come.
   * @param until monotonic ms after which it does not
   */
  expect(request: Request, sentAt: number, until: number): void {
    this.#due.push({ request, sentAt, until });
  }

  /** @returns monotonic ms until which the response to an earlier request could be taken for one to this request */
  dueUntil(request: Request): number {
    this.#forget();
    return Math.max(0, ...this.#due.filter((due) => isAlike(due.request, request)).map(({ until }) => until));
  }

  /** @returns the request whose response has come late, which is not due any more; and how long it took */
  takeDue(fits: Fits): { request: Request; tookMs: number } | undefined {
    this.#forget();
    const at = this.#due.findIndex(({ request }) => fits(request));
    const [due] = at < 0 ? [] : this.#due.splice(at, 1);
    return due && { request: due.request, tookMs: this.#clock.monotonic() - due.sentAt };
  }

  /**
   * A frame has come beyond those that were asked for. A line answers in the order of the requests, so that the frame is
   * a copy of the last delivered response that it fits, or else that response was foreign and the frame is the true one.
   * @param frames that have come; one that equals the delivered response confirms it
   * @returns the request whose response is in doubt; the response is forgotten
   */
  doubt(fits: Fits, frames: Buffer[]): Request | undefined {
    this.#forget();
    const last = this.#delivered.findLast(({ request }) => fits(request));
    if (!last || frames.some((frame) => frame.equals(last.bytes))) return undefined;
    this.#delivered = this.#delivered.filter((delivered) => delivered !== last);
    return last.request;
  }

  /** @returns monotonic ms at which the same frame was last delivered as a response */
  deliveredAt(bytes: Buffer): number | undefined {
    return this.#delivered.findLast((delivered) => delivered.bytes.equals(bytes))?.at;
  }

  /** @returns monotonic ms by which even the slowest of the unit's last responses would have come */
  expectedAt(request: Request, sentAt: number): number {
    return sentAt + Math.max(0, ...(this.#times.get(request.unit) ?? []));
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    const [oldest] = this.#delivered;
    if (oldest && oldest.sentAt < now - memoryMs)
      this.#delivered = this.#delivered.filter(({ sentAt }) => sentAt >= now - memoryMs);
    if (this.#due.length > 0) this.#due = this.#due.filter(({ until }) => until > now);
  }
}
