/** The load of a household: a base load on each phase, and appliances that people switch on at their hours. */
import type { Phases } from '../per-phase.ts';

interface Appliance {
  phase: 0 | 1 | 2;
  powerW: number;
  /** @param hour local hour of day, 0 to 24 @returns starts to be expected in an hour */
  startsPerHour(hour: number): number;
  /** Shortest and longest run, min. */
  minutes: [number, number];
}

/** @returns 1 at the peak hour, falling to both sides as a bell curve of the given width in hours */
const near = (hour: number, peak: number, width: number): number => Math.exp(-(((hour - peak) / width) ** 2));

/** Refrigerator, kettle, oven, washing machine and television. */
const appliances: readonly Appliance[] = [
  { phase: 0, powerW: 95, startsPerHour: () => 2.2, minutes: [8, 16] },
  {
    phase: 1,
    powerW: 2000,
    startsPerHour: (h) => 0.2 + 1.6 * near(h, 7.5, 1.5) + 1.2 * near(h, 18.5, 2),
    minutes: [2, 4],
  },
  {
    phase: 2,
    powerW: 2600,
    startsPerHour: (h) => 0.9 * near(h, 12.5, 1) + 1.4 * near(h, 18.5, 1.2),
    minutes: [15, 40],
  },
  { phase: 1, powerW: 1900, startsPerHour: (h) => 0.25 * near(h, 11, 3), minutes: [40, 80] },
  { phase: 0, powerW: 900, startsPerHour: (h) => 0.3 + 0.5 * near(h, 15, 4), minutes: [5, 15] },
];

/** Base load of L1, L2 and L3, W. */
const baseW: Readonly<Phases> = [140, 90, 110];
/** Spread of the noise on each phase, W. */
const noiseW = 24;

/** The running appliances of one household. */
export class HouseholdLoad {
  readonly #random: () => number;
  /** Time that each appliance still runs, s. */
  readonly #runningS = appliances.map(() => 0);

  /** @param random gives numbers from 0 to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Lets time pass.
   * @param hour local hour of day, 0 to 24
   * @returns power drawn on each phase, W
   */
  step(seconds: number, hour: number): Phases {
    const phases: Phases = [...baseW];
    appliances.forEach((appliance, i) => {
      this.#runningS[i] = this.#stepAppliance(appliance, this.#runningS[i] ?? 0, seconds, hour);
      if ((this.#runningS[i] ?? 0) > 0) phases[appliance.phase] += appliance.powerW;
    });
    for (const phase of [0, 1, 2] as const) phases[phase] += (this.#random() - 0.5) * noiseW;
    return phases;
  }

  #stepAppliance({ startsPerHour, minutes }: Appliance, runningS: number, seconds: number, hour: number) {
    const left = runningS - seconds;
    const starts = left <= 0 && this.#random() < (startsPerHour(hour) * seconds) / 3600;
    const [shortest, longest] = minutes;
    return starts ? (shortest + this.#random() * (longest - shortest)) * 60 : Math.max(0, left);
  }
}
