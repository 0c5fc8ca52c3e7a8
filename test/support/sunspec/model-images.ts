/** Registers of devices that have every model: random values, absent ones, scale factors and repeats. */
import { createSeededRandom } from '../../../src/common/seeded-random.ts';
import { notImplementedPattern } from '../../../src/drivers/sunspec/codec/point-encodings.ts';
import { headerSize, type PointDefinition, type PointGroup } from '../../../src/drivers/sunspec/messages.ts';
import { countingPoints } from '../../../src/drivers/sunspec/models/counting-points.ts';
import { modelIds } from '../../../src/drivers/sunspec/models/model-definitions.ts';
import type { ModelLayout, PlacedPoint } from '../../../src/drivers/sunspec/models/model-layout.ts';
import { definitionOf, placeModel, sizeOfGroup } from './placed-models.ts';
import { markerWords } from './sunspec-image.ts';

/** The kind of values that an image has. */
export interface ImageKind {
  seed: number;
  /** The value of every scale factor; without it they are random, within and beyond the range of a sunssf. */
  scaleFactor?: number;
  /** Share of points that are not implemented, 0 to 1. */
  absent: number;
  /** Groups that repeat are there up to so often. */
  mostRepeats: number;
}

/** A device: its registers from an address on, "SunS" before its models and an end model behind them. */
export interface DeviceImage {
  address: number;
  layouts: ModelLayout[];
  words: number[];
}

const endModel = [0xffff, 0];

/** A string of printable characters, filled up with NUL or ending in blanks. */
const randomText = (bytes: number, random: () => number): Buffer => {
  const text = Array.from({ length: Math.floor(random() * bytes) + 1 }, () => 33 + Math.floor(random() * 94));
  const blanks = random() < 0.2 ? Array.from({ length: 2 }, () => 0x20) : [];
  return Buffer.concat([Buffer.from([...text, ...blanks]), Buffer.alloc(bytes)]).subarray(0, bytes);
};

/** @returns the registers of a value that a device could have */
const randomBytes = ({ type, size }: PointDefinition, random: () => number): Buffer => {
  const length = size * 2;
  if (type === 'string') return randomText(length, random);
  const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  if (type.startsWith('acc') && random() < 0.05) return bytes.fill(0xff);
  if (type === 'float32' && random() < 0.05) bytes.writeFloatBE(random() < 0.5 ? Infinity : -Infinity);
  if (type === 'eui48') bytes.writeUInt16BE(0, 0);
  // Few random bits are small numbers: let half of the values be some.
  else if (!type.startsWith('float') && length > 2 && random() < 0.5) bytes.fill(0, 0, length - 2);
  return bytes;
};

const absentBytes = (definition: PointDefinition): Buffer => {
  const digits = notImplementedPattern(definition).slice(2);
  return Buffer.from(digits.padStart(definition.size * 4, '0'), 'hex');
};

const bytesOf = ({ definition }: PlacedPoint, kind: ImageKind, random: () => number): Buffer => {
  const isAbsent = random() < kind.absent;
  if (definition.type !== 'sunssf') return isAbsent ? absentBytes(definition) : randomBytes(definition, random);
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(kind.scaleFactor ?? Math.floor(random() * 25) - 12);
  return isAbsent && kind.scaleFactor === undefined ? absentBytes(definition) : bytes;
};

/** Places a model whose groups repeat at random, with the length that follows from them. */
const placeRandomModel = (id: number, address: number, { kind, random }: { kind: ImageKind; random: () => number }) => {
  const definition = definitionOf(id);
  const repeats = (): number => 1 + Math.floor(random() * kind.mostRepeats);
  const counts = Object.fromEntries(countingPoints(definition).map(({ name }) => [name, repeats()]));
  const open = repeats();
  const countOf = ({ count = 1 }: PointGroup): number =>
    typeof count === 'string' ? (counts[count] ?? 1) : count || open;
  const length = sizeOfGroup(definition.group, countOf) - headerSize;
  return { layout: placeModel(id, { address, length, counts }), counts };
};

/**
 * @param ids models of the device; all models of the package if none are given
 * @returns a device that has the models
 */
export const createImage = (kind: ImageKind, ids: readonly number[] = modelIds()): DeviceImage => {
  const address = 40_000;
  const random = createSeededRandom(kind.seed);
  const layouts: ModelLayout[] = [];
  const words = [...markerWords];
  for (const id of ids) {
    const { layout, counts } = placeRandomModel(id, address + words.length, { kind, random });
    layouts.push(layout);
    for (const point of layout.points.values()) {
      const bytes = bytesOf(point, kind, random);
      const told: Record<string, number> = { ID: id, L: layout.length, ...counts };
      const fixed = point.path.includes('.') ? undefined : told[point.path];
      if (fixed !== undefined) bytes.writeUInt16BE(fixed);
      for (let n = 0; n < bytes.length; n += 2) words.push(bytes.readUInt16BE(n));
    }
  }
  return { address, layouts, words: [...words, ...endModel] };
};
