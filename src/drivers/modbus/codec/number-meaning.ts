/** The meaning of a decoded number: itself, a word, the names of its bits, or true and false. */
import { findQuantity } from '../../../model/quantities.ts';
import type { Value } from '../../../model/reading.ts';
import { isTextPoint, type Point, type Target } from '../profiles/point.ts';

/** @param raw a number; or hexadecimal digits, for a bit field with more bits than a number holds */
const namesOfBits = (bits: Record<string, string>, raw: number | string): string => {
  const isSet =
    typeof raw === 'string'
      ? (bit: string): boolean => (BigInt(`0x${raw}`) >> BigInt(bit)) % 2n === 1n
      : (bit: string): boolean => Math.floor(raw / 2 ** Number(bit)) % 2 === 1;
  return Object.entries(bits)
    .filter(([bit]) => isSet(bit))
    .map(([, name]) => name)
    .join(', ');
};

/**
 * Turns a decoded number or text into a value of the model.
 * @returns for an enumeration the word of the profile; "unknown" if it has none for the number
 */
export const toValue = ({ source, target }: Point, decoded: number | string): Value => {
  const { enum: words, bits } = source;
  if (words) return words[String(decoded)] ?? (target?.value === 'text' ? String(decoded) : 'unknown');
  if (bits && (typeof decoded === 'number' || source.format === 'hex')) return namesOfBits(bits, decoded);
  if (typeof decoded === 'string') return decoded;
  return target?.value === 'boolean' ? decoded !== 0 : decoded;
};

/** Whether the decoded number of a point is its value. */
export const isNumeric = (point: Point): boolean =>
  !isTextPoint(point) && !point.source.enum && !point.source.bits && point.target?.value !== 'boolean';

/** Whether a counter runs for the life of the device: only then a 0 means "never used". A session begins at 0. */
export const isLifetimeCounter = ({ type, quantity }: Target): boolean =>
  findQuantity(type, quantity)?.kind === 'counter' && quantity !== 'session_energy';
