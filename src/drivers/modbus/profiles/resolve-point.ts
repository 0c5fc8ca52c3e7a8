/** A point of a profile with its defaults and instance applied, and a check whether its keys fit each other. */
import type { Result } from '../../../model/time.ts';
import { addressRange } from '../codec/limits.ts';
import { functionCodes, isBitTable } from '../messages.ts';
import { isBytes, type Point } from './point.ts';
import { type PointType, type ProfilePoint, wordsOf } from './point-schema.ts';
import type { Profile } from './profile-schema.ts';
import { resolveTarget } from './quantity-target.ts';

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });

/** Registers of a datetime: a Unix time, or six numbers in a byte or in a register each. */
const clockLengths: readonly number[] = [2, 3, 6];

const wordAddresses = (source: ProfilePoint, base: number, wordOrder: 'big' | 'little'): Result<number[]> => {
  const type = source.type as Exclude<PointType, 'sunspec'>;
  const shifted = Array.isArray(source.addr) ? source.addr.map((a) => a + base) : undefined;
  const first = typeof source.addr === 'number' ? source.addr + base : (shifted?.[0] ?? 0);
  if (type === 'string' || type === 'bytes') {
    if (source.len === undefined) return refuse(`a ${type} needs len, the number of its registers`);
    return { ok: true, value: Array.from({ length: source.len }, (_, i) => first + i) };
  }
  const count = type === 'datetime' ? (source.len ?? wordsOf[type]) : wordsOf[type];
  if (type === 'datetime' && !clockLengths.includes(count))
    return refuse(
      `a datetime is 2 registers (Unix time), 3 (year, month, day, hour, minute, second in a byte each) or 6 (in a register each), not ${count}`,
    );
  if (source.len !== undefined && source.len !== count)
    return refuse(`len is for string and bytes; ${type} has ${count} register${count > 1 ? 's' : ''}`);
  const inOrder = shifted ?? Array.from({ length: count }, (_, i) => first + i);
  if (inOrder.length !== count) return refuse(`${type} has ${count} words`);
  return { ok: true, value: wordOrder === 'little' ? inOrder.reverse() : inOrder };
};

/** Registers that the addresses of networks take: a MAC address has six bytes, often at the end of eight. */
const registersOfFormat = { ipv4: [2], ipv6: [8], mac: [3, 4] } as const;

/** @returns in words why the registers of a point are no text of its format */
const formatFault = ({ format }: ProfilePoint, { words, type }: Point): string | undefined => {
  if (format === undefined || format === 'hex' || format === 'ascii') return undefined;
  const registers: readonly number[] = registersOfFormat[format];
  if (registers.includes(words.length)) return undefined;
  return `format ${format} takes ${registers.join(' or ')} registers, and ${type} has ${words.length}: give "type": "bytes" and "len": ${registers[0]}`;
};

/** @returns in words why the bits of a point cannot be told as events */
const eventsFault = ({ events, format }: ProfilePoint, { type, words }: Point): string | undefined => {
  if (!events) return undefined;
  if (format !== undefined || isBytes(type)) return `events are the bits of a number, and ${format ?? type} is a text`;
  const last = Math.max(...Object.keys(events.bits).map(Number));
  return last < words.length * 16 ? undefined : `bit ${last} lies beyond the ${words.length * 16} bits of ${type}`;
};

/** @returns in words why the point could not be read */
const readFault = (source: ProfilePoint, point: Point): string | undefined => {
  const { nan = [], nanBits, mask, shift = 0, min, max } = source;
  const { type, words, table } = point;
  const bits = words.length * 16;
  const isBit = isBitTable(table);
  if (isBit && (bits > 16 || type === 'string' || type === 'bytes'))
    return `${type} does not fit into table ${table}, whose addresses are single bits; take the type bool`;
  if (isBit && (nan.length > 0 || nanBits !== undefined))
    return 'a bit is 0 or 1: it has no raw pattern that means "not available"';
  const wide = [...nan, nanBits ?? '0x0', mask ?? '0x0'].find((pattern) => BigInt(pattern) >> BigInt(bits) > 0n);
  if (wide !== undefined) return `${wide} is wider than ${type}, which has ${bits / 4} hexadecimal digits`;
  if (shift >= bits) return `nothing is left of ${type} after a shift by ${shift}`;
  const fault = formatFault(source, point) ?? eventsFault(source, point);
  if (fault !== undefined) return fault;
  if (min !== undefined && max !== undefined && min > max) return `min ${min} is above max ${max}`;
  return undefined;
};

