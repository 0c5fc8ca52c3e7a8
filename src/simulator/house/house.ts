/**
 * One physical house: sun and clouds on a roof, people who cook and wash, two batteries that try to keep the grid
 * at zero, and the grid, which gives and takes the rest. Powers in W with the signs of the model.
 */
import { createSeededRandom } from '../../common/seeded-random.ts';
import { type Phases, sumOf } from '../per-phase.ts';
import { type BatteryOrder, type BatteryState, createBattery, ownControl, stepBattery } from './battery.ts';
import { HouseholdLoad } from './household-load.ts';
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
}

/** The true state of the house, which its devices measure. */
export interface HouseState {
  /** Local hour of day, 0 to 24. */
  hour: number;
  /** DC power of the two strings on the hybrid inverter, W. */
  stringsW: [number, number];
  /** DC power of the roof, W. */
  solarW: number;
  producedWh: number;
  /** Production since midnight, Wh. */
  producedTodayWh: number;
  /** Battery on the DC side of the hybrid inverter. */
  hybrid: BatteryState;
  /** AC terminal of the hybrid inverter, W; positive feeds the house. */
  hybridAcW: number;
  /** Battery on the AC side, with an inverter of its own on L1. */
  storage: BatteryState;
  /** Power of all consumers, cars among them, W. */
  loadW: number;
  /** Power at the grid connection, W; positive imports. */
  gridW: number;
  gridPhasesW: Phases;
  gridVoltagesV: Phases;
  frequencyHz: number;
  importWh: number;
  exportWh: number;
  importPhasesWh: Phases;
  exportPhasesWh: Phases;
  inverterTemperatureC: number;
}

/** Share that is lost between the DC and the AC side of the hybrid inverter. */
const hybridLoss = 0.03;
/** Power that the hybrid inverter needs for itself, W. */
const hybridOwnW = 25;
/** Longest simulated step, s: the batteries follow within a few seconds. */
const longestStepS = 5;

const initialState = (options: HouseOptions, hour: number): HouseState => ({
  hour,
  stringsW: [0, 0],
  solarW: 0,
  producedWh: 18_240_000,
  producedTodayWh: 6200,
  hybrid: createBattery(options.hybridCapacityWh ?? 9600, 5000, { soc: 58, dischargedWh: 4_310_000 }),
  hybridAcW: 0,
  storage: createBattery(options.storageCapacityWh ?? 6400, 3700, { soc: 41, dischargedWh: 2_150_000 }),
  loadW: 400,
  gridW: 0,
  gridPhasesW: [0, 0, 0],
  gridVoltagesV: [230, 230, 230],
  frequencyHz: 50,
  importWh: 6_480_000,
  exportWh: 9_120_000,
  importPhasesWh: [2_160_000, 2_160_000, 2_160_000],
  exportPhasesWh: [3_040_000, 3_040_000, 3_040_000],
  inverterTemperatureC: 41,
});

/** The house, whose time passes step by step. */
export class House {
  readonly controls: HouseControls = {
    speed: 1,
    sky: undefined,
    extraLoadW: 0,
    chargingW: [0, 0, 0],
    hybrid: ownControl(),
    storage: ownControl(),
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
    this.#stepRoof(seconds);
    const loads = this.#stepLoads(seconds);
    this.#stepBatteries(seconds);
    now.gridPhasesW = [
      loads[0] - now.hybridAcW / 3 - now.storage.powerW,
      loads[1] - now.hybridAcW / 3,
      loads[2] - now.hybridAcW / 3,
    ];
    this.#stepGrid(seconds);
    now.inverterTemperatureC += (28 + now.solarW / 300 - now.inverterTemperatureC) * Math.min(1, seconds / 600);
  }

  #stepRoof(seconds: number): void {
    const now = this.#now;
    const clouds = this.#sky.step(seconds);
    const roofW =
      this.#solarPeakW * clearSkyShare(now.hour) * (this.controls.sky ?? clouds) * (0.99 + this.#random() * 0.02);
    now.stringsW = [roofW * 0.56, roofW * 0.44];
    now.solarW = roofW;
    const producedWh = (roofW * seconds) / 3600;
    now.producedWh += producedWh;
    now.producedTodayWh += producedWh;
  }

  /** @returns load of each phase, W */
  #stepLoads(seconds: number): Phases {
    const { extraLoadW, chargingW } = this.controls;
    const loads = this.#household.step(seconds, this.#now.hour);
    for (const phase of [0, 1, 2] as const) loads[phase] += extraLoadW / 3 + chargingW[phase];
    this.#now.loadW = sumOf(loads);
    return loads;
  }

  #stepBatteries(seconds: number): void {
    const { controls } = this;
    const now = this.#now;
    const residualW = now.loadW - now.solarW * (1 - hybridLoss);
    stepBattery(now.hybrid, controls.hybrid, residualW, seconds);
    stepBattery(now.storage, controls.storage, residualW - now.hybrid.powerW, seconds);
    const dcW = now.solarW + now.hybrid.powerW;
    now.hybridAcW = dcW * (dcW >= 0 ? 1 - hybridLoss : 1 + hybridLoss) - hybridOwnW;
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
