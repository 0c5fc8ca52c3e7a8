/** The sun over a roof: the height of the sun by the hour, and clouds that come and go. */

/** The clouds of one place. */
export class Sky {
  readonly #random: () => number;
  /** Share of a clear sky that the clouds let through now, 0 to 1. */
  #clouds = 0.85;
  /** Share to which the clouds are on their way. */
  #target = 0.85;

  /** @param random gives numbers from 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Lets time pass. @returns share of a clear sky that the clouds let through, 0 to 1 */
  step(seconds: number): number {
    const random = this.#random;
    if (random() < seconds / 240) this.#target = random() < 0.45 ? 0.25 + random() * 0.35 : 0.8 + random() * 0.2;
    this.#clouds += (this.#target - this.#clouds) * Math.min(1, seconds / 25);
    return this.#clouds;
  }
}

/** @param hour local hour of day @returns share of its peak that a roof gives under a clear sky, from 6 h to 20 h */
export const clearSkyShare = (hour: number): number => Math.max(0, Math.sin((Math.PI * (hour - 6)) / 14)) ** 1.3;
