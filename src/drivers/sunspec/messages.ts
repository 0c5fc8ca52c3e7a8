/**
 * Information models in the words of the SunSpec Device Information Model Specification: a device lists models one after
 * the other in its holding registers, each headed by its id and its length.
 */

/** The types of points, as models spell them. */
export const sunSpecTypes = [
  'int16',
  'uint16',
  'count',
  'acc16',
  'enum16',
  'bitfield16',
  'raw16',
  'pad',
  'int32',
  'uint32',
  'acc32',
  'enum32',
  'bitfield32',
  'ipaddr',
  'int64',
  'uint64',
  'acc64',
  'bitfield64',
  'ipv6addr',
  'eui48',
  'float32',
  'float64',
  'sunssf',
  'string',
] as const;
export type SunSpecType = (typeof sunSpecTypes)[number];

/** Registers that a point of each type takes; a string gives its own size. */
export const registersOf: Readonly<Record<Exclude<SunSpecType, 'string'>, number>> = {
  int16: 1,
  uint16: 1,
  count: 1,
  acc16: 1,
  enum16: 1,
  bitfield16: 1,
  raw16: 1,
  pad: 1,
  sunssf: 1,
  int32: 2,
  uint32: 2,
  acc32: 2,
  enum32: 2,
  bitfield32: 2,
  ipaddr: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  acc64: 4,
  bitfield64: 4,
  float64: 4,
  eui48: 4,
  ipv6addr: 8,
};

/** The power of ten by which a number is multiplied: a constant, or the name of a point of type sunssf. */
export type ScaleFactor = number | string;

/** A point of a model: one value. */
export interface PointDefinition {
  name: string;
  type: SunSpecType;
  /** Registers. */
  size: number;
  scaleFactor?: ScaleFactor;
  /** Units as the model spells them: "W", "Secs", "% WMax". */
  units?: string;
  /** The names of values of an enumeration, or of bits counted from the lowest one. */
  symbols?: Readonly<Record<string, string>>;
  /** Every device that has the model gives the point. */
  isMandatory: boolean;
  /** The value does not change while the device runs. */
  isStatic: boolean;
  isWritable: boolean;
}

/** A group of points, which may repeat, and may contain further groups. */
export interface PointGroup {
  name: string;
  /** sync: the points of the group are read and written as one. */
  type: 'group' | 'sync';
  /**
   * How often the group is there: a number, the name of a point of the model that tells it, or 0 where the length of the
   * model tells it. Groups without a count are there once.
   */
  count?: number | string;
  points: readonly PointDefinition[];
  groups: readonly PointGroup[];
}

/** The definition of a model. Its group begins with the points ID and L. */
export interface ModelDefinition {
  /** 1 to 65534; those of vendors begin with 64001. */
  id: number;
  /** A few words for people: "Inverter (Three Phase)". */
  label: string;
  /** The value of L, where the definition fixes it: another length belongs to another edition of the model. */
  length?: number;
  group: PointGroup;
}

/** Registers of ID and L, which the length of a model does not count. */
export const headerSize = 2;

/** Id of the common model: manufacturer, model, version and serial number of a device. */
export const commonModelId = 1;

/** First id of the models that vendors define for themselves, and that grow with their firmware. */
export const firstVendorModel = 64_000;
