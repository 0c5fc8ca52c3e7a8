/** The facts of a device's components that their quantities do not tell: phases, coupling, and what is part of what. */
import type { Profile } from '../../modbus/index.ts';
import type { SideName } from './quantity-map.ts';
import { type ReadModel, symbolAt } from './read-model.ts';

type Components = NonNullable<Profile['components']>;

/** Phases by the last digit of a model: 101 and 111, 201 and 211 have one; 204 has three in a delta. */
const phasesByDigit: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 3 };
const phasesByType: Readonly<Record<string, number>> = { SINGLE_PHASE: 1, SPLIT_PHASE: 2, THREE_PHASE: 3 };

const phasesOf = (model: ReadModel | undefined): number | undefined => {
  if (model?.id === 701) return phasesByType[symbolAt(model, 'ACType') ?? ''];
  return model && phasesByDigit[model.id % 10];
};

/** @returns the model of the AC side, 701 before those of the models 1xx */
const acModel = (models: readonly ReadModel[]): ReadModel | undefined =>
  models.find(({ id }) => id === 701) ?? models.find(({ id }) => (id >= 101 && id <= 103) || (id >= 111 && id <= 113));

const meterModel = (models: readonly ReadModel[]): ReadModel | undefined =>
  models.find(({ id }) => (id >= 201 && id <= 204) || (id >= 211 && id <= 214));

const acComponents = { solar: 'solar', hybrid: 'inverter', battery: 'battery' } as const satisfies Record<
  SideName,
  string
>;

/** @returns the component of a quantity: "solar/2" of "solar/2/dc_power" */
const componentOf = (quantity: string): string => {
  const [type = '', index = ''] = quantity.split('/');
  return /^\d+$/.test(index) ? `${type}/${index}` : type;
};

/**
 * Solar modules and battery of a hybrid are part of the power of its inverter; strings of a battery, of that battery.
 * @param quantities of the device
 */
export const componentsOf = (
  quantities: readonly string[],
  { models, side }: { models: readonly ReadModel[]; side: SideName | undefined },
): Components => {
  const paths = new Set(quantities.map(componentOf));
  const strings = [...paths].filter((path) => path.startsWith('battery/') && paths.has('battery'));
  const ac = side && acComponents[side];
  const [acPhases, meterPhases] = [phasesOf(acModel(models)), phasesOf(meterModel(models))];
  return {
    ...(side === 'hybrid' ? { solar: { coupling: 'dc' }, battery: { coupling: 'dc' } } : {}),
    ...(ac !== undefined && acPhases !== undefined ? { [ac]: { phases: acPhases } } : {}),
    ...(paths.has('meter') && meterPhases !== undefined ? { meter: { phases: meterPhases } } : {}),
    ...Object.fromEntries(strings.map((path) => [path, { role: 'none' as const }])),
  };
};
