/** An electric car at a cable: what it draws of the current it is offered. A per phase, Wh, SoC in %. */

export interface CarOptions {
  /** Phases that its charger uses. */
  phases?: 1 | 3;
  maxA?: number;
  capacityWh?: number;
  soc?: number;
  /** Full for its driver. */
  stopsAtSoc?: number;
  /** From a change of the offer until it moves, s. */
  delayS?: number;
  rampAPerS?: number;
}

export interface Car {
  readonly phases: 1 | 3;
  soc(): number;
  /** A on each phase in use. */
  currentA(): number;
  /** Would draw what it is offered. */
  isHungry(): boolean;
  /** @param livePhases phases with voltage behind the contactor; 0: open, nothing flows from now on */
  step(seconds: number, offeredA: number, livePhases: 0 | 1 | 3): void;
}

/** IEC 61851-1 Annex A: no duty cycle says less than this. */
export const leastA = 6;
export const nominalV = 230;

const efficiency = 0.92;

export const createCar = (options: CarOptions = {}): Car => {
  const { phases = 3, maxA = 16, capacityWh = 60_000, stopsAtSoc = 100, delayS = 2, rampAPerS = 4 } = options;
  let soc = options.soc ?? 40;
  let currentA = 0;
  let targetA = 0;
  let waitsS = 0;

  const isHungry = (): boolean => soc < stopsAtSoc;

  const follow = (seconds: number, wantedA: number): void => {
    if (wantedA !== targetA) {
      targetA = wantedA;
      waitsS = delayS;
    }
    const movesS = Math.max(0, seconds - waitsS);
    waitsS = Math.max(0, waitsS - seconds);
    const step = rampAPerS * movesS;
    currentA += Math.min(step, Math.max(-step, targetA - currentA));
  };

  return {
    phases,
    soc: () => soc,
    currentA: () => currentA,
    isHungry,
    step(seconds, offeredA, livePhases) {
      if (livePhases === 0) {
        [currentA, targetA, waitsS] = [0, 0, 0];
        return;
      }
      follow(seconds, isHungry() && offeredA >= leastA ? Math.min(offeredA, maxA) : 0);
      const wh = (currentA * nominalV * Math.min(phases, livePhases) * seconds) / 3600;
      soc = Math.min(stopsAtSoc, soc + ((wh * efficiency) / capacityWh) * 100);
      // A battery that is full takes nothing more, whatever its charger was about to do.
      if (!isHungry()) currentA = 0;
    },
  };
};
