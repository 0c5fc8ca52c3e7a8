/**
 * One physical house: sun and clouds on a roof, people who cook and wash, two batteries that try to keep the grid
 * at zero, and the grid, which gives and takes the rest. Powers in W with the signs of the model.
 */
import { clamp } from '../../common/clamp.ts';
import { createSeededRandom } from '../../common/seeded-random.ts';
import { type Phases, sumOf } from '../per-phase.ts';
import { type BatteryOrder, ownControl, stepBattery } from './battery.ts';
import { type HouseState, initialState } from './house-state.ts';
import { HouseholdLoad } from './household-load.ts';
import {
  acPower,
  batteryWithin,
  freeInverter,
  highestDc,
  type InverterOrder,
  inverterLoss,
  reactivePower,
} from './inverter-power.ts';
import { clearSkyShare, Sky } from './sky.ts';

interface HouseOptions {
  /** The same seed lives the same day again. */
  seed?: number;
  /** Local hour at which the day begins, 0 to 24. */
  startHour?: number;
  /** Power of the roof under a clear sky at noon, W. */
  solarPeakW?: number;
  hybridCapacityWh?: number;
  storageCapacityWh?: number;
}

/** Settings that can be changed while the house runs. */
export interface HouseControls {
  /** Simulated seconds per second. */
  speed: number;
  /** Share of a clear sky, 0 to 1; undefined: clouds as they come. */
  sky: number | undefined;
  /** Further load on all phases together, W. */
  extraLoadW: number;
  /** Power that cars draw on each phase, W. */
  chargingW: Phases;
  hybrid: BatteryOrder;
  storage: BatteryOrder;
  /** The AC terminal of the hybrid inverter. */
  inverter: InverterOrder;
}

/** Shares of the two strings in the power of the roof. */
export const stringShares = [0.56, 0.44] as const;
/** Longest simulated step, s: the batteries follow within a few seconds. */
const longestStepS = 5;

/** The house, whose time passes step by step. */
export class House {
  readonly controls: HouseControls = {
    speed: 1,
    sky: undefined,
    extraLoadW: 0,
    chargingW: [0, 0, 0],
    hybrid: ownControl(),
    storage: ownControl(),
    inverter: freeInverter(),
  };
  readonly #solarPeakW: number;
  readonly #random: () => number;
  readonly #sky: Sky;
  readonly #household: HouseholdLoad;
  readonly #now: HouseState;

  constructor(options: HouseOptions = {}) {
    const { seed = 7, startHour = 10.5, solarPeakW = 8200 } = options;
    this.#solarPeakW = solarPeakW;
    this.#random = createSeededRandom(seed);
    this.#sky = new Sky(this.#random);
    this.#household = new HouseholdLoad(this.#random);
    this.#now = initialState(options, startHour);
  }

  /** Lets real time pass, s; the speed of the controls multiplies it. */
  step(seconds: number): void {
    let left = seconds * this.controls.speed;
    while (left > 0) {
      const part = Math.min(left, longestStepS);
      this.#stepOnce(part);
      left -= part;
    }
  }

  /** @returns the state, which later steps change in place */
  state(): HouseState {
    return this.#now;
  }

  #stepOnce(seconds: number): void {
    const now = this.#now;
    now.hour = (now.hour + seconds / 3600) % 24;
    if (now.hour < seconds / 3600) now.producedTodayWh = 0;
    this.#stepSun(seconds);
    const loads = this.#stepLoads(seconds);
    this.#stepInverters(seconds);
    now.gridPhasesW = [
      loads[0] - now.hybridAcW / 3 - now.storage.powerW,
      loads[1] - now.hybridAcW / 3,
      loads[2] - now.hybridAcW / 3,
    ];
    this.#stepGrid(seconds);
    now.inverterTemperatureC += (28 + now.solarW / 300 - now.inverterTemperatureC) * Math.min(1, seconds / 600);
  }

  #stepSun(seconds: number): void {
    const now = this.#now;
    const clouds = this.#sky.step(seconds);
    now.solarAvailableW =
      this.#solarPeakW * clearSkyShare(now.hour) * (this.controls.sky ?? clouds) * (0.99 + this.#random() * 0.02);
  }

  /** @returns load of each phase, W */
  #stepLoads(seconds: number): Phases {
    const { extraLoadW, chargingW } = this.controls;
    const loads = this.#household.step(seconds, this.#now.hour);
    for (const phase of [0, 1, 2] as const) loads[phase] += extraLoadW / 3 + chargingW[phase];
    this.#now.loadW = sumOf(loads);
    return loads;
  }

  /** The batteries bring the grid to zero; the roof gives what an order of the hybrid inverter leaves to it. */
  #stepInverters(seconds: number): void {
    const { controls } = this;
    const { inverter } = controls;
    const now = this.#now;
    const residualW = now.loadW - now.solarAvailableW * (1 - inverterLoss);
    if (inverter.isConnected)
      stepBattery(now.hybrid, batteryWithin(inverter, controls.hybrid, now.solarAvailableW), residualW, seconds);
    else now.hybrid.powerW = 0;
    const leftW = inverter.isConnected ? highestDc(inverter) - now.hybrid.powerW : 0;
    this.#produce(clamp(now.solarAvailableW, 0, Math.max(0, leftW)), seconds);
    now.isHybridConnected = inverter.isConnected;
    now.hybridAcW = inverter.isConnected ? acPower(now.solarW + now.hybrid.powerW) : 0;
    now.hybridVar = inverter.isConnected ? reactivePower(inverter, now.hybridAcW) : 0;
    const wh = (now.hybridAcW * seconds) / 3600;
    if (wh >= 0) now.hybridOutWh += wh;
    else now.hybridInWh -= wh;
    const leftLoadW = now.loadW - now.solarW * (1 - inverterLoss) - now.hybrid.powerW;
    stepBattery(now.storage, controls.storage, leftLoadW, seconds);
  }

  /** Takes a power from the roof. */
  #produce(roofW: number, seconds: number): void {
    const now = this.#now;
    now.stringsW = [roofW * stringShares[0], roofW * stringShares[1]];
    now.solarW = roofW;
    const producedWh = (roofW * seconds) / 3600;
    now.producedWh += producedWh;
    now.producedTodayWh += producedWh;
  }

  /** Counts what flows through the meter, in total and on each phase. */
  #stepGrid(seconds: number): void {
    const now = this.#now;
    now.gridW = sumOf(now.gridPhasesW);
    for (const phase of [0, 1, 2] as const) {
      const wh = (now.gridPhasesW[phase] * seconds) / 3600;
      if (wh >= 0) now.importPhasesWh[phase] += wh;
      else now.exportPhasesWh[phase] -= wh;
      now.gridVoltagesV[phase] = 230.5 - now.gridPhasesW[phase] / 2500 + (this.#random() - 0.5);
    }
    const wh = (now.gridW * seconds) / 3600;
    if (wh >= 0) now.importWh += wh;
    else now.exportWh -= wh;
    now.frequencyHz = 50 + (this.#random() - 0.5) * 0.04;
  }
}
