/** The registers of the SunSpec face of a site, decoded: the values of all points, by model and point. */
import type { PointValue } from '../../../src/drivers/sunspec/codec/model-codec.ts';
import { compileModel, decodeModel } from '../../../src/drivers/sunspec/index.ts';
import { headerSize } from '../../../src/drivers/sunspec/messages.ts';
import { ServedUnit } from '../../../src/drivers/sunspec/server/served-unit.ts';
import { placeModel } from './placed-models.ts';

/** A model that was found in registers. */
export interface FoundModel {
  id: number;
  length: number;
  values: Record<string, PointValue>;
}

const markerLength = 4;
const endOfList = 0xffff;

/** @param data the registers of a unit from its base on @returns its models in their order */
export const modelsIn = (data: Buffer): FoundModel[] => {
  const models: FoundModel[] = [];
  let at = markerLength;
  while (data.readUInt16BE(at) !== endOfList) {
    const [id, length] = [data.readUInt16BE(at), data.readUInt16BE(at + 2)];
    const end = at + (headerSize + length) * 2;
    const values = decodeModel(compileModel(placeModel(id, { length, address: 0 })), data.subarray(at, end));
    models.push({ id, length, values: Object.fromEntries(values) });
    at = end;
  }
  return models;
};

const common = { Mn: 'maker', Md: 'device', Vr: '1.2.3', SN: 'serial', DA: 7 };

/** A unit with one model after the common one. @returns the values of the model for each of the readings told in turn */
export const serve = (id: number): ((readings: Record<string, number>) => Record<string, PointValue>) => {
  const unit = new ServedUnit(common, [id]);
  return (readings) => modelsIn(unit.encode(new Map(Object.entries(readings))))[1]?.values ?? {};
};

/** @returns the points that have a value, but ID and L */
export const implemented = ({ ID: _, L: __, ...values }: Record<string, PointValue>): Record<string, PointValue> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
