/** Meters behind meters: what is measured behind one cannot be more than it measures itself (aggregation §1.3). */
import type { ComponentMeta, Meta } from '../model/meta.ts';
import type { Known } from './known.ts';
import { isMeter, type Metered, meteredOf } from './sources.ts';

export interface Branch {
  parent: Metered;
  children: Metered[];
}

type Role = NonNullable<ComponentMeta['role']>;

const consumers = new Set<Role>(['load', 'ev', 'heat', 'submeter']);
const producers = new Set<Role>(['solar', 'battery', 'generator', 'inverter']);

/** What can be behind what flows one way: a battery does both. */
const parents = new Set<Role>([...consumers, 'solar', 'generator']);

const leastToleranceW = 100;
const toleranceShare = 0.05;

/** 1: its power is what it draws; -1: what it gives; undefined: part of no branch. */
const arrowOf = ({ component: { role } }: Metered): 1 | -1 | undefined => {
  if (role === undefined) return undefined;
  if (consumers.has(role)) return 1;
  return producers.has(role) ? -1 : undefined;
};

/** What a device does on the AC side: its own meter stands for the rest of it, and an inverter for what is behind it. */
const acSideOf = (meta: Meta): Metered[] => {
  const own = meteredOf(meta).filter(
    (each) => arrowOf(each) !== undefined && !(each.component.coupling === 'dc' && each.component.role !== 'inverter'),
  );
  const main = own.filter(({ component: { role } }) => role !== 'load' && role !== 'submeter');
  return main.length > 0 ? main : own;
};

const isParent = ({ component: { role } }: Metered): boolean => role !== undefined && parents.has(role);

/** The grid meter is no parent: what feeds into its branch need not say so. */
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
 * What of a branch no meter behind it accounts for, along the arrow of its parent.
 * @returns W; null where a power of it is not known
 */
export const residualOf = ({ parent, children }: Branch, known: Known): number | null => {
  const drawn = (each: Metered): number | null => {
    const { value } = known.current(each.power, each);
    return value === null ? null : value * (arrowOf(each) ?? 1);
  };
  const behind = children.map(drawn);
  const through = drawn(parent);
  if (through === null || behind.includes(null)) return null;
  const rest = behind.reduce<number>((left, w) => left - (w ?? 0), through);
  return rest * (arrowOf(parent) ?? 1);
};

/** A meter mounted the other way round, or the wrong parent. */
export const contradicts = (residualW: number, parentW: number): boolean =>
  residualW < -Math.max(leastToleranceW, toleranceShare * Math.abs(parentW));
