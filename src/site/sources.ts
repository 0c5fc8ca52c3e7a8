/** What a site is made of: which topic of which device is which term of the balance, read from the devices' meta. */
import type { ComponentMeta, Meta, QuantityMeta } from '../model/meta.ts';
import type { CheckRules } from './counter-check.ts';
import type { IntegrationRules } from './integrate.ts';
import type { CounterLimits } from './plausible.ts';
import type { PowerLimit } from './power-guard.ts';

export type TermName = 'grid' | 'solar' | 'battery' | 'generator' | 'inverter' | 'ev' | 'heat';

/** Only what they give counts: what they draw, as at night, is next to nothing. */
export const isOneWay = (term: TermName): boolean => term === 'solar' || term === 'generator';

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

export interface Source {
  device: string;
  /** Who reads it: when that one is offline, so is the device. */
  gateway?: string;
  term: TermName;
  /** Behind an inverter: shown, but its power is in the inverter's AC power already. */
  hybrid?: string;
  power: string;
  /** Measured by a device of its own, not said by the inverter. */
  isMeter: boolean;
  /** Less is as good as nothing, W. */
  idleW: number;
  limit: PowerLimit;
  maxAgeMs: number;
  integration: IntegrationRules;
  /** Longer without news of its power, or of a counter, and the source is not known, ms. */
  gapMs: number;
  counters: Counters;
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

export const isMeter = ({ type }: ComponentMeta): boolean => type === 'meter' || type === 'grid';
const isSourceTerm = (term: TermName): boolean => term === 'solar' || term === 'battery' || term === 'generator';

const defaultMaxAgeS = 30;
const shortestGapMs = 60_000;
const leastIdleW = 50;
/** Of what is idle, so much is next to nothing. */
const floorShare = 0.2;

/** What these can give or take is on their nameplate; that of a meter says what it may be connected to. */
const ratedTypes = new Set(['inverter', 'battery', 'solar', 'ev_charger']);
/** The rating of a hybrid inverter is that of its AC side; more may flow behind it. */
const dcMargin = 2;

/** @param otherwiseW where the device does not say it */
const limitOf = ({ type, coupling, rated_power_w }: ComponentMeta, otherwiseW: number): PowerLimit => {
  if (rated_power_w === undefined || !ratedTypes.has(type)) return { maxPowerW: otherwiseW, isRated: false };
  return { maxPowerW: coupling === 'dc' ? dcMargin * rated_power_w : rated_power_w, isRated: true };
};

export const maxAgeOf = (quantity: QuantityMeta | undefined): number => (quantity?.max_age_s ?? defaultMaxAgeS) * 1000;
const isHeld = (quantity: QuantityMeta | undefined): boolean => quantity?.report === 'on_change';

const intervalOf = (quantity: QuantityMeta | undefined): number =>
  isHeld(quantity) ? 0 : 1000 * (quantity?.interval_s ?? 0);

/** Three intervals without a sample are an outage; what is told when it changes is as good as its age. */
const gapOf = (quantity: QuantityMeta | undefined): number =>
  isHeld(quantity) ? maxAgeOf(quantity) : Math.max(shortestGapMs, 3 * intervalOf(quantity));

export const pathOf = (device: string, { type, index }: ComponentMeta): string =>
  index === undefined ? `devices/${device}/${type}` : `devices/${device}/${type}/${index}`;

const powerNames = ['power', 'dc_power'];

const findPower = (component: ComponentMeta): string | undefined =>
  powerNames.find((name) => component.quantities[name] !== undefined);

/** Strings are not added to the whole. */
const isCoveredByTotal = (component: ComponentMeta, all: ComponentMeta[]): boolean =>
  component.index !== undefined &&
  all.some((other) => other.index === undefined && other.type === component.type && findPower(other) !== undefined);

const findCounters = (
  device: string,
  component: ComponentMeta,
  term: TermName,
  maxPowerW: number,
  floorW: number,
): Counters => {
  const names = counterNames[component.type];
  if (!names) return {};
  const path = pathOf(device, component);
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
        intervalMs: 1000 * (quantity?.interval_s ?? 0),
        floorW,
        ...(resolution === undefined ? {} : { resolutionWh: resolution }),
      },
    };
  };
  const isTurned = isMeter(component) && isSourceTerm(term);
  const positive = first(isTurned ? names.negative : names.positive);
  const negative = first(isTurned ? names.positive : names.negative);
  return { ...(positive && { positive }), ...(negative && { negative }) };
};

/** A component whose power is measured. */
export interface Metered {
  device: string;
  gateway?: string;
  component: ComponentMeta;
  power: string;
  maxAgeMs: number;
}

/** An unindexed total wins over its indices. */
export const meteredOf = ({ device, gateway, components }: Meta): Metered[] =>
  components.flatMap((component) => {
    const powerName = findPower(component);
    if (!powerName || isCoveredByTotal(component, components)) return [];
    return [
      {
        device,
        ...(gateway === undefined ? {} : { gateway }),
        component,
        power: `${pathOf(device, component)}/${powerName}`,
        maxAgeMs: maxAgeOf(component.quantities[powerName]),
      },
    ];
  });

/**
 * The sources one device contributes to its site.
 * @param maxPowerW largest plausible power of a device that does not say its own
 */
export const sourcesOf = (meta: Meta, maxPowerW: number): Source[] => {
  const { device, components } = meta;
  const hasInverter = (id: string): boolean =>
    id !== device || components.some(({ role, quantities }) => role === 'inverter' && quantities.power !== undefined);
  return meteredOf(meta).flatMap(({ component, ...measured }) => {
    const term = component.role && termOfRole[component.role];
    if (!term) return [];
    const behind = component.coupling === 'dc' ? (component.behind ?? device) : undefined;
    const quantity = component.quantities[findPower(component) ?? ''];
    const limit = limitOf(component, maxPowerW);
    const idleW = Math.max(leastIdleW, 0.01 * (component.rated_power_w ?? 0));
    const counters = findCounters(device, component, term, limit.maxPowerW, floorShare * idleW);
    const own = [counters.positive, counters.negative].filter((counter) => counter !== undefined);
    return [
      {
        ...measured,
        term,
        ...(behind !== undefined && hasInverter(behind) ? { hybrid: behind } : {}),
        isMeter: isMeter(component),
        idleW,
        limit,
        integration: { isHeld: isHeld(quantity), gapMs: gapOf(quantity) },
        gapMs: Math.max(gapOf(quantity), ...own.map(({ limits }) => limits.gapMs)),
        counters,
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
        maxAgeMs: maxAgeOf(quantity),
        capacityWh: component.usable_energy_wh ?? null,
        ...(component.quantities.capacity_usable ? { capacityTopic: `${path}/capacity_usable` } : {}),
      },
    ];
  });
