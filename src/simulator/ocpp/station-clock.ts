/** The clock inside a simulated station, and the form in which the station writes times. */
import { type Clock, isoTime } from '../../model/time.ts';
import type { StationDeviations } from './station-deviations.ts';

/** Follows the currentTime that the CSMS tells. */
export class StationClock {
  readonly #clock: Clock;
  readonly #localTimeMin: number | undefined;
  #aheadMs: number;

  constructor(clock: Clock, { startsIn1970, localTimeMin }: StationDeviations) {
    this.#clock = clock;
    this.#localTimeMin = localTimeMin;
    this.#aheadMs = startsIn1970 ? -clock.now() : 0;
  }

  /** @returns ms since 1970 as the station believes */
  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  /** Sets the clock to the currentTime of a BootNotification or Heartbeat response; text that is no time is ignored. */
  set(currentTime: string): void {
    const time = Date.parse(currentTime);
    if (!Number.isNaN(time)) this.#aheadMs = time - this.#clock.now();
  }

  /** @param at ms since 1970 @returns dateTime of a message */
  timestamp(at: number): string {
    if (this.#localTimeMin === undefined) return isoTime(at);
    return isoTime(at + this.#localTimeMin * 60_000).replace(/\.\d+Z$/, '');
  }
}
