/** Model 704 of the hybrid inverter: power limit, set power, power factor and reactive power, each with what follows it. */
import type { BatteryOrder } from '../house/battery.ts';
import type { HouseState } from '../house/house-state.ts';
import type { InverterOrder, ReactiveOrder } from '../house/inverter-power.ts';
import { ratings } from './hybrid-ratings.ts';
import {
  between,
  longSeconds,
  oneOf,
  type ReadSetting,
  type RevertingControl,
  type Setting,
  type SimulatedModel,
} from './simulated-model.ts';

/**
 * A control that goes back to the values that were written for that purpose.
 * @param name "WMaxLimPct" of WMaxLimPctEna, WMaxLimPctEnaRvrt, WMaxLimPctRvrtTms and WMaxLimPctRvrtRem
 * @param values points with a value, and the point that follows each of them
 * @param others further points of the control
 */
const revertingControl = (
  name: string,
  values: Record<string, string>,
  others: readonly string[] = [],
): RevertingControl => ({
  points: [`${name}Ena`, `${name}RvrtTms`, ...Object.keys(values), ...others],
  timeout: `${name}RvrtTms`,
  remaining: `${name}RvrtRem`,
  isActive: (setting) => setting(`${name}Ena`) === 1,
  revert: (setting) => ({
    [`${name}Ena`]: setting(`${name}EnaRvrt`),
    ...Object.fromEntries(Object.entries(values).map(([point, revert]) => [point, setting(revert)])),
  }),
});

/** @returns the settings that every control has */
const controlSettings = (name: string): Record<string, Setting> => ({
  [`${name}Ena`]: oneOf(0, 1),
  [`${name}EnaRvrt`]: oneOf(0, 1),
  [`${name}RvrtTms`]: longSeconds,
});

const { powerW, chargeW, reactiveVar, apparentVa, lowestPowerFactor } = ratings;
const limit = between(100, 0, 100);
const percent = between(0, -100, 100);
const watts = between(0, -chargeW, powerW);
const vars = between(0, -reactiveVar, reactiveVar);

/** @param name of a group with a power factor and its excitation */
const powerFactor = (name: string): Record<string, Setting> => ({
  [`${name}.PF`]: between(1, lowestPowerFactor, 1),
  [`${name}.Ext`]: oneOf(0, 1),
});

const powerFactorControl = (name: string): RevertingControl =>
  revertingControl(name, { [`${name}.PF`]: `${name}Rvrt.PF`, [`${name}.Ext`]: `${name}Rvrt.Ext` });

/** Model 704. Ramps are not offered. */
export const derControls: SimulatedModel = {
  id: 704,
  controls: [
    powerFactorControl('PFWInj'),
    powerFactorControl('PFWAbs'),
    revertingControl('WMaxLimPct', { WMaxLimPct: 'WMaxLimPctRvrt' }),
    revertingControl('WSet', { WSet: 'WSetRvrt', WSetPct: 'WSetPctRvrt' }, ['WSetMod']),
    revertingControl('VarSet', { VarSet: 'VarSetRvrt', VarSetPct: 'VarSetPctRvrt' }, ['VarSetMod']),
  ],
  settings: {
    ...controlSettings('PFWInj'),
    ...controlSettings('PFWAbs'),
    ...controlSettings('WMaxLimPct'),
    WMaxLimPct: limit,
    WMaxLimPctRvrt: limit,
    ...controlSettings('WSet'),
    WSetMod: oneOf(1, 0),
    WSet: watts,
    WSetRvrt: watts,
    WSetPct: percent,
    WSetPctRvrt: percent,
    ...controlSettings('VarSet'),
    VarSetMod: oneOf(4, 0, 1, 2, 3),
    VarSet: vars,
    VarSetRvrt: vars,
    VarSetPct: percent,
    VarSetPctRvrt: percent,
    ...powerFactor('PFWInj'),
    ...powerFactor('PFWInjRvrt'),
    ...powerFactor('PFWAbs'),
    ...powerFactor('PFWAbsRvrt'),
  },
  measure: () => ({ PF_SF: -3, WMaxLimPct_SF: -2, WSet_SF: 0, WSetPct_SF: -1, VarSet_SF: 0, VarSetPct_SF: -1 }),
};

/** @returns the power that is set, W */
const setPower = (setting: ReadSetting): number | undefined => {
  if (setting(704, 'WSetEna') !== 1) return undefined;
  return setting(704, 'WSetMod') === 1 ? setting(704, 'WSet') : (setting(704, 'WSetPct') / 100) * setting(702, 'WMax');
};

/** @returns the reactive power that is set, by VarSetMod and the base of each mode, var */
const setReactivePower = (setting: ReadSetting, { hybridAcW }: HouseState): number => {
  const share = setting(704, 'VarSetPct') / 100;
  const byMode: Record<number, number> = {
    0: share * setting(702, 'WMax'),
    1: share * reactiveVar,
    2: share * Math.sqrt(Math.max(0, apparentVa ** 2 - hybridAcW ** 2)),
    3: share * apparentVa,
  };
  return byMode[setting(704, 'VarSetMod')] ?? setting(704, 'VarSet');
};

/** An inverter that is over-excited supplies var. */
const overExcited = 0;

const reactiveOrder = (setting: ReadSetting, state: HouseState): ReactiveOrder => {
  if (setting(704, 'VarSetEna') === 1) return { kind: 'fixed', var: setReactivePower(setting, state) };
  const name = state.hybridAcW >= 0 ? 'PFWInj' : 'PFWAbs';
  if (setting(704, `${name}Ena`) !== 1) return { kind: 'none' };
  const sign = setting(704, `${name}.Ext`) === overExcited ? 1 : -1;
  return { kind: 'power_factor', cos: sign * setting(704, `${name}.PF`) };
};

/** @returns what models 702 and 704 order of the inverter, apart from its connection */
export const readDerControls = (setting: ReadSetting, state: HouseState): InverterOrder => {
  const wMax = setting(702, 'WMax');
  const own = wMax < powerW ? wMax : Number.POSITIVE_INFINITY;
  return {
    isConnected: true,
    maxW: setting(704, 'WMaxLimPctEna') === 1 ? (setting(704, 'WMaxLimPct') / 100) * wMax : own,
    setW: setPower(setting),
    reactive: reactiveOrder(setting, state),
  };
};

/** @returns what model 702 orders of the battery: the highest rates */
export const readStorageRates = (setting: ReadSetting): BatteryOrder => ({
  forcedW: undefined,
  maxChargeW: setting(702, 'WChaRteMax'),
  maxDischargeW: setting(702, 'WDisChaRteMax'),
});
