/** The meter at the grid connection of the house in model 203. It counts as positive what the house takes. */
import type { HouseState } from '../house/house-state.ts';
import { type Phases, sumOf } from '../per-phase.ts';
import { lineVoltages } from './inverter-measurements.ts';
import { factorFor, highest, type PointValues, type SimulatedModel } from './simulated-model.ts';
import type { SunSpecDeviceKind } from './sunspec-device.ts';

/** Apparent power in relation to active power, and the power factor in per cent. */
const apparentShare = 1.01;
const powerFactorPct = 99;

const perPhase = (name: string, [a, b, c]: Phases): PointValues => ({
  [`${name}phA`]: a,
  [`${name}phB`]: b,
  [`${name}phC`]: c,
});

const energies = (name: string, totalWh: number, [a, b, c]: Phases): PointValues => ({
  [name]: totalWh,
  [`${name}PhA`]: a,
  [`${name}PhB`]: b,
  [`${name}PhC`]: c,
});

const mean = (phases: Phases): number => sumOf(phases) / 3;

const measure = (state: HouseState): PointValues => {
  const { gridW, gridPhasesW, gridVoltagesV } = state;
  const apparent = (w: number): number => Math.abs(w) * apparentShare;
  const [l1, l2, l3] = gridPhasesW;
  const currents: Phases = [l1 / gridVoltagesV[0], l2 / gridVoltagesV[1], l3 / gridVoltagesV[2]];
  const lines = lineVoltages(gridVoltagesV);
  return {
    A: sumOf(currents),
    ...perPhase('A', currents),
    A_SF: -2,
    PhV: mean(gridVoltagesV),
    ...perPhase('PhV', gridVoltagesV),
    PPV: mean(lines),
    PhVphAB: lines[0],
    PhVphBC: lines[1],
    PhVphCA: lines[2],
    V_SF: -1,
    Hz: state.frequencyHz,
    Hz_SF: -2,
    W: gridW,
    ...perPhase('W', gridPhasesW),
    W_SF: factorFor([gridW, ...gridPhasesW], -1, highest.int16),
    VA: apparent(gridW),
    ...perPhase('VA', [apparent(l1), apparent(l2), apparent(l3)]),
    VA_SF: 0,
    PF: powerFactorPct,
    ...perPhase('PF', [powerFactorPct, powerFactorPct, powerFactorPct]),
    PF_SF: 0,
    ...energies('TotWhExp', state.exportWh, state.exportPhasesWh),
    ...energies('TotWhImp', state.importWh, state.importPhasesWh),
    TotWh_SF: 0,
    Evt: 0,
  };
};

const meterModel: SimulatedModel = { id: 203, measure: ({ state }) => measure(state) };

/** The meter as unit 240, one of those that meters behind an inverter have. */
export const sunSpecMeter: SunSpecDeviceKind = {
  unit: 240,
  identity: { model: 'Grid meter', serial: 'SIM-METER' },
  models: [meterModel],
};
