/** An electric car at a charging cable: the current that it draws of the current it is offered. */

export interface CarOptions {
  /** Phases that the charger of the car uses. */
  phases?: 1 | 3;
  /** Highest current on each phase, A. */
  maxA?: number;
  capacityWh?: number;
  /** State of charge on arrival, %. */
  soc?: number;
  /** State of charge at which the driver lets the car stop, %. */
  stopsAtSoc?: number;
  /** Time from a change of the offered current until the car follows, s. */
  delayS?: number;
  /** Change of the current in a second, A. */
  rampAPerS?: number;
}

/** The lowest current that the duty cycle of the control pilot can offer, A: IEC 61851-1 Annex A. */
export const leastCurrentA = 6;
/** Voltage between a phase and neutral, V. */
export const nominalV = 230;

/** Share of the energy from the cable that reaches the battery. */
const efficiency = 0.92;

/** The car, whose time passes step by step. */
export class ElectricCar {
  readonly phases: 1 | 3;
  readonly #options: Required<Omit<CarOptions, 'phases' | 'soc'>>;
  #percent: number;
  #drawnA = 0;
  #targetA = 0;
  /** Time until the car begins to follow a changed offer, s. */
  #waitsS = 0;

  constructor({ phases = 3, soc = 40, ...options }: CarOptions = {}) {
    this.phases = phases;
    this.#percent = soc;
    this.#options = { maxA: 16, capacityWh: 60_000, stopsAtSoc: 100, delayS: 2, rampAPerS: 4, ...options };
  }

  /** @returns state of charge, % */
  soc(): number {
    return this.#percent;
  }

  /** @returns current on each phase in use, A */
  currentA(): number {
    return this.#drawnA;
  }

  /** @returns whether the car would draw the current that it is offered */
  wantsToCharge(): boolean {
    return this.#percent < this.#options.stopsAtSoc;
  }

  /**
   * Lets time pass.
   * @param livePhases phases with voltage behind the contactor; 0: the contactor is open, and the current ends at once
   */
  step(seconds: number, offeredA: number, livePhases: 0 | 1 | 3): void {
    const { maxA, capacityWh, stopsAtSoc } = this.#options;
    if (livePhases === 0) {
      [this.#drawnA, this.#targetA, this.#waitsS] = [0, 0, 0];
      return;
    }
    this.#follow(seconds, this.wantsToCharge() && offeredA >= leastCurrentA ? Math.min(offeredA, maxA) : 0);
    const wh = (this.#drawnA * nominalV * Math.min(this.phases, livePhases) * seconds) / 3600;
    this.#percent = Math.min(stopsAtSoc, this.#percent + ((wh * efficiency) / capacityWh) * 100);
    // A full battery takes nothing more, whatever the charger was about to do.
    if (!this.wantsToCharge()) this.#drawnA = 0;
  }

  #follow(seconds: number, wantedA: number): void {
    const { delayS, rampAPerS } = this.#options;
    if (wantedA !== this.#targetA) {
      this.#targetA = wantedA;
      this.#waitsS = delayS;
    }
    const movesS = Math.max(0, seconds - this.#waitsS);
    this.#waitsS = Math.max(0, this.#waitsS - seconds);
    const stepA = rampAPerS * movesS;
    this.#drawnA += Math.min(stepA, Math.max(-stepA, this.#targetA - this.#drawnA));
  }
}
