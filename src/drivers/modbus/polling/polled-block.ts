/** A register block of one device: its request, the data of its last response, and the outcome of its last read. */
import type { ModbusFailure } from '../failures.ts';
import { dataLength, type ReadRequest } from '../messages.ts';
import type { CompiledBlock } from './compiled-block.ts';

/** One block as it was last read. */
export interface PolledBlock {
  readonly block: CompiledBlock;
  /** An object of this device alone: notices of the bus name a block by the identity of its request. */
  readonly request: ReadRequest;
  /** Data of the last response. */
  readonly last: Buffer;
  /** Whether these data still count. */
  isKnown: boolean;
  /** Why the last read failed. */
  failure: ModbusFailure | undefined;
  /** Why the last response is in doubt after all, if that came up during the poll. */
  withdrawn: ModbusFailure | undefined;
  /** Exceptions in a row. */
  exceptions: number;
  /** Monotonic ms before which the block is not read again. */
  askAt: number;
}

/** The outcome of one read of a block. */
export interface ReadOutcome {
  polled: PolledBlock;
  failure: ModbusFailure | undefined;
  /** Wall clock, ms since 1970. */
  ts: number;
}

/** @returns the blocks of a device, whose data lie in one piece of memory */
export const createPolledBlocks = (blocks: readonly CompiledBlock[], unit: number): PolledBlock[] => {
  const requests = blocks.map(({ table, address, count }): ReadRequest => ({ unit, table, address, count }));
  const data = Buffer.alloc(requests.reduce((length, request) => length + dataLength(request), 0));
  let at = 0;
  return blocks.map((block, n) => {
    const request = requests[n] as ReadRequest;
    const last = data.subarray(at, at + dataLength(request));
    at += last.length;
    return {
      block,
      request,
      last,
      isKnown: false,
      failure: undefined,
      withdrawn: undefined,
      exceptions: 0,
      askAt: 0,
    };
  });
};
