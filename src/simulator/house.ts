/**
 * One physical house: sun and clouds on a roof, people who cook and wash, two batteries that try to keep the grid
 * at zero, and the grid, which gives and takes what is left. Powers in W with the signs of the model.
 */
import { createRandom } from './random.ts';

export interface HouseOptions {
  seed?: number;
  /** Local hour at which the day begins, 0..24. */
  startHour?: number;
  solarPeakW?: number;
  hybridCapacityWh?: number;
  storageCapacityWh?: number;
}

/** What a battery was told by an EMS. W. */
export interface BatteryOrder {
  /** + discharges; undefined: it keeps the grid at zero by itself. */
  forcedW: number | undefined;
  maxChargeW: number;
  maxDischargeW: number;
}

const ownWill = (): BatteryOrder => ({
  forcedW: undefined,
  maxChargeW: Number.POSITIVE_INFINITY,
  maxDischargeW: Number.POSITIVE_INFINITY,
});

/** What can be changed while it runs; absent: as the day goes. */
export interface HouseControls {
  /** Simulated seconds per second. */
  speed: number;
  /** 0..1 of a clear sky, or undefined for clouds of its own. */
  sky: number | undefined;
  /** Extra load, W. */
  extraLoadW: number;
  /** What cars draw, by phase, W. */
  chargingW: [number, number, number];
  hybrid: BatteryOrder;
  storage: BatteryOrder;
}

export interface BatteryState {
  /** + discharges */
  powerW: number;
  soc: number;
  capacityWh: number;
  maxPowerW: number;
  chargedWh: number;
  dischargedWh: number;
}

export interface HouseState {
  hour: number;
  /** DC power of the two strings on the hybrid inverter. */
  stringsW: [number, number];
  solarW: number;
  producedWh: number;
  producedTodayWh: number;
  hybrid: BatteryState;
  /** AC terminal of the hybrid, + feeds the house. */
  hybridAcW: number;
  storage: BatteryState;
  loadW: number;
  /** + imports */
  gridW: number;
  gridPhasesW: [number, number, number];
  gridVoltagesV: [number, number, number];
  frequencyHz: number;
  importWh: number;
  exportWh: number;
  importPhasesWh: [number, number, number];
  exportPhasesWh: [number, number, number];
  inverterTemperatureC: number;
}

export interface House {
  /** Lets real time pass, s. */
  step(seconds: number): void;
  state(): HouseState;
  controls: HouseControls;
}

/** Loss between DC and AC of the hybrid. */
const hybridLoss = 0.03;
const batteryEfficiency = 0.95;
/** How fast power electronics follow, per s. */
const followPerS = 0.5;

interface Appliance {
  phase: 0 | 1 | 2;
  powerW: number;
  /** Chance to start in an hour, by hour of day. */
  perHour(hour: number): number;
  minutes: [number, number];
}

const near = (hour: number, peak: number, width: number): number => Math.exp(-(((hour - peak) / width) ** 2));

const appliances: Appliance[] = [
  { phase: 0, powerW: 95, perHour: () => 2.2, minutes: [8, 16] },
  { phase: 1, powerW: 2000, perHour: (h) => 0.2 + 1.6 * near(h, 7.5, 1.5) + 1.2 * near(h, 18.5, 2), minutes: [2, 4] },
  { phase: 2, powerW: 2600, perHour: (h) => 0.9 * near(h, 12.5, 1) + 1.4 * near(h, 18.5, 1.2), minutes: [15, 40] },
  { phase: 1, powerW: 1900, perHour: (h) => 0.25 * near(h, 11, 3), minutes: [40, 80] },
  { phase: 0, powerW: 900, perHour: (h) => 0.3 + 0.5 * near(h, 15, 4), minutes: [5, 15] },
];

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

const createBattery = (capacityWh: number, maxPowerW: number, soc: number, baseWh: number): BatteryState => ({
  powerW: 0,
  soc,
  capacityWh,
  maxPowerW,
  chargedWh: baseWh * 1.08,
  dischargedWh: baseWh,
});

/** What a battery can do now: nothing out of an empty one, nothing into a full one, gently near full. */
const limitPower = (battery: BatteryState, wantedW: number, { maxChargeW, maxDischargeW }: BatteryOrder): number => {
  const charge = battery.maxPowerW * clamp((100 - battery.soc) / 5, 0, 1);
  const discharge = battery.soc <= 5 ? 0 : battery.maxPowerW;
  return clamp(wantedW, -Math.min(charge, maxChargeW), Math.min(discharge, maxDischargeW));
};

const stepBattery = (
  battery: BatteryState,
  order: BatteryOrder,
  wantedW: number,
  seconds: number,
  followed: number,
): void => {
  const target = limitPower(battery, order.forcedW ?? wantedW, order);
  battery.powerW += (target - battery.powerW) * followed;
  const wh = (battery.powerW * seconds) / 3600;
  if (wh >= 0) battery.dischargedWh += wh;
  else battery.chargedWh -= wh;
  const storedWh = wh >= 0 ? -wh / batteryEfficiency : -wh * batteryEfficiency;
  battery.soc = clamp(battery.soc + (storedWh / battery.capacityWh) * 100, 0, 100);
};

