/** The registers of one unit of the SunSpec face of a site: the marker, the common model, the models of a side, the end. */
import type { PointValue } from '../codec/model-codec.ts';
import { headerSize } from '../messages.ts';
import { ServedModel } from './served-model.ts';
import { constantValues, measuredValues, stateValues } from './served-points.ts';
import type { SideReadings } from './site-readings.ts';

/** What the common model tells of a unit. */
export interface CommonPoints {
  /** Manufacturer. */
  Mn: string;
  /** Model of the device. */
  Md: string;
  /** Version of the software. */
  Vr: string;
  /** Serial number, of which no two devices of a manufacturer have the same. */
  SN: string;
  /** Unit identifier. */
  DA: number;
}

/** The base that every reader tries first. */
export const servedBase = 40_000;
const marker = Buffer.from('SunS', 'latin1');
/** The end model: ID 0xFFFF, and L 0. SunSpec Device Information Model Specification, "End model". */
const endModel = Buffer.from([0xff, 0xff, 0, 0]);

/** @returns the text as far as it has room in so many registers, whole characters alone */
const cut = (text: string, registers: number): string => {
  let short = text;
  while (Buffer.byteLength(short) > registers * 2) short = short.slice(0, -1);
  return short;
};

/** @returns the values of the common model */
const commonValues = ({ definition }: ServedModel, common: CommonPoints): Map<string, PointValue> => {
  const given = new Map<string, PointValue>(Object.entries(common));
  return new Map(
    definition.group.points.flatMap(({ name, size }): [string, PointValue][] => {
      const value = given.get(name);
      if (value === undefined) return [];
      return [[name, typeof value === 'string' ? cut(value, size) : value]];
    }),
  );
};

/** A range of registers, both ends included. */
export interface RegisterRange {
  first: number;
  last: number;
}

/** The registers of a unit as they follow from the readings of a side. */
export class ServedUnit {
  readonly #common: ServedModel;
  readonly #commonValues: ReadonlyMap<string, PointValue>;
  readonly #models: readonly ServedModel[];

  /** @param models ids of the models after the common one, in the order of the list */
  constructor(common: CommonPoints, models: readonly number[]) {
    let address = servedBase + marker.length / 2;
    const place = (id: number): ServedModel => {
      const model = new ServedModel(id, address);
      address += model.size;
      return model;
    };
    this.#common = place(1);
    this.#commonValues = commonValues(this.#common, common);
    this.#models = models.map(place);
  }

  /** The registers of what is measured: those of all models after the common one, without ID and L. */
  get measured(): RegisterRange[] {
    return this.#models.map(({ address, size }) => ({ first: address + headerSize, last: address + size - 1 }));
  }

  /** @returns all registers, from the base on */
  encode(readings: SideReadings): Buffer {
    const models = this.#models.map((model) => {
      const { definition } = model;
      const values = [
        constantValues(definition),
        stateValues(definition, readings),
        measuredValues(definition, readings),
      ];
      return model.encode(new Map(values.flatMap((each) => [...each])));
    });
    return Buffer.concat([marker, this.#common.encode(this.#commonValues), ...models, endModel]);
  }
}
