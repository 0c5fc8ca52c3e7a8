/** The schema of a point: registers and their meaning, or a value that is made from other points. */
import { z } from 'zod';
import { addressRange } from '../codec/limits.ts';
import { maxReadRegisters } from '../codec/pdu-limits.ts';
import { bitNumber, eventsSchema } from './event-schema.ts';
import { expressionPattern } from './expression.ts';

/** The name of a point, unique within its profile. */
export const pointName = z
  .string()
  .regex(/^[a-z][a-z0-9_.]{0,63}$/, 'a point name is lower case with dots, and begins with a letter: power.l1');
const hexAddress = /^0x[0-9a-fA-F]{1,4}$/;
/** "103:W", "160:2:DCW" for the second module, "203#2:W" for the second model of its id, "705:Crv.1.ActPt". */
const sunspecAddress = /^\d{1,5}(#\d+)?(:\d+)?:[\w.-]+$/;

const addressRule = 'a number from 0 to 65535, or the same in hexadecimal: "0x46"';
/** Modicon wrote table and register as one number of six digits: 4 00071 is holding register 71. */
const modiconTables: Record<string, string> = { 0: 'coil', 1: 'discrete', 3: 'input', 4: 'holding' };

const addressError = (input: unknown): string => {
  if (typeof input === 'number' && input > addressRange.max) {
    const table = modiconTables[String(input).padStart(6, '0').charAt(0)];
    const register = input % 100_000;
    if (table && input < 500_000 && register > 0 && register <= addressRange.max + 1)
      return `${input} is a Modicon number: write "table": "${table}" and "addr": ${register - 1}, its address on the wire`;
  }
  if (typeof input === 'string' && /^\d+$/.test(input)) return `an address is ${addressRule}; leave out the quotes`;
  return `an address is ${addressRule}, a list of up to 4 of them, or "model:point" for SunSpec`;
};

/** Ends the check of one choice of a union, so that the error of the union is told instead of one per choice. */
const aborting = { abort: true };
const registerNumber = z.int().min(0, aborting).max(addressRange.max, aborting);
/** The address of a register or bit, 0-based as on the wire. */
export const registerAddress = z.union([registerNumber, z.string().regex(hexAddress, aborting).transform(Number)], {
  error: ({ input }) => addressError(input),
});
const hex = z.string().regex(/^0x[0-9a-fA-F]{1,16}$/, 'a raw pattern is written in hexadecimal, like "0x80000000"');
/** Order of the words of a value, or of the bytes of a word. */
export const endianness = z.enum(['big', 'little']);
/** A table of the data model. */
export const tableName = z.enum(['holding', 'input', 'coil', 'discrete']);

/** The types of values in registers; sunspec points get their type from a discovered model. */
const pointTypes = [
  'bool',
  'u8h',
  'u8l',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
  'bcd16',
  'bcd32',
  'string',
  'bytes',
  'datetime',
  'sunspec',
] as const;
export type PointType = (typeof pointTypes)[number];

/** Registers that a value of each type takes; strings and bytes give their length by len, and so may a datetime. */
export const wordsOf: Record<Exclude<PointType, 'string' | 'bytes' | 'sunspec'>, number> = {
  bool: 1,
  u8h: 1,
  u8l: 1,
  int16: 1,
  uint16: 1,
  float16: 1,
  bcd16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  bcd32: 2,
  datetime: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
};

const identityFields = ['vendor', 'model', 'serial', 'firmware', 'rated_power_w', 'usable_energy_wh'] as const;
export type IdentityField = (typeof identityFields)[number];

/** A condition holds while the value of the point is one of `is`, or else lies between min and max inclusive. */
export const conditionShape = {
  point: pointName,
  min: z.number().optional(),
  max: z.number().optional(),
  is: z.array(z.union([z.number(), z.string()])).optional(),
};
const conditionSchema = z.strictObject(conditionShape);
export type Condition = z.infer<typeof conditionSchema>;

/** A point as a profile gives it. */
export const pointSchema = z.strictObject({
  name: pointName,
  /** The quantity of the model that the point feeds: "battery/soc", "meter/power/l1", "ev_charger/{i}/status". */
  quantity: z.string().optional(),
  /** The property of the device that the point tells; published in meta. */
  identity: z.enum(identityFields).optional(),
  table: tableName.optional(),
  /** Address on the wire (0-based), a list of words that do not lie together, or "model:point" for SunSpec. */
  addr: z
    .union(
      [
        registerAddress,
        z.array(registerAddress).min(1, aborting).max(4, aborting),
        z.string().regex(sunspecAddress, aborting),
      ],
      {
        error: ({ input }) => addressError(input),
      },
    )
    .optional(),
  type: z.enum(pointTypes).optional(),
  /** The sum of other points instead of a register of its own; "-name" subtracts. */
  sum: z
    .array(z.string().regex(/^-?[a-z][a-z0-9_.]*$/, 'a term is the name of a point, with "-" before it to subtract'))
    .min(1)
    .optional(),
  /** The value is 0 while this holds, for a sum whose terms are all optional and all without a value. */
  zeroWhile: conditionSchema.optional(),
  /** Instead of a register: the first of these points that the device has. The choice is kept once it is made. */
  firstOf: z.array(pointName).min(2).optional(),
  /** Instead of a register: a product or quotient of numbers and @points, like "@voltage * @current". */
  product: z
    .string()
    .regex(expressionPattern, 'a product is numbers and @points with * and / between them: "@voltage * @current"')
    .optional(),
  /** Not every device of the family has the point: a refusal is no fault, and without a value it adds 0 to a sum. */
  optional: z.boolean().optional(),
  /** The value means nothing while this holds for another point, or while that point is not known. */
  voidWhile: conditionSchema.optional(),
  /** Only devices of which this holds have the point: models and firmwares that a register tells apart. */
  onlyWhile: conditionSchema.optional(),
  /** Registers of a string, of bytes, or of a datetime (2, 3 or 6). */
  len: z.int().min(1).max(maxReadRegisters).optional(),
  wordOrder: endianness.optional(),
  byteOrder: endianness.optional(),
  mask: hex.optional(),
  shift: z.int().min(0).max(63).optional(),
  /** The value is true or false: this bit of the register, counted from the lowest one. */
  bit: z.int().min(0).max(63).optional(),
  bits: z.record(bitNumber, z.string()).optional(),
  /** Each bit is an event of a component, which is active while the bit is set. */
  events: eventsSchema.optional(),
  enum: z
    .record(
      z.string().regex(/^-?\w+$/, 'the value of the register, like "3"'),
      z.union([z.string(), z.boolean()], { error: 'the meaning of a value is a word, true or false' }),
    )
    .optional(),
  /** Registers that are a text: their bytes in hexadecimal, as characters, or as an address of a network. */
  format: z.enum(['hex', 'ascii', 'ipv4', 'ipv6', 'mac']).optional(),
  scale: z
    .number()
    .refine(
      (scale) => scale !== 0,
      'a scale of 0 makes every value 0; leave it out if the register holds the value itself',
    )
    .optional(),
  offset: z.number().optional(),
  /** Name of the point that holds the power of ten; it is read in the same request. */
  scaleFrom: pointName.optional(),
  /** The value is negative while this holds, and positive otherwise, whatever sign the register has. */
  negativeWhile: conditionSchema.optional(),
  /** The power of ten is too far for one request: it is read before and after the value, which counts if it is the same. */
  scaleFar: z.boolean().optional(),
  /** -1 where the register counts against the model's arrow. */
  sign: z.literal([1, -1]).optional(),
  /** false: no source proves the sign of the register. */
  signVerified: z.boolean().optional(),
  /** A value beyond this is in per cent, and is divided by 100: power factors come either way. */
  percentAbove: z.number().positive().optional(),
  /** Value at which a counter begins again from 0, in the unit of its quantity, if the type of its register does not tell. */
  modulus: z.number().positive().optional(),
  /** Unit of the register after its scale; converted to the unit of the quantity. */
  unit: z.string().nullable().optional(),
  /** Raw patterns that mean "not available", besides the NaN of IEEE 754. */
  nan: z.array(hex).optional(),
  /** Bits of which each one that is set means "not available": the highest bit of a bit field, the fault bit of a sensor. */
  nanBits: hex.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  group: z.enum(['fast', 'slow', 'once']).optional(),
  access: z.enum(['r', 'rw', 'w']).optional(),
  writeFc: z.literal([5, 6, 15, 16]).optional(),
  /** Written to EEPROM or flash: writing often wears it out. */
  persistent: z.boolean().optional(),
  /** The same register for all instances. */
  shared: z.boolean().optional(),
  note: z.string().optional(),
});
export type ProfilePoint = z.infer<typeof pointSchema>;