export const createHouse = (options: HouseOptions = {}): House => {
  const { seed = 7, startHour = 10.5, solarPeakW = 8200 } = options;
  const random = createRandom(seed);
  const controls: HouseControls = {
    speed: 1,
    sky: undefined,
    extraLoadW: 0,
    chargingW: [0, 0, 0],
    hybrid: ownWill(),
    storage: ownWill(),
  };
  const runningS = appliances.map(() => 0);
  let hour = startHour;
  let clouds = 0.85;
  let cloudTarget = 0.85;

  const state: HouseState = {
    hour,
    stringsW: [0, 0],
    solarW: 0,
    producedWh: 18_240_000,
    producedTodayWh: 6200,
    hybrid: createBattery(options.hybridCapacityWh ?? 9600, 5000, 58, 4_310_000),
    hybridAcW: 0,
    storage: createBattery(options.storageCapacityWh ?? 6400, 3700, 41, 2_150_000),
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
  };

  /** Share of the peak that a clear sky gives: 6 h to 20 h. */
  const clearSky = (): number => Math.max(0, Math.sin((Math.PI * (hour - 6)) / 14)) ** 1.3;

  const stepSky = (seconds: number): void => {
    if (random() < seconds / 240) cloudTarget = random() < 0.45 ? 0.25 + random() * 0.35 : 0.8 + random() * 0.2;
    clouds += (cloudTarget - clouds) * Math.min(1, seconds / 25);
  };

  const stepLoads = (seconds: number): [number, number, number] => {
    const phases: [number, number, number] = [140, 90, 110];
    appliances.forEach(({ phase, powerW, perHour, minutes: [shortest, longest] }, i) => {
      const left = (runningS[i] ?? 0) - seconds;
      const starts = left <= 0 && random() < (perHour(hour) * seconds) / 3600;
      runningS[i] = starts ? (shortest + random() * (longest - shortest)) * 60 : Math.max(0, left);
      if ((runningS[i] ?? 0) > 0) phases[phase] += powerW;
    });
    for (const phase of [0, 1, 2] as const)
      phases[phase] += (random() - 0.5) * 24 + controls.extraLoadW / 3 + controls.chargingW[phase];
    return phases;
  };

  const stepOnce = (seconds: number): void => {
    hour = (hour + seconds / 3600) % 24;
    if (hour < seconds / 3600) state.producedTodayWh = 0;
    stepSky(seconds);
    const roofW = solarPeakW * clearSky() * (controls.sky ?? clouds) * (0.99 + random() * 0.02);
    state.stringsW = [roofW * 0.56, roofW * 0.44];
    state.solarW = roofW;
    const loads = stepLoads(seconds);
    state.loadW = loads[0] + loads[1] + loads[2];

    const followed = 1 - (1 - followPerS) ** seconds;
    const residualW = state.loadW - roofW * (1 - hybridLoss);
    stepBattery(state.hybrid, controls.hybrid, residualW, seconds, followed);
    stepBattery(state.storage, controls.storage, residualW - state.hybrid.powerW, seconds, followed);

    const dcW = roofW + state.hybrid.powerW;
    state.hybridAcW = dcW * (dcW >= 0 ? 1 - hybridLoss : 1 + hybridLoss) - 25;
    state.gridPhasesW = [
      loads[0] - state.hybridAcW / 3 - state.storage.powerW,
      loads[1] - state.hybridAcW / 3,
      loads[2] - state.hybridAcW / 3,
    ];
    state.gridW = state.gridPhasesW[0] + state.gridPhasesW[1] + state.gridPhasesW[2];
    for (const phase of [0, 1, 2] as const) {
      const wh = (state.gridPhasesW[phase] * seconds) / 3600;
      if (wh >= 0) state.importPhasesWh[phase] += wh;
      else state.exportPhasesWh[phase] -= wh;
      state.gridVoltagesV[phase] = 230.5 - state.gridPhasesW[phase] / 2500 + (random() - 0.5);
    }
    const wh = (state.gridW * seconds) / 3600;
    if (wh >= 0) state.importWh += wh;
    else state.exportWh -= wh;
    const producedWh = (roofW * seconds) / 3600;
    state.producedWh += producedWh;
    state.producedTodayWh += producedWh;
    state.frequencyHz = 50 + (random() - 0.5) * 0.04;
    state.inverterTemperatureC += (28 + state.solarW / 300 - state.inverterTemperatureC) * Math.min(1, seconds / 600);
    state.hour = hour;
  };

  return {
    step(seconds) {
      // Fast-forward in steps small enough for the batteries to follow.
      let left = seconds * controls.speed;
      while (left > 0) {
        const part = Math.min(left, 5);
        stepOnce(part);
        left -= part;
      }
    },
    state: () => state,
    controls,
  };
};
