/** What the number of a point means: itself, a word, the names of its bits, or true and false. */
import { findQuantity } from '../../model/quantities.ts';
import type { Value } from '../../model/reading.ts';
import { isTextPoint } from './decode-text.ts';
import type { Point, Target } from './point.ts';

const bitNames = (bits: Record<string, string>, raw: number): string =>
  Object.entries(bits)
    .filter(([bit]) => Math.floor(raw / 2 ** Number(bit)) % 2 === 1)
    .map(([, name]) => name)
    .join(', ');

/** A number or a text, as the quantity has it; no value becomes null. */
export const interpret = ({ source, target }: Point, given: number | string): Value => {
  const { enum: members, bits } = source;
  if (members) return members[String(given)] ?? (target?.value === 'text' ? String(given) : 'unknown');
  if (typeof given === 'string') return given;
  if (bits) return bitNames(bits, given);
  return target?.value === 'boolean' ? given !== 0 : given;
};

/** Whether the number is the value as it is. */
export const isNumeric = (point: Point): boolean =>
  !isTextPoint(point) && !point.source.enum && !point.source.bits && point.target?.value !== 'boolean';

/** A counter of a session begins at 0 each time; the others stand at 0 only before their first use. */
export const isLifelong = ({ type, quantity }: Target): boolean =>
  findQuantity(type, quantity)?.kind === 'counter' && quantity !== 'session_energy';
