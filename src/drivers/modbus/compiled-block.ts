/** A block ready to be read: its request, where its values go, and what became of it last. */
import { isTextPoint } from './decode-text.ts';
import { type BlockPoint, compileBlock, type OpTable } from './op-table.ts';
import type { Block } from './plan.ts';
import type { Point } from './point.ts';
import { dataLength, type ModbusFailure, type ReadRequest } from './request.ts';

export interface CompiledBlock {
  block: Block;
  request: ReadRequest;
  table: OpTable;
  texts: Point[];
  /** Channels fed by this block. */
  channels: number[];
  /** Bytes of the last answer, in place; whether they still count. */
  last: Buffer;
  view: DataView;
  isKnown: boolean;
  failure: ModbusFailure | undefined;
  /** Why its last answer is in doubt after all, where that came up during the poll. */
  withdrawn: ModbusFailure | undefined;
  /** Exceptions in a row, and the monotonic time before which it is not asked for again. */
  exceptions: number;
  askAt: number;
}

/** @param indexOf places of the values by the names of their points
 * @param channelOf absent: the point feeds none */
export const createBlockCompiler = (
  unit: number,
  indexOf: ReadonlyMap<string, number>,
  channelOf: (point: Point) => number | undefined,
): ((block: Block) => CompiledBlock) => {
  const entryOf = (point: Point): BlockPoint => {
    const scaleIndex = point.source.scaleFrom === undefined ? undefined : indexOf.get(point.source.scaleFrom);
    return { point, index: indexOf.get(point.name) ?? 0, ...(scaleIndex === undefined ? {} : { scaleIndex }) };
  };
  return (block) => {
    const { table, address, count, points } = block;
    const request = { unit, table, address, count };
    const last = Buffer.alloc(dataLength(request));
    return {
      block,
      request,
      table: compileBlock(points.map(entryOf), address),
      texts: points.filter(isTextPoint),
      channels: points.map(channelOf).filter((channel) => channel !== undefined),
      last,
      view: new DataView(last.buffer, last.byteOffset, last.length),
      isKnown: false,
      failure: undefined,
      withdrawn: undefined,
      exceptions: 0,
      askAt: 0,
    };
  };
};
