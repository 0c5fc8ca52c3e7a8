/**
 * The scaling between the number in a register and the value of its point, in both directions: factor and offset of the
 * profile, and the power of ten that the device tells in a scale factor register (scaleFrom).
 */
import type { Point } from '../profiles/point.ts';

/** The scaling of a point: value = raw * factor * 10^exponent + offset, in the unit of its quantity if it feeds one. */
export const scalingOf = ({ source, target }: Point): { factor: number; offset: number } =>
  target ?? { factor: source.scale ?? 1, offset: source.offset ?? 0 };

/** @returns the number in the register, before it is rounded to one that the register can hold; the inverse of numberFor */
export const rawOf = (point: Point, value: number, exponent: number): number => {
  const { factor, offset } = scalingOf(point);
  return (value - offset) / factor / 10 ** exponent;
};

/** @returns the value of a number in the register; the inverse of rawOf */
export const numberFor = (point: Point, raw: number, exponent: number): number => {
  const { factor, offset } = scalingOf(point);
  return raw * factor * 10 ** exponent + offset;
};

/** SunSpec sunssf: a power of ten from -10 to 10. */
export const maxExponent = 10;

/** Whether a power of ten that a device tells is believed, for reading and for writing. NaN, none told, is not. */
export const isPlausibleExponent = (exponent: number): boolean => Math.abs(exponent) <= maxExponent;

/** One number for each of some output indices. */
export interface Column {
  index: Uint32Array;
  value: Float64Array;
}

/** Multiplies by factors, and adds 0 to each product, because 0 times a negative factor is -0. */
export const multiply = ({ index, value }: Column, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = (out[index[i] as number] as number) * (value[i] as number) + 0;
};

/** Divides by the denominators of factors such as 1/10, so that 2305 becomes 230.5 exactly. */
export const divide = ({ index, value }: Column, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = (out[index[i] as number] as number) / (value[i] as number);
};

/** Rounds away the residue of binary fractions. */
export const toMillionths = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Adds offsets. */
export const add = ({ index, value }: Column, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++)
    out[index[i] as number] = toMillionths((out[index[i] as number] as number) + (value[i] as number));
};

/** Divides values by 100 that are beyond the number from which on they are in per cent. */
export const dividePercent = ({ index, value }: Column, out: Float64Array): void => {
  for (let i = 0; i < index.length; i++) {
    const given = out[index[i] as number] as number;
    out[index[i] as number] = toMillionths(Math.abs(given) > (value[i] as number) ? given / 100 : given);
  }
};

/** Applies powers of ten that the device itself tells; a value whose power is implausible is not available. */
export const scaleByPowers = (scaled: readonly [index: number, exponentIndex: number][], out: Float64Array): void => {
  for (const [index, exponentIndex] of scaled) {
    const exponent = out[exponentIndex] as number;
    const value = out[index] as number;
    if (isPlausibleExponent(exponent)) out[index] = exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent;
    else out[index] = Number.NaN;
  }
};
