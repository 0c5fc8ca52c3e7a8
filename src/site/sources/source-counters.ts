/** Energy counters of a source: which of a device's quantities they are, and what can be believed of them. */
import type { ComponentMeta } from '../../model/meta.ts';
import type { CounterLimits } from '../counters/counter-limits.ts';
import type { ComparisonRules } from '../counters/counter-power-comparison.ts';
import { gapOf, intervalOf, isHeld } from './quantity-timing.ts';

/** Direction of energy, along the sign of the source's power or against it. */
export type Direction = 'positive' | 'negative';

/** A counter as the meta of its device describes it. */
export interface Counter {
  topic: string;
  limits: CounterLimits;
  rules: ComparisonRules;
}

/** The counters of a source by direction. Tariff registers are not among them: the total counts all tariffs. */
export type Counters = Partial<Record<Direction, Counter>>;

/** Quantities that count the energy of each direction, by component type. */
const counterNames: Record<string, Record<Direction, string[]>> = {
  meter: { positive: ['energy_import'], negative: ['energy_export'] },
  grid: { positive: ['energy_import'], negative: ['energy_export'] },
  solar: { positive: ['energy_produced'], negative: [] },
  wind: { positive: ['energy_produced'], negative: [] },
  generator: { positive: ['energy_produced'], negative: [] },
  battery: { positive: ['energy_discharged'], negative: ['energy_charged'] },
  inverter: { positive: ['energy_export'], negative: ['energy_import'] },
  ev_charger: { positive: ['energy_imported'], negative: ['energy_exported'] },
  heat_pump: { positive: ['energy_consumed'], negative: [] },
  heater: { positive: ['energy_consumed'], negative: [] },
};

/** Facts of a source that its counters depend on. */
export interface CounterContext {
  /** Topic of the component, without the quantity. */
  path: string;
  /** A meter of a source sees the energy in the opposite direction. */
  isReversed: boolean;
  /** Largest plausible power, W. */
  maxPowerW: number;
  /** Power below which meters may not count, W. */
  floorW: number;
}

const describeCounter = (component: ComponentMeta, names: string[], context: CounterContext): Counter | undefined => {
  const name = names.find((each) => component.quantities[each] !== undefined);
  if (name === undefined) return undefined;
  const { path, maxPowerW, floorW } = context;
  const quantity = component.quantities[name];
  const { resolution, modulus } = quantity ?? {};
  return {
    topic: `${path}/${name}`,
    limits: {
      maxPowerW,
      resolutionWh: resolution ?? 1,
      ...(modulus ? { modulusWh: modulus } : {}),
      gapMs: gapOf(quantity),
    },
    rules: {
      isHeld: isHeld(quantity),
      intervalMs: intervalOf(quantity),
      floorW,
      ...(resolution === undefined ? {} : { resolutionWh: resolution }),
    },
  };
};

/** @returns the counters of a component */
export const findCounters = (component: ComponentMeta, context: CounterContext): Counters => {
  const names = counterNames[component.type];
  if (!names) return {};
  const { isReversed } = context;
  const positive = describeCounter(component, isReversed ? names.negative : names.positive, context);
  const negative = describeCounter(component, isReversed ? names.positive : names.negative, context);
  return { ...(positive && { positive }), ...(negative && { negative }) };
};
