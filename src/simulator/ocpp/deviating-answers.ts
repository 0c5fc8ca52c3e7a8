/** The calls of a CSMS at a simulated station, answered as late, as badly or as little as real stations do. */
import { createRPCError } from 'ocpp-rpc';
import type { Clock } from '../../model/time.ts';
import type { AnswerCall } from './csms-requests.ts';
import type { StationDeviations } from './station-deviations.ts';

interface DeviatingAnswersOptions {
  answer: AnswerCall;
  deviations: StationDeviations;
  /** @returns whether the CSMS has accepted the station in this connection */
  isOnline(): boolean;
  hangUp(): void;
}

/** Length of an error description beyond the 255 characters that OCPP-J allows. */
const longDescription = 600;

/** Answers the calls of the CSMS for one station. */
export class DeviatingAnswers {
  readonly #options: DeviatingAnswersOptions;
  readonly #clock: Clock;
  /** Monotonic ms of the last call. */
  #calledAt = Number.NEGATIVE_INFINITY;

  constructor(options: DeviatingAnswersOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** @returns the payload of the CALLRESULT; a promise that never settles for an action that the station ignores */
  async onCall(action: string, params: unknown): Promise<object> {
    const { ignores, answersAfterMs } = this.#options.deviations;
    this.#hangUpWhenProvoked();
    if (ignores.includes(action)) return new Promise(() => {});
    if (answersAfterMs > 0) await new Promise<void>((resolve) => this.#clock.after(answersAfterMs, resolve));
    return this.#answer(action, params);
  }

  #hangUpWhenProvoked(): void {
    const { hangsUpWhenHurriedMs, hangsUpBeforeBoot } = this.#options.deviations;
    const pauseMs = this.#clock.monotonic() - this.#calledAt;
    this.#calledAt = this.#clock.monotonic();
    const isHurried = hangsUpWhenHurriedMs !== undefined && pauseMs < hangsUpWhenHurriedMs;
    if (isHurried || (hangsUpBeforeBoot && !this.#options.isOnline())) this.#options.hangUp();
  }

  #answer(action: string, params: unknown): object {
    try {
      return this.#options.answer(action, params);
    } catch (error) {
      if (!this.#options.deviations.explainsAtLength) throw error;
      throw createRPCError('GenericError', (error as Error).message.padEnd(longDescription, ' and again'));
    }
  }
}
