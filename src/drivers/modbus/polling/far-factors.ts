/**
 * Values that lie too far from their scale factor for one request. The factor is read before them and after them, and
 * the values count only if it is the same: factors of some inverters change from one poll to the next.
 */
import { decodeBlock } from '../codec/decode.ts';
import { compileDecodeTable } from '../codec/decode-table.ts';
import type { DeviceContext } from '../device/device-context.ts';
import { failureOf, ModbusFailure } from '../failures.ts';
import type { ReadRequest } from '../messages.ts';
import type { Point } from '../profiles/point.ts';
import type { CompiledBlock } from './compiled-block.ts';
import type { ReadOutcome } from './polled-block.ts';

/** The scale factors of one device that are far from their values. */
export class FarFactors {
  readonly #context: DeviceContext;
  readonly #hasAny: boolean;
  readonly #factorsOf = new WeakMap<CompiledBlock, readonly Point[]>();

  constructor(context: DeviceContext) {
    this.#context = context;
    this.#hasAny = context.layout.points.some(({ source }) => source.scaleFar);
  }

  /**
   * Scales the values of a poll again, now that all factors are read, and confirms these.
   * @returns the outcomes; those of values whose factor has changed failed
   */
  async confirm(outcomes: ReadOutcome[]): Promise<ReadOutcome[]> {
    if (!this.#hasAny) return outcomes;
    const read = new Map<Point, Promise<ModbusFailure | number>>();
    const after = (factor: Point): Promise<ModbusFailure | number> => {
      const reading = read.get(factor) ?? this.#read(factor);
      read.set(factor, reading);
      return reading;
    };
    return Promise.all(outcomes.map((outcome) => this.#confirmOne(outcome, after)));
  }

  async #confirmOne(
    outcome: ReadOutcome,
    after: (factor: Point) => Promise<ModbusFailure | number>,
  ): Promise<ReadOutcome> {
    const { polled, failure } = outcome;
    const factors = this.#farFactors(polled.block);
    if (failure || factors.length === 0) return outcome;
    const { values } = this.#context;
    const { decodeTable: table, texts, address } = polled.block;
    values.decode({ table, texts, address }, polled.last);
    for (const factor of factors) {
      const fault = this.#faultOf(factor, await after(factor));
      if (!fault) continue;
      polled.isKnown = false;
      polled.failure = fault;
      return { ...outcome, failure: fault };
    }
    return outcome;
  }

  #farFactors(block: CompiledBlock): readonly Point[] {
    const { points, indexOf } = this.#context.layout;
    const far = block.points.filter(({ source }) => source.scaleFar);
    const found = far.map(({ source }) => points[indexOf.get(source.scaleFrom ?? '') ?? -1]);
    const factors = this.#factorsOf.get(block) ?? [...new Set(found.filter((point) => point !== undefined))];
    this.#factorsOf.set(block, factors);
    return factors;
  }

  #faultOf(factor: Point, after: ModbusFailure | number): ModbusFailure | undefined {
    if (after instanceof ModbusFailure) return after;
    const { values, layout } = this.#context;
    const index = layout.indexOf.get(factor.name) ?? -1;
    const before = values.failureAt(index) === undefined ? values.numbers[index] : undefined;
    if (Object.is(before, after)) return undefined;
    const what = before === undefined ? 'could not be read' : `changed from ${before} to ${after}`;
    return failureOf('malformed', this.#requestOf(factor), `the scale factor ${factor.name} ${what} with its values`);
  }

  #requestOf({ table, words: [address = 0] }: Point): ReadRequest {
    return { unit: this.#context.unit, table, address, count: 1 };
  }

  async #read(factor: Point): Promise<ModbusFailure | number> {
    const request = this.#requestOf(factor);
    try {
      const data = await this.#context.bus.read(request);
      const out = new Float64Array(1);
      decodeBlock(
        compileDecodeTable([{ point: factor, index: 0 }], request.address),
        new DataView(data.buffer, data.byteOffset, data.length),
        out,
      );
      return out[0] ?? Number.NaN;
    } catch (error) {
      if (error instanceof ModbusFailure) return error;
      throw error;
    }
  }
}
