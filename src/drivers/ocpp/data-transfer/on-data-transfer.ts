/** DataTransfer: accepted whatever it holds, since some stations repeat theirs until it is. */
import type { Answer } from '../messages.ts';

/** Accepts every vendor. */
export const onDataTransfer = (): Answer => ({ isVendorKnown: true });
