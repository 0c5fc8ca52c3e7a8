/** Which counters of a device count the energy of a source, and what can be believed of them. */
import type { ComponentMeta } from '../model/meta.ts';
import type { CheckRules } from './counter-check.ts';
import type { CounterLimits } from './plausible.ts';
import { gapOf, intervalOf, isHeld } from './quantity-times.ts';

/** Along the arrow of power, and against it. */
export type Direction = 'positive' | 'negative';

export interface Counter {
  topic: string;
  limits: CounterLimits;
  rules: CheckRules;
}

/** Tariff registers are not counted: the total wins. */
export interface Counters {
  /** Energy along the arrow of power. */
  positive?: Counter;
  negative?: Counter;
}

/** Which counters hold the energy of which direction, by device type; a meter of a source sees it the other way. */
const counterNames: Record<string, { positive: string[]; negative: string[] }> = {
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

/** @param isTurned a meter of a source sees it the other way */
export const findCounters = (
  path: string,
  component: ComponentMeta,
  isTurned: boolean,
  maxPowerW: number,
  floorW: number,
): Counters => {
  const names = counterNames[component.type];
  if (!names) return {};
  const first = (wanted: string[]): Counter | undefined => {
    const name = wanted.find((each) => component.quantities[each] !== undefined);
    if (name === undefined) return undefined;
    const quantity = component.quantities[name];
    const { resolution, modulus } = quantity ?? {};
    const limits = { maxPowerW, resolutionWh: resolution ?? 1, ...(modulus ? { modulusWh: modulus } : {}) };
    return {
      topic: `${path}/${name}`,
      limits: { ...limits, gapMs: gapOf(quantity) },
      rules: {
        isHeld: isHeld(quantity),
        intervalMs: intervalOf(quantity),
        floorW,
        ...(resolution === undefined ? {} : { resolutionWh: resolution }),
      },
    };
  };
  const positive = first(isTurned ? names.negative : names.positive);
  const negative = first(isTurned ? names.positive : names.negative);
  return { ...(positive && { positive }), ...(negative && { negative }) };
};
