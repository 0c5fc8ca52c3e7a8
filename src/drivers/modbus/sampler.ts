/** Decoded registers -> samples of the model: names in place of numbers, nothing where the device has nothing. */
import type { Reason } from '../../model/common.ts';
import type { Value } from '../../model/reading.ts';
import type { Sample } from '../driver.ts';
import { decodeBlock } from './decode.ts';
import { decodeText, isTextPoint } from './decode-text.ts';
import type { OpTable } from './op-table.ts';
import type { Point, SumPoint } from './point.ts';
import type { ModbusFailure } from './request.ts';

export interface Sampler {
  /** Takes what a block said. */
  decode(table: OpTable, texts: Point[], address: number, data: DataView): void;
  /** @param failure why the point could not be read */
  sample(channel: number, ts: number, failure: ModbusFailure | undefined): Sample;
  /** @param failed names of the points that could not be read */
  sampleSums(failed: Set<string>, ts: number): Sample[];
  /** The last value of a point, whether it has a channel or not. */
  valueOf(point: Point): Value;
}

const reasonOf = (failure: ModbusFailure): Reason => {
  if (failure.kind === 'exception' || failure.kind === 'malformed') return 'modbus_exception';
  return failure.kind === 'timeout' ? 'modbus_timeout' : 'device_offline';
};

const bitNames = (bits: Record<string, string>, raw: number): string =>
  Object.entries(bits)
    .filter(([bit]) => Math.floor(raw / 2 ** Number(bit)) % 2 === 1)
    .map(([, name]) => name)
    .join(', ');

/** A number or a text, as the quantity has it; no value becomes null. */
const interpret = ({ source, target }: Point, given: number | string): Value => {
  const { enum: members, bits } = source;
  if (members) return members[String(given)] ?? (target?.value === 'text' ? String(given) : 'unknown');
  if (typeof given === 'string') return given;
  if (bits) return bitNames(bits, given);
  return target?.value === 'boolean' ? given !== 0 : given;
};

/** Whether the number is the value as it is. */
const isNumeric = (point: Point): boolean =>
  !isTextPoint(point) && !point.source.enum && !point.source.bits && point.target?.value !== 'boolean';

/**
 * @param points readable ones; their order is that of the decoded values
 * @param channelPoints the point behind each channel
 * @param sums channels that add up points, from channel firstSum on
 */
export const createSampler = (points: Point[], channelPoints: Point[], sums: SumPoint[], firstSum: number): Sampler => {
  const indexOf = new Map(points.map((point, index) => [point.name, index]));
  const values = new Float64Array(points.length).fill(Number.NaN);
  const texts = new Array<string | null>(points.length).fill(null);
  // By channel, each list in one piece: with a thousand devices it is memory that a poll waits for.
  const places = Uint32Array.from(channelPoints, ({ name }) => indexOf.get(name) ?? 0);
  const isNumber = Uint8Array.from(channelPoints, (point) => Number(isNumeric(point)));
  const least = Float64Array.from(channelPoints, ({ target }) => target?.min ?? Number.NEGATIVE_INFINITY);
  const most = Float64Array.from(channelPoints, ({ target }) => target?.max ?? Number.POSITIVE_INFINITY);
  const totals = sums.map((sum, i) => ({
    sum,
    channel: firstSum + i,
    terms: sum.terms.map((term) => ({ ...term, index: indexOf.get(term.name) ?? -1 })),
  }));

  const read = (point: Point, index: number): Value => {
    const given = isTextPoint(point) ? texts[index] : values[index];
    return given === null || given === undefined || Number.isNaN(given) ? null : interpret(point, given);
  };

  return {
    decode(table, textPoints, address, data) {
      decodeBlock(table, data, values);
      for (const point of textPoints) {
        const index = indexOf.get(point.name);
        if (index !== undefined) texts[index] = decodeText(point, address, data);
      }
    },
    sample(channel, ts, failure) {
      if (failure) return { channel, value: null, ts, reason: reasonOf(failure) };
      const place = places[channel] as number;
      const number = values[place] as number;
      const value =
        isNumber[channel] === 0 ? read(channelPoints[channel] as Point, place) : Number.isNaN(number) ? null : number;
      if (value === null) return { channel, value, ts, reason: 'sentinel' };
      if (typeof value === 'number' && (value < (least[channel] as number) || value > (most[channel] as number)))
        return { channel, value: null, ts, reason: 'out_of_range', raw: String(value) };
      return { channel, value, ts };
    },
    sampleSums: (failed, ts) =>
      totals.map(({ sum: { target }, channel, terms }) => {
        let total = 0;
        for (const { index, sign } of terms) total += sign * (index < 0 ? Number.NaN : (values[index] as number));
        const isMissing = Number.isNaN(total) || (failed.size > 0 && terms.some(({ name }) => failed.has(name)));
        if (isMissing) return { channel, value: null, ts, reason: 'partial_inputs' };
        const value = total * target.factor + target.offset;
        if (value < target.min || value > target.max) return { channel, value: null, ts, reason: 'out_of_range' };
        return { channel, value, ts };
      }),
    valueOf: (point) => read(point, indexOf.get(point.name) ?? -1),
  };
};
