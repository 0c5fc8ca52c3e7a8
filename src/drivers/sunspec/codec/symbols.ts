/** The symbols of enumerations and bit fields: what the numbers of a point mean. */
import type { ProfilePoint } from '../../modbus/index.ts';
import type { PointDefinition } from '../messages.ts';

/** Whether each bit of a point has a meaning of its own. */
export const isBitField = ({ type }: PointDefinition): boolean => type.startsWith('bitfield');

/** @returns the symbols of a point as a Modbus profile gives them: words of an enumeration, or names of bits */
export const symbolKeysOf = (definition: PointDefinition): Pick<ProfilePoint, 'enum' | 'bits'> => {
  const { symbols } = definition;
  if (!symbols) return {};
  return isBitField(definition) ? { bits: { ...symbols } } : { enum: { ...symbols } };
};

/** @returns the name of a value of an enumeration; the number itself for one that the model does not name */
export const symbolOf = ({ symbols = {} }: PointDefinition, value: number): string => symbols[value] ?? String(value);

/**
 * @param value a number; or hexadecimal digits, as a bitfield64 is decoded
 * @returns the names of the bits that are set, the lowest one first; "bit 7" for one that the model does not name
 */
export const symbolsIn = ({ symbols = {} }: PointDefinition, value: number | string): string[] => {
  const pattern = typeof value === 'string' ? BigInt(`0x${value}`) : BigInt(value);
  const digits = pattern.toString(2);
  return [...digits].reverse().flatMap((digit, bit) => (digit === '1' ? [symbols[bit] ?? `bit ${bit}`] : []));
};
