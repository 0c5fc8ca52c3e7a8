/** One order without a lease, to its end: carried out in time or not at all, and answered once. */
import { type Applied, CommandFailure, type Order } from '../drivers/driver.ts';
import type { Clock } from '../model/time.ts';
import type { Request } from './riders.ts';

export type Apply = (order: Order, signal: AbortSignal) => Promise<Applied>;

/**
 * @param begun just before the device is told
 * @param isClosed nobody is to be answered any more
 */
export const carryOut = async (
  order: Order,
  request: Request,
  clock: Clock,
  apply: Apply,
  begun: () => void,
  isClosed: () => boolean,
): Promise<void> => {
  if (clock.monotonic() >= order.startBy) {
    request.settle({
      status: 'expired',
      code: 'EXPIRED',
      message: 'its time was over before the device could be told',
    });
    return;
  }
  begun();
  try {
    const { values, ...proof } = await apply(order, new AbortController().signal);
    const { isClamped: clamped } = request;
    if (!isClosed())
      request.settle({
        status: 'completed',
        applied: values ?? order.params,
        clamped,
        ...proof,
      });
  } catch (error) {
    const { code, message } = error instanceof CommandFailure ? error : new CommandFailure('INTERNAL', String(error));
    if (!isClosed()) request.settle({ status: code === 'EXPIRED' ? 'expired' : 'failed', code, message });
  }
};
