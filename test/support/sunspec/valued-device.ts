/** A SunSpec device by the values of its points, for tests of what these mean: its registers, and its models as read. */

import type { UnitImages } from '../../../src/drivers/modbus/server/register-image.ts';
import { RegisterImage } from '../../../src/drivers/modbus/server/register-image.ts';
import { compileModel, decodeModel, encodeModel, type PointValue } from '../../../src/drivers/sunspec/index.ts';
import { headerSize, type PointGroup } from '../../../src/drivers/sunspec/messages.ts';
import type { ModelLayout } from '../../../src/drivers/sunspec/models/model-layout.ts';
import { definitionOf, placeModel, sizeOfGroup } from './placed-models.ts';
import { endWords, type ImageEnd, markerWords } from './sunspec-image.ts';

/** A model and the scaled values of its points by their paths; what is not given is not implemented. */
export interface ValuedModel {
  id: number;
  values: Record<string, PointValue>;
  /** Repeats of the groups whose number the length tells. */
  repeats?: number;
  /** Numbers of repeating groups by the point that tells them. */
  counts?: Record<string, number>;
  /** Registers that are set as they are, in hexadecimal, by the path of the point. */
  raw?: Record<string, string>;
  /** Length of model 1 without its pad. */
  length?: number;
}

/** A device with its registers. */
export interface ValuedDevice {
  words: Map<number, number>;
  layouts: ModelLayout[];
  /** Address of the end model. */
  end: number;
}

const placeAt = (address: number, { id, repeats = 0, counts = {}, length }: ValuedModel): ModelLayout => {
  const countOf = ({ count = 1 }: PointGroup): number =>
    typeof count === 'string' ? (counts[count] ?? 0) : count || repeats;
  const size = length ?? sizeOfGroup(definitionOf(id).group, countOf) - headerSize;
  return placeModel(id, { address, length: size, counts });
};

const wordsOf = (layout: ModelLayout, { values, counts = {}, raw = {} }: ValuedModel): number[] => {
  const data = encodeModel(compileModel(layout), new Map(Object.entries({ ...counts, ...values })));
  for (const [path, text] of Object.entries(raw)) {
    const point = layout.points.get(path);
    if (!point) throw new Error(`model ${layout.definition.id} has no point ${path}`);
    data.write(text.replaceAll(' ', ''), (point.address - layout.address) * 2, 'hex');
  }
  return Array.from({ length: data.length / 2 }, (_, n) => data.readUInt16BE(n * 2));
};

/** Where the list of a device begins, and how it ends. */
export interface DevicePlace {
  base?: number;
  end?: ImageEnd;
}

/** @returns the registers of a device that lists these models */
export const buildDevice = (
  models: readonly ValuedModel[],
  { base = 40_000, end: ending = 'end_model' }: DevicePlace = {},
): ValuedDevice => {
  const words = new Map<number, number>();
  let address = base;
  const put = (values: readonly number[]): void => {
    for (const value of values) words.set(address++, value);
  };
  put(markerWords);
  const layouts = models.map((model) => {
    for (const path of Object.keys(model.values))
      if (!placeAt(address, model).points.has(path)) throw new Error(`model ${model.id} has no point ${path}`);
    const layout = placeAt(address, model);
    put(wordsOf(layout, model));
    return layout;
  });
  const end = address;
  put(endWords[ending]);
  return { words, layouts, end };
};

/** Puts the registers of a device into the image of a unit, in place of those that were there. */
export const putDevice = (image: RegisterImage, { words, layouts }: ValuedDevice): void => {
  for (const [address, word] of words) image.set(address, word);
  for (const { points } of layouts)
    for (const { definition, address } of points.values())
      if (definition.isWritable) for (let n = 0; n < definition.size; n++) image.allowWrite(address + n);
};

/** @returns the value of a point of the first model of this id, as a client has left it */
export const valueIn = (image: RegisterImage, { layouts }: ValuedDevice, [id, path]: [number, string]): unknown => {
  const layout = layouts.find(({ definition }) => definition.id === id);
  if (!layout) throw new Error(`the device has no model ${id}`);
  const data = Buffer.alloc((layout.length + headerSize) * 2);
  for (let n = 0; n < data.length / 2; n++) data.writeUInt16BE(image.peek(layout.address + n), n * 2);
  return decodeModel(compileModel(layout), data).get(path);
};

/** @returns a unit of a Modbus server with the registers of a device */
export const imagesOf = (device: ValuedDevice): Required<Pick<UnitImages, 'holding'>> => {
  const holding = new RegisterImage();
  putDevice(holding, device);
  return { holding };
};
