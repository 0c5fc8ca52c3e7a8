/** The last values of a device's points, as decoded from its responses, and the reasons of those that could not be read. */
import type { Reason } from '../../../model/common.ts';
import type { Value } from '../../../model/reading.ts';
import { decodeBlock } from '../codec/decode.ts';
import type { DecodeTable } from '../codec/decode-table.ts';
import { decodeText } from '../codec/decode-text.ts';
import { toValue } from '../codec/number-meaning.ts';
import type { ModbusFailure } from '../failures.ts';
import { isTextPoint, type Point } from '../profiles/point.ts';
import type { PointIndex } from './profile-layout.ts';

/** The means to decode a response: the table of its numbers, and its points of text. */
export interface Decoding {
  table: DecodeTable;
  texts: readonly Point[];
  /** Address of the first register or bit in the response. */
  address: number;
}

const reasonOf = ({ kind }: ModbusFailure): Reason => {
  if (kind === 'exception' || kind === 'malformed' || kind === 'displaced') return 'modbus_exception';
  return kind === 'timeout' ? 'modbus_timeout' : 'device_offline';
};

/** The values of one device. */
export class PointValues {
  readonly #index: PointIndex;
  /** The last decoded numbers by place, in the unit of their point; NaN: not available. */
  readonly numbers: Float64Array;
  /** Decoded texts by place; null: not available. */
  readonly #texts = new Map<number, string | null>();
  /** Reasons by place, for points that could not be read. */
  readonly #failures = new Map<number, Reason>();

  constructor(index: PointIndex) {
    this.#index = index;
    this.numbers = new Float64Array(index.points.length).fill(Number.NaN);
  }

  /** Decodes a response. @param data from the first register or bit of the request on */
  decode({ table, texts, address }: Decoding, data: Uint8Array): void {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    decodeBlock(table, view, this.numbers);
    if (this.#failures.size > 0) for (const index of table.target) this.#failures.delete(index);
    for (const point of texts) {
      const index = this.#index.indexOf.get(point.name);
      if (index === undefined) continue;
      this.#texts.set(index, decodeText(point, address, view));
      this.#failures.delete(index);
    }
  }

  /** Points that could not be read have no value until they are read again. */
  fail(points: readonly Point[], failure: ModbusFailure): void {
    const reason = reasonOf(failure);
    for (const { name } of points) {
      const index = this.#index.indexOf.get(name);
      if (index !== undefined) this.#failures.set(index, reason);
    }
  }

  /** Whether any point could not be read. */
  get hasFailures(): boolean {
    return this.#failures.size > 0;
  }

  /** @returns why the point at a place could not be read; undefined if it could */
  failureAt(index: number): Reason | undefined {
    return this.#failures.get(index);
  }

  /** @returns the last value at a place, in the unit of its point; null if the device tells none */
  valueAt(index: number): Value {
    const point = this.#index.points[index];
    if (!point) return null;
    const decoded = isTextPoint(point) ? this.#texts.get(index) : this.numbers[index];
    return decoded === null || decoded === undefined || Number.isNaN(decoded) ? null : toValue(point, decoded);
  }

  /** @returns the last value of a point; null if the device tells none */
  valueOf(name: string): Value {
    return this.valueAt(this.#index.indexOf.get(name) ?? -1);
  }
}
