/** Whole models, from registers to the values of all their points and back. */
import {
  compileDecodeTable,
  type DecodeTable,
  decodeBlock,
  decodeText,
  encodePattern,
  encodePoint,
  fits,
  isTextPoint,
  type Point,
  resolvePoint,
  shortestDecimal,
  type Words,
} from '../../modbus/index.ts';
import { headerSize } from '../messages.ts';
import { nameOfModel } from '../models/model-instance.ts';
import type { ModelLayout, PlacedPoint } from '../models/model-layout.ts';
import { notImplementedPattern } from './point-encodings.ts';
import { profilePointOf } from './profile-points.ts';

/**
 * The value of a point, scaled: null if it is not implemented. Integers of 64 bits are the nearest number; a bitfield64
 * is its hexadecimal digits.
 */
export type PointValue = number | string | null;

/** Values of the points of a model by their paths. */
export type ModelValues = ReadonlyMap<string, PointValue>;

/** A point of the model in both of its forms. */
interface CodecPoint {
  placed: PlacedPoint;
  point: Point;
}

/** A model made ready for decoding and encoding. */
export interface ModelCodec {
  layout: ModelLayout;
  /** The points in the order of their registers, without pads. */
  points: readonly CodecPoint[];
  /** Registers from the point ID on that decoding needs. */
  size: number;
  table: DecodeTable;
}

const pathOf = ({ path }: PlacedPoint): string => path;

const codecPoint = (placed: PlacedPoint): CodecPoint => {
  const resolved = resolvePoint(profilePointOf(placed, pathOf), {}, 1);
  if (!resolved.ok) throw new Error(`${placed.path}: ${resolved.reason}`);
  return { placed, point: resolved.value };
};

/** Makes a model ready for decoding and encoding. */
export const compileModel = (layout: ModelLayout): ModelCodec => {
  const points = [...layout.points.values()].filter(({ definition }) => definition.type !== 'pad').map(codecPoint);
  const indexOf = new Map(points.map(({ placed }, index) => [placed.path, index]));
  const entries = points.map(({ point }, index) => {
    const companionIndex = indexOf.get(point.source.scaleFrom ?? '');
    return { point, index, ...(companionIndex === undefined ? {} : { companionIndex }) };
  });
  const ends = points.map(({ placed }) => placed.address + placed.definition.size);
  return {
    layout,
    points,
    size: Math.max(headerSize, ...ends.map((end) => end - layout.address)),
    table: compileDecodeTable(entries, layout.address),
  };
};

/**
 * Decodes the numbers of a model.
 * @param data registers from the point ID on
 * @param out receives the scaled numbers in the order of the points; NaN: not implemented. The places of texts are
 *   left alone
 * @throws RangeError if registers are missing
 */
export const decodeNumbers = ({ layout, size, table }: ModelCodec, data: Uint8Array, out: Float64Array): void => {
  if (data.length < size * 2)
    throw new RangeError(`${nameOfModel(layout)} takes ${size} registers, and ${data.length >> 1} were read`);
  decodeBlock(table, new DataView(data.buffer, data.byteOffset, data.length), out);
};

const numberOf = ({ type }: Point, value: number): PointValue => {
  if (Number.isNaN(value)) return null;
  return type === 'float32' ? shortestDecimal(value, 1) : value;
};

/**
 * Decodes all points of a model.
 * @param data registers from the point ID on
 * @throws RangeError if registers are missing
 */
export const decodeModel = (codec: ModelCodec, data: Uint8Array): ModelValues => {
  const { layout, points } = codec;
  const numbers = new Float64Array(points.length);
  decodeNumbers(codec, data, numbers);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const values = new Map<string, PointValue>();
  for (const [index, { placed, point }] of points.entries()) {
    const value = isTextPoint(point)
      ? decodeText(point, layout.address, view)
      : numberOf(point, numbers[index] ?? Number.NaN);
    values.set(placed.path, value);
  }
  return values;
};

/** @returns the registers of a value; those of a point that is not implemented, for a value that does not fit */
const wordsFor = ({ placed, point }: CodecPoint, values: ModelValues): Words => {
  const value = values.get(placed.path) ?? null;
  const { scaleFactor, definition } = placed;
  const exponent = typeof scaleFactor === 'object' ? Number(values.get(scaleFactor.path) ?? Number.NaN) : 0;
  const isGood = typeof value === 'string' || (value !== null && fits(point, value, exponent));
  return isGood ? encodePoint(point, value, exponent) : encodePattern(point, notImplementedPattern(definition));
};

/** The pattern of registers without a meaning. */
const padWord = 0x8000;

/**
 * Encodes a model.
 * @param values scaled values by path, with those of the scale factors; a point that is missing, or whose value does not
 *   fit into its registers with the scale factor given, is written as not implemented. ID and L need not be given
 * @returns its registers from the point ID on, as many as its length says
 */
export const encodeModel = ({ layout, points }: ModelCodec, values: ModelValues): Buffer => {
  const { address, length, definition } = layout;
  const data = Buffer.alloc((headerSize + length) * 2);
  const write = (words: Words): void => {
    for (const { address: at, word } of words) data.writeUInt16BE(word, (at - address) * 2);
  };
  for (const { definition: pad, address: at } of layout.points.values())
    if (pad.type === 'pad') write([{ address: at, word: padWord }]);
  for (const each of points) write(wordsFor(each, values));
  write([
    { address, word: definition.id },
    { address: address + 1, word: length },
  ]);
  return data;
};
