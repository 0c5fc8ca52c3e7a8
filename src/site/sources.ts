/** What a site is made of: which topic of which device is which term of the balance, read from the devices' meta. */
import type { ComponentMeta, Meta } from '../model/meta.ts';

export type TermName = 'grid' | 'solar' | 'battery' | 'generator' | 'inverter' | 'ev' | 'heat';

/** Counters of one direction of energy; several are summed (tariff registers are not: the total wins). */
export interface EnergyTopics {
  /** Energy along the arrow of power. */
  positive?: string;
  negative?: string;
}

export interface Source {
  device: string;
  /** Who reads it: when that one is offline, so is the device. */
  gateway?: string;
  term: TermName;
  /** Behind an inverter: shown, but its power is in the inverter's AC power already. */
  hybrid?: string;
  power: string;
  maxAgeMs: number;
  /** Longest distance of two power samples that is integrated, ms. */
  gapMs: number;
  counters: EnergyTopics;
  counterResolutionWh: number;
  modulusWh?: number;
  maxPowerW: number;
  /** Measured by another meter of this site as well; known, but not added. */
  parent?: string;
}

export interface SocSource {
  device: string;
  gateway?: string;
  topic: string;
  maxAgeMs: number;
  capacityWh: number | null;
  capacityTopic?: string;
}

const termOfRole: Partial<Record<NonNullable<ComponentMeta['role']>, TermName>> = {
  grid: 'grid',
  solar: 'solar',
  battery: 'battery',
  generator: 'generator',
  inverter: 'inverter',
  ev: 'ev',
  heat: 'heat',
};

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

const isSourceTerm = (term: TermName): boolean => term === 'solar' || term === 'battery' || term === 'generator';

const defaultMaxPowerW = 1_000_000;
const defaultMaxAgeS = 30;

const pathOf = (device: string, { type, index }: ComponentMeta): string =>
  index === undefined ? `devices/${device}/${type}` : `devices/${device}/${type}/${index}`;

const powerNames = ['power', 'dc_power'];

const findPower = (component: ComponentMeta): string | undefined =>
  powerNames.find((name) => component.quantities[name] !== undefined);

/** An unindexed total wins over its indices: strings are not added to the whole. */
const isCoveredByTotal = (component: ComponentMeta, all: ComponentMeta[]): boolean =>
  component.index !== undefined &&
  all.some((other) => other.index === undefined && other.type === component.type && findPower(other) !== undefined);

const findCounters = (device: string, component: ComponentMeta, term: TermName): EnergyTopics => {
  const names = counterNames[component.type];
  if (!names) return {};
  const path = pathOf(device, component);
  const first = (wanted: string[]): string | undefined =>
    wanted.find((name) => component.quantities[name] !== undefined);
  const isTurned = (component.type === 'meter' || component.type === 'grid') && isSourceTerm(term);
  const positive = first(isTurned ? names.negative : names.positive);
  const negative = first(isTurned ? names.positive : names.negative);
  return {
    ...(positive && { positive: `${path}/${positive}` }),
    ...(negative && { negative: `${path}/${negative}` }),
  };
};

/** The sources one device contributes to its site. */
export const sourcesOf = (meta: Meta): Source[] => {
  const { device, gateway, components } = meta;
  const hasInverter = (id: string): boolean =>
    id !== device || components.some(({ role, quantities }) => role === 'inverter' && quantities.power !== undefined);
  return components.flatMap((component) => {
    const term = component.role && termOfRole[component.role];
    const powerName = findPower(component);
    if (!term || !powerName || isCoveredByTotal(component, components)) return [];
    const quantity = component.quantities[powerName];
    const counters = findCounters(device, component, term);
    const counterName = counters.positive?.split('/').at(-1) ?? '';
    const behind = component.coupling === 'dc' ? (component.behind ?? device) : undefined;
    const modulus = component.quantities[counterName]?.modulus;
    return [
      {
        device,
        ...(gateway === undefined ? {} : { gateway }),
        term,
        ...(behind !== undefined && hasInverter(behind) ? { hybrid: behind } : {}),
        power: `${pathOf(device, component)}/${powerName}`,
        maxAgeMs: (quantity?.max_age_s ?? defaultMaxAgeS) * 1000,
        gapMs: Math.max(60_000, 3000 * (quantity?.interval_s ?? 0)),
        counters,
        counterResolutionWh: component.quantities[counterName]?.resolution ?? 1,
        ...(modulus ? { modulusWh: modulus } : {}),
        maxPowerW: component.rated_power_w ?? defaultMaxPowerW,
        ...(component.parent === undefined ? {} : { parent: component.parent }),
      },
    ];
  });
};

export const socSourcesOf = (meta: Meta): SocSource[] =>
  meta.components.flatMap((component) => {
    const quantity = component.quantities.soc;
    if (component.role !== 'battery' || !quantity) return [];
    const path = pathOf(meta.device, component);
    return [
      {
        device: meta.device,
        ...(meta.gateway === undefined ? {} : { gateway: meta.gateway }),
        topic: `${path}/soc`,
        maxAgeMs: (quantity.max_age_s ?? defaultMaxAgeS) * 1000,
        capacityWh: component.usable_energy_wh ?? null,
        ...(component.quantities.capacity_usable ? { capacityTopic: `${path}/capacity_usable` } : {}),
      },
    ];
  });
