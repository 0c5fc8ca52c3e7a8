/** Checks submeters: the meters behind a meter cannot measure more than the meter itself (aggregation §1.3). */
import type { ComponentMeta, Meta } from '../../model/meta.ts';
import type { LatestValues } from '../inputs/latest-values.ts';
import { isMeter, type Metered, meteredOf } from '../sources/sources.ts';

/** A meter with the submeters behind it. */
export interface Branch {
  parent: Metered;
  children: Metered[];
}

type Role = NonNullable<ComponentMeta['role']>;

const consumers = new Set<Role>(['load', 'ev', 'heat', 'submeter']);
const producers = new Set<Role>(['solar', 'battery', 'generator', 'inverter']);

/** Roles of a parent, which has to flow one way; a battery flows both. */
const parents = new Set<Role>([...consumers, 'solar', 'generator']);

const leastToleranceW = 100;
const toleranceShare = 0.05;

/** @returns 1: the power is what the component draws; -1: what the component gives; undefined: part of no branch */
const signOf = ({ component: { role } }: Metered): 1 | -1 | undefined => {
  if (role === undefined) return undefined;
  if (consumers.has(role)) return 1;
  return producers.has(role) ? -1 : undefined;
};

/** @returns the AC side of a device: its main meter without its submeters, an inverter without its DC sides */
const acSideOf = (meta: Meta): Metered[] => {
  const own = meteredOf(meta).filter(
    (each) => signOf(each) !== undefined && !(each.component.coupling === 'dc' && each.component.role !== 'inverter'),
  );
  const main = own.filter(({ component: { role } }) => role !== 'load' && role !== 'submeter');
  return main.length > 0 ? main : own;
};

const isParent = ({ component: { role } }: Metered): boolean => role !== undefined && parents.has(role);

/** @returns the branches of a site; the grid meter is no parent, since what feeds in behind it need not say so */
export const branchesOf = (metas: Meta[]): Branch[] => {
  const sides = new Map(metas.map((meta) => [meta.device, acSideOf(meta)]));
  const behind = new Map<string, Metered[]>();
  for (const each of [...sides.values()].flat()) {
    const { parent } = each.component;
    if (parent !== undefined && parent !== each.device) behind.set(parent, [...(behind.get(parent) ?? []), each]);
  }
  return [...behind].flatMap(([device, children]) => {
    const candidates = (sides.get(device) ?? []).filter(isParent);
    const parent = candidates.find(({ component }) => isMeter(component)) ?? candidates[0];
    return parent ? [{ parent, children }] : [];
  });
};

/**
 * @returns power of a branch that none of its submeters measures, W, with the sign of the parent; null where a power is
 * unknown
 */
export const residualOf = ({ parent, children }: Branch, latestValues: LatestValues): number | null => {
  const drawn = (each: Metered): number | null => {
    const { value } = latestValues.current(each.power, each);
    return value === null ? null : value * (signOf(each) ?? 1);
  };
  const behind = children.map(drawn);
  const through = drawn(parent);
  if (through === null || behind.includes(null)) return null;
  const rest = behind.reduce<number>((left, w) => left - (w ?? 0), through);
  return rest * (signOf(parent) ?? 1);
};

/** @returns whether a meter of the branch is mounted the other way round, or has the wrong parent */
export const contradictsParent = (residualW: number, parentW: number): boolean =>
  residualW < -Math.max(leastToleranceW, toleranceShare * Math.abs(parentW));
