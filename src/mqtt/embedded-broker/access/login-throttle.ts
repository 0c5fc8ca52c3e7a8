/**
 * Slows logins down at addresses from which wrong passwords come. Right and wrong ones are answered equally late, so
 * the delay tells nothing; no client is locked out, since many devices may stand behind one address.
 */
import type { Clock, Timer } from '../../../model/time.ts';

interface Source {
  /** Number of wrong passwords, less those that time has forgiven. */
  failures: number;
  /** Up to when failures were forgiven, monotonic, ms. */
  atMs: number;
  /** Number of logins that wait for their answer. */
  waiting: number;
}

/** One wrong password in so long comes from a device with an old password, and not from a client that guesses, ms. */
const forgivenMs = 2000;
/** Failures beyond the limit that count: after eighteen seconds without any, logins are answered at once again. */
const mostBeyond = 8;
const firstDelayMs = 250;
const longestDelayMs = 2000;
/**
 * Logins of one source that wait for their answer: a client that guesses gets no further than these per longestDelayMs.
 */
const mostWaiting = 50;
/** Addresses are chosen by strangers, where they have many, so their number is bounded. */
const mostSources = 10_000;
/** Client identifiers that logged in before are slowed down by themselves, not by others at their address. */
const mostKnown = 10_000;

/** Fate of a login: answered at once, answered later, or not answered. */
export type Admission = 'now' | 'later' | 'never';

/** The throttle of one broker. */
export class LoginThrottle {
  readonly #limit: number;
  readonly #clock: Clock;
  readonly #sources = new Map<string, Source>();
  readonly #known = new Set<string>();
  readonly #timers = new Set<Timer>();

  /** @param limit wrong passwords of one source that cost no time */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * @param check compares the password; called now or later, unless too many of the same source wait already. It
   *   returns undefined where nobody waits for the answer any more
   * @returns when the password is compared; never: the connection should end without an answer, and be tried again
   */
  admit(host: string, clientId: string, check: () => boolean | undefined): Admission {
    const key = this.#known.has(clientId) ? `client ${clientId}` : `host ${host}`;
    const source = this.#sourceOf(key);
    const beyond = source.failures - this.#limit;
    if (beyond < 0) {
      this.#check(source, clientId, check);
      return 'now';
    }
    if (source.waiting >= mostWaiting) return 'never';
    source.waiting++;
    const timer = this.#clock.after(Math.min(longestDelayMs, firstDelayMs * 2 ** beyond), () => {
      this.#timers.delete(timer);
      source.waiting--;
      this.#check(source, clientId, check);
    });
    this.#timers.add(timer);
    return 'later';
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #check(source: Source, clientId: string, check: () => boolean | undefined): void {
    const isRight = check();
    if (isRight) this.#remember(clientId);
    if (isRight === false) source.failures = Math.min(source.failures + 1, this.#limit + mostBeyond);
  }

  #remember(clientId: string): void {
    this.#known.delete(clientId);
    this.#known.add(clientId);
    if (this.#known.size <= mostKnown) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  #sourceOf(key: string): Source {
    const now = this.#clock.monotonic();
    const source = this.#sources.get(key) ?? { failures: 0, atMs: now, waiting: 0 };
    const forgiven = Math.floor((now - source.atMs) / forgivenMs);
    source.failures = Math.max(0, source.failures - forgiven);
    source.atMs = source.failures === 0 ? now : source.atMs + forgiven * forgivenMs;
    this.#sources.delete(key);
    this.#sources.set(key, source);
    const [oldest] = this.#sources;
    if (this.#sources.size > mostSources && oldest) this.#sources.delete(oldest[0]);
    return source;
  }
}