/**
 * Discrete inputs and input registers are read only: MODBUS Application Protocol V1.1b3 §4.3.
 * @returns in words why the point could not be written
 */
const writeFault = (source: ProfilePoint, { table, type, words }: Point): string | undefined => {
  const { access = 'r', writeFc, mask, negativeWhile } = source;
  if (access === 'r') return undefined;
  if (access === 'w' && (mask !== undefined || type === 'u8h' || type === 'u8l'))
    return 'is a part of its register, which is read before it is written: take access rw';
  if (negativeWhile) return 'takes its sign from another point, and cannot be written';
  if (table === 'input' || table === 'discrete')
    return `lies in table ${table}, which can only be read: commands write to ${table === 'input' ? 'holding' : 'coil'}`;
  if (writeFc === undefined) return undefined;
  const { writeSingleCoil, writeMultipleCoils, writeSingleRegister, writeMultipleRegisters } = functionCodes;
  const fitting: number[] =
    table === 'coil' ? [writeSingleCoil, writeMultipleCoils] : [writeSingleRegister, writeMultipleRegisters];
  if (!fitting.includes(writeFc))
    return `function ${writeFc} does not write to table ${table}; ${fitting.join(' and ')} do`;
  if (writeFc === writeSingleRegister && words.length > 1)
    return `function 6 writes a single register; ${type} has ${words.length}: take 16`;
  return undefined;
};

const bitTypes: readonly PointType[] = ['bool', 'uint16', 'uint32', 'uint64'];

/** @returns in words why a point cannot be a bit of its register */
const bitFault = ({ bit, type, mask, shift, scale, offset }: ProfilePoint): string | undefined => {
  if (bit === undefined) return undefined;
  if (type === undefined || !bitTypes.includes(type)) return `a bit is taken from a ${bitTypes.join(', ')}`;
  if (mask !== undefined || shift !== undefined) return 'takes either a bit, or a mask and a shift';
  return scale === undefined && offset === undefined ? undefined : 'a bit takes no scale and no offset';
};

/** @returns the point with its bit, if it is one, as the mask and the shift that codecs know */
const withMask = (source: ProfilePoint): ProfilePoint =>
  source.bit === undefined
    ? source
    : { ...source, mask: `0x${(1n << BigInt(source.bit)).toString(16)}`, shift: source.bit };

/**
 * @param instance number of the connector, battery or the like, counted from 1
 * @returns the point, or in words why it cannot be read or written
 */
export const resolvePoint = (
  given: ProfilePoint,
  profile: Pick<Profile, 'defaults' | 'instances'>,
  instance: number,
): Result<Point> => {
  const { defaults = {}, instances } = profile;
  const wrongBit = bitFault(given);
  if (wrongBit !== undefined) return refuse(wrongBit);
  const source = withMask(given);
  if (source.addr === undefined || source.type === undefined)
    return refuse('needs addr and type, or sum, product or firstOf');
  if (typeof source.addr === 'string') return refuse(`"${source.addr}" is an address of type sunspec only`);
  if (source.zeroWhile) return refuse('zeroWhile is for a sum');
  const shift = instances && !source.shared ? (instance - 1) * instances.stride : 0;
  const words = wordAddresses(source, shift, source.wordOrder ?? defaults.wordOrder ?? 'big');
  if (!words.ok) return words;
  if (words.value.some((word) => word > addressRange.max)) return refuse('address beyond 65535');
  const target = source.quantity === undefined ? undefined : resolveTarget(source, instance);
  if (target && !target.ok) return target;
  const point: Point = {
    name: source.name,
    source,
    table: source.table ?? defaults.table ?? 'holding',
    type: source.type,
    words: words.value,
    byteOrder: source.byteOrder ?? defaults.byteOrder ?? 'big',
    ...(target ? { target: target.value } : {}),
    group: source.group ?? (source.identity ? 'once' : 'fast'),
    isReadable: source.access !== 'w',
  };
  const fault = readFault(source, point) ?? writeFault(source, point);
  return fault === undefined ? { ok: true, value: point } : refuse(fault);
};
