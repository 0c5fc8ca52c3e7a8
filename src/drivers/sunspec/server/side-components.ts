/** The components of the devices of a site that measure one of its sides, and what follows from several of them. */
import type { ComponentMeta, Meta } from '../../../model/meta.ts';
import { quantityTopic } from '../../../model/topic.ts';
import { type Side, type SideReadings, sides } from './site-readings.ts';

/** A quantity of a component that the site itself does not tell. */
export interface SideTopic {
  /** Name of the quantity, with its part. */
  name: string;
  /** Time for which a value is good, ms. */
  maxAgeMs: number;
}

const phases = ['l1', 'l2', 'l3'];
const partsOf = (quantity: string, parts: readonly string[] = phases): string[] =>
  parts.map((part) => `${quantity}/${part}`);

/** Quantities of which several devices together have the sum. */
const sums = new Set([...partsOf('power'), ...partsOf('current'), 'reactive_power', ...partsOf('reactive_power')]);
/** Quantities that are about the same at every device, so that the mean is told. */
const means = new Set([...partsOf('voltage'), ...partsOf('voltage', ['l1_l2', 'l2_l3', 'l3_l1']), 'frequency']);
/** Quantities of one device that several devices together do not have. */
const own = new Set([
  ...['apparent_power', ...partsOf('apparent_power')],
  ...['power_factor', ...partsOf('power_factor')],
]);
const isUsed = (name: string): boolean => sums.has(name) || means.has(name) || own.has(name);

/** Largest age of a quantity whose meta states none, s. */
const defaultMaxAgeS = 30;

const sideOf = ({ role }: ComponentMeta): Side | undefined => sides.find((side) => side === role);

const hasPower = ({ quantities }: ComponentMeta): boolean =>
  quantities.power !== undefined || quantities.dc_power !== undefined;

/** @returns whether the component is one of several parts of a total that the device tells as well */
const isPart = (component: ComponentMeta, { components }: Meta): boolean =>
  component.index !== undefined &&
  components.some((other) => other.index === undefined && other.type === component.type && hasPower(other));

/** @returns whether a meter of the same side measures the component as well */
const isMeasuredTwice = ({ parent, role }: ComponentMeta, metas: readonly Meta[]): boolean =>
  parent !== undefined &&
  metas.some(({ device, components }) => device === parent && components.some((each) => each.role === role));

/** A component of a device that measures a side of the site. */
export interface SideComponent {
  side: Side;
  /** The quantities of it that are wanted, by their topics. */
  topics: ReadonlyMap<string, SideTopic>;
}

const topicsOf = ({ device }: Meta, { type, index, quantities }: ComponentMeta): Map<string, SideTopic> =>
  new Map(
    Object.entries(quantities).flatMap(([name, quantity]): [string, SideTopic][] => {
      if (!isUsed(name)) return [];
      const topic = quantityTopic({ device, type, ...(index === undefined ? {} : { index }) }, name);
      return [[topic, { name, maxAgeMs: (quantity.max_age_s ?? defaultMaxAgeS) * 1000 }]];
    }),
  );

/**
 * @param metas of the devices of the site
 * @returns the components whose power is part of a side. The solar inverters of a site have no phases where one of them
 *   is a hybrid: its AC side carries the battery as well
 */
export const sideComponents = (metas: readonly Meta[]): SideComponent[] => {
  const all = metas.flatMap((meta) => meta.components.map((component) => ({ meta, component })));
  const isHybrid = all.some(({ component: { role, coupling } }) => role === 'solar' && coupling === 'dc');
  return all.flatMap(({ meta, component }): SideComponent[] => {
    const side = sideOf(component);
    if (!side || !hasPower(component) || (side === 'solar' && isHybrid)) return [];
    if (isPart(component, meta) || isMeasuredTwice(component, metas)) return [];
    return [{ side, topics: topicsOf(meta, component) }];
  });
};

/**
 * @param components the readings of each component of a side
 * @returns those of all of them together; a sum of which a part is not known is missing
 */
export const combine = (components: readonly SideReadings[]): Map<string, number> => {
  const names = new Set(components.flatMap((each) => [...each.keys()]));
  return new Map(
    [...names].flatMap((name): [string, number][] => {
      const values = components.flatMap((each) => each.get(name) ?? []);
      const sum = values.reduce((total, value) => total + value, 0);
      if (means.has(name)) return [[name, sum / values.length]];
      const isWhole = sums.has(name) ? values.length === components.length : components.length === 1;
      return isWhole ? [[name, sum]] : [];
    }),
  );
};
