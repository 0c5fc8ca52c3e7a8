/** Model 124 of the hybrid inverter: how its battery charges and discharges. */
import type { BatteryOrder } from '../house/battery.ts';
import { hybridBatteryVoltage } from '../house/dc-side.ts';
import type { HouseState } from '../house/house-state.ts';
import { ratings } from './hybrid-ratings.ts';
import { chargeState } from './inverter-measurements.ts';
import { between, oneOf, type ReadSetting, type SimulatedModel, seconds } from './simulated-model.ts';

/** Bits of StorCtl_Mod. */
const [chargeBit, dischargeBit] = [1, 2];
/** Values of ChaGriSet. */
const [fromSolar, fromGrid] = [0, 1];

const { chargeW, dischargeW, batteryV } = ratings;

const rate = between(100, -100, 100);

/** Model 124. Gradients are told and not obeyed. */
export const storageControls: SimulatedModel = {
  id: 124,
  controls: [
    {
      points: ['StorCtl_Mod', 'OutWRte', 'InWRte', 'InOutWRte_RvrtTms'],
      timeout: 'InOutWRte_RvrtTms',
      isActive: (setting) => setting('StorCtl_Mod') !== 0,
      revert: () => ({ StorCtl_Mod: 0, OutWRte: 100, InWRte: 100 }),
    },
  ],
  settings: {
    WChaMax: between(chargeW, 0, chargeW),
    StorCtl_Mod: oneOf(0, chargeBit, dischargeBit, chargeBit | dischargeBit),
    MinRsvPct: between(5, 0, 100),
    OutWRte: rate,
    InWRte: rate,
    InOutWRte_WinTms: seconds,
    InOutWRte_RvrtTms: seconds,
    InOutWRte_RmpTms: seconds,
    ChaGriSet: oneOf(fromSolar, fromGrid),
  },
  measure: ({ state: { hybrid }, setting }) => ({
    WChaGra: 100,
    WDisChaGra: 100,
    ChaState: hybrid.soc,
    StorAval: (Math.max(0, hybrid.soc - setting(124, 'MinRsvPct')) / 100) * (hybrid.capacityWh / batteryV),
    InBatV: hybridBatteryVoltage(hybrid),
    ChaSt: chargeState(hybrid),
    WChaMax_SF: 0,
    WChaDisChaGra_SF: 0,
    MinRsvPct_SF: -2,
    ChaState_SF: -2,
    StorAval_SF: -1,
    InBatV_SF: -1,
    InOutWRte_SF: -2,
  }),
};

/** @returns the power that a rate below 0 asks for: a limit of one direction that demands the other */
const forcedPower = (chargeLimitW: number, dischargeLimitW: number): number | undefined => {
  if (dischargeLimitW < 0) return dischargeLimitW;
  return chargeLimitW < 0 ? -chargeLimitW : undefined;
};

/** @returns what model 124 orders of the battery of the hybrid inverter */
export const readStorageControls = (setting: ReadSetting, state: HouseState): BatteryOrder => {
  const mode = setting(124, 'StorCtl_Mod');
  const wChaMax = setting(124, 'WChaMax');
  const share = (point: string, bit: number): number => ((mode & bit) === 0 ? 1 : setting(124, point) / 100);
  const chargeLimitW = share('InWRte', chargeBit) * wChaMax;
  const dischargeLimitW = share('OutWRte', dischargeBit) * dischargeW;
  const forcedW = forcedPower(chargeLimitW, dischargeLimitW);
  // Charging that was asked for takes from the roof alone, unless the grid is allowed.
  const isGridAllowed = setting(124, 'ChaGriSet') === fromGrid;
  const lowestW = isGridAllowed ? Number.NEGATIVE_INFINITY : -state.solarAvailableW;
  const isEmpty = state.hybrid.soc <= setting(124, 'MinRsvPct');
  return {
    forcedW: forcedW === undefined ? undefined : Math.max(forcedW, lowestW),
    maxChargeW: Math.min(wChaMax, forcedW === undefined ? chargeLimitW : wChaMax),
    maxDischargeW: isEmpty ? 0 : forcedW === undefined ? dischargeLimitW : dischargeW,
  };
};
