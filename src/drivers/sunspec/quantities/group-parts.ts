/** The parts of repeating groups: which modules, ports and strings of a device are solar panels, and which its battery. */
import type { MapFamily, MapPart } from './quantity-map.ts';
import { type ReadModel, readValue, symbolAt } from './read-model.ts';

/** One instance of a repeating group, and what it is. */
export interface GroupPart {
  part: MapPart;
  /** Number of the instance, counted from 1. */
  n: number;
  /** Begins the paths of its points: "module.2.". */
  prefix: string;
}

const isMeant = ({ when }: MapPart, prefix: string, model: ReadModel): boolean => {
  if (!when) return true;
  const path = `${prefix}${when.point}`;
  if (when.is) return when.is.includes(symbolAt(model, path) ?? '');
  const text = String(readValue(model, path) ?? '').toLowerCase();
  return new RegExp(when.matches ?? '').test(text);
};

/** @returns the instances of the group of a family that have a meaning */
export const partsOf = ({ repeat = '', parts = [] }: MapFamily, model: ReadModel): GroupPart[] => {
  const count = model.layout.repeats.get(repeat) ?? 0;
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((n) => {
    const prefix = `${repeat}.${n}.`;
    const part = parts.find((each) => isMeant(each, prefix, model));
    return part ? [{ part, n, prefix }] : [];
  });
};
