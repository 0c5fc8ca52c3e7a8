/** Sources of a site: which topic of which device is which term of the balance, read from the meta of the devices. */
import type { ComponentMeta, Meta } from '../../model/meta.ts';
import type { IntegrationRules } from '../energy/integrate-power.ts';
import type { PowerLimit } from '../inputs/power-plausibility.ts';
import { gapOf, isHeld, maxAgeOf } from './quantity-timing.ts';
import { type Counters, findCounters } from './source-counters.ts';

/** A term of the balance. */
export type TermName = 'grid' | 'solar' | 'battery' | 'generator' | 'inverter' | 'ev' | 'heat';

/** Terms of which only the energy counts that they give: what solar draws at night is negligible. */
const oneWayTerms = new Set<TermName>(['solar', 'generator']);

/** A component whose power is a term of the balance. */
export interface Source {
  device: string;
  /** Gateway that reads the device: when the gateway is offline, so is the device. */
  gateway?: string;
  term: TermName;
  /** Only the energy counts that the source gives. */
  isOneWay: boolean;
  /** Device of the hybrid inverter that the source is a DC side of; the inverter's AC power contains its power. */
  hybrid?: string;
  /** Topic of the power. */
  power: string;
  /** Measured by a separate meter, and not told by the inverter itself. */
  isMeter: boolean;
  /** Power below which the source is idle, W. */
  idleW: number;
  limit: PowerLimit;
  maxAgeMs: number;
  integration: IntegrationRules;
  /** Longest time without news of the power, or of a counter, for which the source counts as known, ms. */
  gapMs: number;
  counters: Counters;
  /** Device of the meter that measures the source as well, so that it is not added again. */
  parent?: string;
}

/** A battery whose state of charge is reported. */
export interface SocSource {
  device: string;
  gateway?: string;
  /** Topic of the state of charge, %. */
  topic: string;
  maxAgeMs: number;
  /** Usable capacity by meta, Wh. */
  capacityWh: number | null;
  /** Topic of the usable capacity, Wh. */
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

/** @returns whether a component is a meter, which measures something else */
export const isMeter = ({ type }: ComponentMeta): boolean => type === 'meter' || type === 'grid';
const isSourceTerm = (term: TermName): boolean => term === 'solar' || term === 'battery' || term === 'generator';

/** @returns the topic of a component, without the quantity */
export const pathOf = (device: string, { type, index }: ComponentMeta): string =>
  index === undefined ? `devices/${device}/${type}` : `devices/${device}/${type}/${index}`;

const leastIdleW = 50;
/** Share of the idle power below which a meter need not count. */
const floorShare = 0.2;

/** Types whose nameplate states what they give or draw; the rating of a meter says what it may be connected to. */
const ratedTypes = new Set(['inverter', 'battery', 'solar', 'ev_charger']);
/** The rating of a hybrid inverter is that of its AC side; the DC sides may carry more by this factor. */
const dcMargin = 2;

/** @param defaultW largest power of a device that states no rating, W */
const limitOf = ({ type, coupling, rated_power_w }: ComponentMeta, defaultW: number, held: boolean): PowerLimit => {
  if (rated_power_w === undefined || !ratedTypes.has(type))
    return { maxPowerW: defaultW, isRated: false, isHeld: held };
  return { maxPowerW: coupling === 'dc' ? dcMargin * rated_power_w : rated_power_w, isRated: true, isHeld: held };
};

const powerNames = ['power', 'dc_power'];

const findPower = (component: ComponentMeta): string | undefined =>
  powerNames.find((name) => component.quantities[name] !== undefined);

/** @returns whether the component is a part, such as a string, of a total that is measured as well */
const isCoveredByTotal = (component: ComponentMeta, all: ComponentMeta[]): boolean =>
  component.index !== undefined &&
  all.some((other) => other.index === undefined && other.type === component.type && findPower(other) !== undefined);

/** A component whose power is measured. */
export interface Metered {
  device: string;
  gateway?: string;
  component: ComponentMeta;
  /** Topic of the power. */
  power: string;
  maxAgeMs: number;
}

/** @returns the components of a device whose power is measured; an unindexed total stands for its indexed parts */
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
 * @param maxPowerW largest plausible power of a device that states no rating, W
 * @returns the source that a measured component is, if its role is a term of the balance
 */
const toSource = ({ component, ...measured }: Metered, meta: Meta, maxPowerW: number): Source | undefined => {
  const { device, components } = meta;
  const term = component.role && termOfRole[component.role];
  if (!term) return undefined;
  const hasInverter = (id: string): boolean =>
    id !== device || components.some(({ role, quantities }) => role === 'inverter' && quantities.power !== undefined);
  const behind = component.coupling === 'dc' ? (component.behind ?? device) : undefined;
  const quantity = component.quantities[findPower(component) ?? ''];
  const limit = limitOf(component, maxPowerW, isHeld(quantity));
  const idleW = Math.max(leastIdleW, 0.01 * (component.rated_power_w ?? 0));
  const counters = findCounters(component, {
    path: pathOf(device, component),
    isReversed: isMeter(component) && isSourceTerm(term),
    maxPowerW: limit.maxPowerW,
    floorW: floorShare * idleW,
  });
  const own = [counters.positive, counters.negative].filter((counter) => counter !== undefined);
  return {
    ...measured,
    term,
    isOneWay: oneWayTerms.has(term),
    ...(behind !== undefined && hasInverter(behind) ? { hybrid: behind } : {}),
    isMeter: isMeter(component),
    idleW,
    limit,
    integration: { isHeld: isHeld(quantity), gapMs: gapOf(quantity) },
    gapMs: Math.max(gapOf(quantity), ...own.map(({ limits }) => limits.gapMs)),
    counters,
    ...(component.parent === undefined ? {} : { parent: component.parent }),
  };
};

/**
 * @param maxPowerW largest plausible power of a device that states no rating, W
 * @returns the sources that one device contributes to its site
 */
export const sourcesOf = (meta: Meta, maxPowerW: number): Source[] =>
  meteredOf(meta).flatMap((metered) => toSource(metered, meta, maxPowerW) ?? []);

/** @returns the batteries of a device whose state of charge is reported */
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
