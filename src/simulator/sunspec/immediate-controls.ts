/** Model 123 of the hybrid inverter: connection, power limit, power factor and reactive power, each with its time. */
import type { HouseState } from '../house/house-state.ts';
import type { InverterOrder, ReactiveOrder } from '../house/inverter-power.ts';
import { ratings } from './hybrid-ratings.ts';
import {
  between,
  oneOf,
  type ReadSetting,
  type RevertingControl,
  type Setting,
  type SimulatedModel,
  seconds,
} from './simulated-model.ts';

const isEnabled =
  (point: string): RevertingControl['isActive'] =>
  (setting) =>
    setting(point) === 1;

/** The controls, and what the inverter does when the time of each is over: it is connected, and nothing limits it. */
const controls: readonly RevertingControl[] = [
  {
    points: ['Conn', 'Conn_RvrtTms'],
    timeout: 'Conn_RvrtTms',
    isActive: (setting) => setting('Conn') === 0,
    revert: () => ({ Conn: 1 }),
  },
  {
    points: ['WMaxLimPct', 'WMaxLim_Ena', 'WMaxLimPct_RvrtTms'],
    timeout: 'WMaxLimPct_RvrtTms',
    isActive: isEnabled('WMaxLim_Ena'),
    revert: () => ({ WMaxLim_Ena: 0, WMaxLimPct: 100 }),
  },
  {
    points: ['OutPFSet', 'OutPFSet_Ena', 'OutPFSet_RvrtTms'],
    timeout: 'OutPFSet_RvrtTms',
    isActive: isEnabled('OutPFSet_Ena'),
    revert: () => ({ OutPFSet_Ena: 0, OutPFSet: 1 }),
  },
  {
    points: ['VArWMaxPct', 'VArMaxPct', 'VArAvalPct', 'VArPct_Mod', 'VArPct_Ena', 'VArPct_RvrtTms'],
    timeout: 'VArPct_RvrtTms',
    isActive: isEnabled('VArPct_Ena'),
    revert: () => ({ VArPct_Ena: 0 }),
  },
];

const { lowestPowerFactor, reactiveVar, apparentVa } = ratings;

/** A cosine; its sign is that of the reactive power. */
const powerFactor: Setting = {
  initial: 1,
  allows: (value) => Math.abs(value) >= lowestPowerFactor && Math.abs(value) <= 1,
};
const percent = between(0, -100, 100);
const enable = oneOf(0, 1);

/** Model 123. Time windows and ramps are taken and have no effect. */
export const immediateControls: SimulatedModel = {
  id: 123,
  controls,
  settings: {
    Conn_WinTms: seconds,
    Conn_RvrtTms: seconds,
    Conn: oneOf(1, 0),
    WMaxLimPct: between(100, 0, 100),
    WMaxLimPct_WinTms: seconds,
    WMaxLimPct_RvrtTms: seconds,
    WMaxLimPct_RmpTms: seconds,
    WMaxLim_Ena: enable,
    OutPFSet: powerFactor,
    OutPFSet_WinTms: seconds,
    OutPFSet_RvrtTms: seconds,
    OutPFSet_RmpTms: seconds,
    OutPFSet_Ena: enable,
    VArWMaxPct: percent,
    VArMaxPct: percent,
    VArAvalPct: percent,
    VArPct_WinTms: seconds,
    VArPct_RvrtTms: seconds,
    VArPct_RmpTms: seconds,
    VArPct_Mod: oneOf(0, 1, 2, 3),
    VArPct_Ena: enable,
  },
  measure: () => ({ WMaxLimPct_SF: -2, OutPFSet_SF: -3, VArPct_SF: -1 }),
};

/** The percentages of reactive power by VArPct_Mod, and what each is a share of, var. */
const reactiveByMode = (setting: ReadSetting, { hybridAcW }: HouseState): Record<number, number> => {
  const share = (point: string): number => setting(123, point) / 100;
  return {
    1: share('VArWMaxPct') * setting(121, 'WMax'),
    2: share('VArMaxPct') * reactiveVar,
    3: share('VArAvalPct') * Math.sqrt(Math.max(0, apparentVa ** 2 - hybridAcW ** 2)),
  };
};

const reactiveOrder = (setting: ReadSetting, state: HouseState): ReactiveOrder => {
  const fixed = reactiveByMode(setting, state)[setting(123, 'VArPct_Mod')];
  if (setting(123, 'VArPct_Ena') === 1 && fixed !== undefined) return { kind: 'fixed', var: fixed };
  if (setting(123, 'OutPFSet_Ena') === 1) return { kind: 'power_factor', cos: setting(123, 'OutPFSet') };
  return { kind: 'none' };
};

/** @returns what models 121 and 123 order of the inverter */
export const readImmediateControls = (setting: ReadSetting, state: HouseState): InverterOrder => {
  const wMax = setting(121, 'WMax');
  const limited = (setting(123, 'WMaxLimPct') / 100) * wMax;
  const own = wMax < ratings.powerW ? wMax : Number.POSITIVE_INFINITY;
  return {
    isConnected: setting(123, 'Conn') === 1,
    maxW: setting(123, 'WMaxLim_Ena') === 1 ? limited : own,
    setW: undefined,
    reactive: reactiveOrder(setting, state),
  };
};
