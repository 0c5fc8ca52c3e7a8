/** The data transfer block (OCPP 2.0.1 part 2, block P). */
import type { Block } from '../block.ts';
import type { Answer, StationMessage } from '../messages.ts';
import { onDataTransfer } from './on-data-transfer.ts';

/** The same for all stations. */
export const dataTransfer: Block = {
  on: (message: StationMessage): Answer | undefined =>
    message.kind === 'data_transfer' ? onDataTransfer() : undefined,
};
