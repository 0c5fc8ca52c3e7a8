/** The data transfer block (OCPP 2.0.1 part 2, block P): DataTransfer of any vendor. */
import type { Block } from '../block.ts';
import type { Answer } from '../messages.ts';

/** The same for all stations. */
export const dataTransfer: Block = {
  /** Accepted whatever it holds, since some stations repeat theirs until it is. */
  onDataTransfer: (): Answer => ({ isVendorKnown: true }),
};
