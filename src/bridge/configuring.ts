/** Settings that the device keeps by itself: written one after the other, the newest wins, without a lease. */
import type { Actuator, Order } from '../drivers/driver.ts';
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';
import { type Apply, carryOut } from './carry-out.ts';
import type { Request } from './riders.ts';
import { createWear, wornOut } from './wear.ts';

export interface Configuring {
  configure(verb: string, params: Params, request: Request): void;
  close(): void;
}

const wishOf = ({ verb, params }: Pick<Order, 'verb' | 'params'>): string => JSON.stringify([verb, params]);

export const createConfiguring = ({ key, isPersistent }: Actuator, clock: Clock, apply: Apply): Configuring => {
  const wear = createWear(clock);
  /** What was written last, or tried to be. */
  let last: string | undefined;
  let next: { order: Order; request: Request } | undefined;
  let isWorking = false;
  let isClosed = false;

  const work = async (): Promise<void> => {
    isWorking = true;
    while (next && !isClosed) {
      const current = next;
      next = undefined;
      await carryOut(
        current.order,
        current.request,
        clock,
        apply,
        () => {
          const wish = wishOf(current.order);
          if (wish !== last) wear.note();
          last = wish;
        },
        () => isClosed,
      );
    }
    isWorking = false;
  };

  return {
    configure(verb, params, request) {
      if (isPersistent && wishOf({ verb, params }) !== last && wear.isOver()) {
        request.settle(wornOut);
        return;
      }
      next?.request.settle({ status: 'superseded', message: 'a newer command took its place before it was written' });
      const notAfter = Number.POSITIVE_INFINITY;
      next = { order: { actuator: key, verb, params, limits: {}, startBy: request.startBy, notAfter }, request };
      if (!isWorking) void work();
    },
    close() {
      isClosed = true;
    },
  };
};
