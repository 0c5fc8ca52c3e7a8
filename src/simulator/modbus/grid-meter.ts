/** An Eastron SDM630 at the grid connection of the house. */
import type { ResolvedProfile } from '../../drivers/modbus/index.ts';
import type { HouseState } from '../house/house-state.ts';
import { type PointValues, perPhase, SimulatedDevice } from './simulated-device.ts';

const powerFactor = 0.99;
/** Apparent power in relation to active power. */
const apparentShare = 1.01;

const measure = (state: HouseState): PointValues => {
  const { gridW, gridPhasesW, gridVoltagesV } = state;
  const currentsA = gridPhasesW.map((w, i) => Math.abs(w) / (gridVoltagesV[i] ?? 230));
  const apparentVa = gridPhasesW.map((w) => Math.abs(w) * apparentShare);
  const factors = gridPhasesW.map(() => powerFactor);
  return {
    ...perPhase('voltage', gridVoltagesV),
    ...perPhase('current', currentsA),
    ...perPhase('power', gridPhasesW),
    ...perPhase('apparent', apparentVa),
    ...perPhase('pf', factors),
    'power.total': gridW,
    'apparent.total': Math.abs(gridW) * apparentShare,
    'pf.total': powerFactor,
    frequency: state.frequencyHz,
    'energy.import': state.importWh,
    'energy.export': state.exportWh,
    'energy.total': state.importWh + state.exportWh,
    ...perPhase('energy.import', state.importPhasesWh),
    ...perPhase('energy.export', state.exportPhasesWh),
  };
};

/** @returns the meter at the grid connection */
export const createGridMeter = (profile: ResolvedProfile): SimulatedDevice =>
  new SimulatedDevice(profile, { unit: 1, measure });
