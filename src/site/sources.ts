/** What a site is made of: which topic of which device is which term of the balance, read from the devices' meta. */
import type { ComponentMeta, Meta } from '../model/meta.ts';
import type { IntegrationRules } from './integrate.ts';
import type { PowerLimit } from './power-guard.ts';
import { gapOf, isHeld, maxAgeOf } from './quantity-times.ts';
import { type Counters, findCounters } from './source-counters.ts';

export type TermName = 'grid' | 'solar' | 'battery' | 'generator' | 'inverter' | 'ev' | 'heat';

/** Only what they give counts: what they draw, as at night, is next to nothing. */
export const isOneWay = (term: TermName): boolean => term === 'solar' || term === 'generator';

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

export const isMeter = ({ type }: ComponentMeta): boolean => type === 'meter' || type === 'grid';
const isSourceTerm = (term: TermName): boolean => term === 'solar' || term === 'battery' || term === 'generator';

export const pathOf = (device: string, { type, index }: ComponentMeta): string =>
  index === undefined ? `devices/${device}/${type}` : `devices/${device}/${type}/${index}`;

const leastIdleW = 50;
/** Of what is idle, so much is next to nothing. */
const floorShare = 0.2;

/** What these can give or take is on their nameplate; that of a meter says what it may be connected to. */
const ratedTypes = new Set(['inverter', 'battery', 'solar', 'ev_charger']);
/** The rating of a hybrid inverter is that of its AC side; more may flow behind it. */
const dcMargin = 2;

/** @param otherwiseW where the device does not say it */
const limitOf = ({ type, coupling, rated_power_w }: ComponentMeta, otherwiseW: number, held: boolean): PowerLimit => {
  if (rated_power_w === undefined || !ratedTypes.has(type))
    return { maxPowerW: otherwiseW, isRated: false, isHeld: held };
  return { maxPowerW: coupling === 'dc' ? dcMargin * rated_power_w : rated_power_w, isRated: true, isHeld: held };
};

const powerNames = ['power', 'dc_power'];

const findPower = (component: ComponentMeta): string | undefined =>
  powerNames.find((name) => component.quantities[name] !== undefined);

/** Strings are not added to the whole. */
const isCoveredByTotal = (component: ComponentMeta, all: ComponentMeta[]): boolean =>
  component.index !== undefined &&
  all.some((other) => other.index === undefined && other.type === component.type && findPower(other) !== undefined);

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
    const limit = limitOf(component, maxPowerW, isHeld(quantity));
    const idleW = Math.max(leastIdleW, 0.01 * (component.rated_power_w ?? 0));
    const isTurned = isMeter(component) && isSourceTerm(term);
    const path = pathOf(device, component);
    const counters = findCounters(path, component, isTurned, limit.maxPowerW, floorShare * idleW);
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
