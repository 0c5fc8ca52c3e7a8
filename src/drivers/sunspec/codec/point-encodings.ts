/**
 * The types of points as the Modbus codec knows them, with the patterns that mean "not implemented". SunSpec Device
 * Information Model Specification, "Data types".
 */
import type { PointType, ProfilePoint } from '../../modbus/index.ts';
import type { PointDefinition, SunSpecType } from '../messages.ts';

/** A type in the words of a Modbus profile. */
interface Encoding {
  type: PointType;
  format?: NonNullable<ProfilePoint['format']>;
  /** Raw patterns of a point that is not implemented; the first one is written. Any other NaN of IEEE 754 means the same. */
  absent: readonly string[];
  /** Bits of which each one that is set means the same. */
  absentBits?: string;
}

/** An accumulator that nobody has to give is not implemented while it is 0; a mandatory one begins at 0. */
const accumulators: ReadonlySet<SunSpecType> = new Set<SunSpecType>(['acc16', 'acc32', 'acc64']);

const encodings: Readonly<Record<SunSpecType, Encoding>> = {
  int16: { type: 'int16', absent: ['0x8000'] },
  uint16: { type: 'uint16', absent: ['0xffff'] },
  count: { type: 'uint16', absent: ['0xffff'] },
  // The specification has 0 alone; inverters give all ones at night, which no counter keeps for longer than a moment.
  acc16: { type: 'uint16', absent: ['0x0', '0xffff'] },
  enum16: { type: 'uint16', absent: ['0xffff'] },
  // The highest bit of a bit field stands for nothing: a field that has it set is not implemented.
  bitfield16: { type: 'uint16', absent: ['0xffff'], absentBits: '0x8000' },
  raw16: { type: 'uint16', absent: [] },
  pad: { type: 'uint16', absent: ['0x8000', '0x0'] },
  sunssf: { type: 'int16', absent: ['0x8000'] },
  int32: { type: 'int32', absent: ['0x80000000'] },
  uint32: { type: 'uint32', absent: ['0xffffffff'] },
  acc32: { type: 'uint32', absent: ['0x0', '0xffffffff'] },
  enum32: { type: 'uint32', absent: ['0xffffffff'] },
  bitfield32: { type: 'uint32', absent: ['0xffffffff'], absentBits: '0x80000000' },
  ipaddr: { type: 'bytes', format: 'ipv4', absent: ['0x0'] },
  float32: { type: 'float32', absent: ['0x7fc00000'] },
  int64: { type: 'int64', absent: ['0x8000000000000000'] },
  uint64: { type: 'uint64', absent: ['0xffffffffffffffff'] },
  acc64: { type: 'uint64', absent: ['0x0', '0xffffffffffffffff'] },
  bitfield64: {
    type: 'uint64',
    format: 'hex',
    absent: ['0xffffffffffffffff'],
    absentBits: '0x8000000000000000',
  },
  float64: { type: 'float64', absent: ['0x7ff8000000000000'] },
  ipv6addr: { type: 'bytes', format: 'ipv6', absent: ['0x0'] },
  // Devices fill the six bytes of the address, or all eight of the point.
  eui48: { type: 'bytes', format: 'mac', absent: ['0xffffffffffff', '0xffffffffffffffff', '0x0'] },
  string: { type: 'string', absent: ['0x0'] },
};

/** Whether 0 is a good value of an accumulator. */
const isGoodZero = ({ type, isMandatory }: PointDefinition): boolean => isMandatory && accumulators.has(type);

/** The keys of a point in a Modbus profile that follow from its type alone. */
export const encodingOf = (
  definition: PointDefinition,
): Pick<ProfilePoint, 'type' | 'len' | 'format' | 'nan' | 'nanBits'> => {
  const encoding = encodings[definition.type];
  const { type, format, absent, absentBits } = encoding;
  const nan = isGoodZero(definition) ? absent.filter((pattern) => BigInt(pattern) !== 0n) : [...absent];
  return {
    type,
    ...(type === 'string' || type === 'bytes' ? { len: definition.size } : {}),
    ...(format === undefined ? {} : { format }),
    ...(nan.length > 0 && type !== 'string' ? { nan } : {}),
    ...(absentBits === undefined ? {} : { nanBits: absentBits }),
  };
};

/** @returns the raw pattern of a point that is not implemented, in hexadecimal */
export const notImplementedPattern = ({ type }: PointDefinition): string => encodings[type].absent[0] ?? '0x0';
