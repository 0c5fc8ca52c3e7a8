/** Model 160 of the hybrid inverter: two strings, and the battery as one module for each direction, as a GEN24 lists it. */
import { hybridBatteryVoltage, measureStrings } from '../house/dc-side.ts';
import { stringShares } from '../house/house.ts';
import type { HouseState } from '../house/house-state.ts';
import { type InverterState, inverterState } from './inverter-measurements.ts';
import { factorFor, highest, type PointValues, prefixed, type SimulatedModel, sunSpecTime } from './simulated-model.ts';

/** Values of DCSt. */
const operatingStates: Record<InverterState, number> = { sleeping: 2, running: 4, throttled: 5, standby: 8 };

/** A module in the units of the model. */
interface Module {
  name: string;
  powerW: number;
  voltageV: number;
  currentA: number;
  energyWh: number;
}

const modulesOf = (state: HouseState): Module[] => {
  const { hybrid, producedWh } = state;
  const voltageV = hybridBatteryVoltage(hybrid);
  const direction = (name: string, powerW: number, energyWh: number): Module => ({
    name,
    powerW,
    voltageV,
    currentA: powerW / voltageV,
    energyWh,
  });
  return [
    ...measureStrings(state).map((string, i) => ({
      name: `MPPT ${i + 1}`,
      ...string,
      energyWh: producedWh * (stringShares[i] ?? 0),
    })),
    direction('StCha 3', Math.max(0, -hybrid.powerW), hybrid.chargedWh),
    direction('StDisCha 4', Math.max(0, hybrid.powerW), hybrid.dischargedWh),
  ];
};

/** Number of modules. */
const moduleCount = 4;

/** Model 160. The factor of the power follows the largest module. */
export const mpptModel: SimulatedModel = {
  id: 160,
  repeats: moduleCount,
  measure({ state, nowMs }) {
    const modules = modulesOf(state);
    const powers = modules.map(({ powerW }) => powerW);
    const values = modules.map(
      ({ name, powerW, voltageV, currentA, energyWh }, i): PointValues =>
        prefixed(`module.${i + 1}.`, {
          ID: i + 1,
          IDStr: name,
          DCA: currentA,
          DCV: voltageV,
          DCW: powerW,
          DCWH: energyWh,
          Tms: sunSpecTime(nowMs),
          Tmp: Math.round(state.inverterTemperatureC),
          DCSt: operatingStates[inverterState(state)],
          DCEvt: 0,
        }),
    );
    return Object.assign(
      {
        DCA_SF: -2,
        DCV_SF: -1,
        DCW_SF: factorFor(powers, -1, highest.uint16),
        DCWH_SF: 0,
        Evt: 0,
        N: moduleCount,
        TmsPer: 1,
      },
      ...values,
    );
  },
};
