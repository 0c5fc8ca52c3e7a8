/** What a device does once and is done with: each is carried out, none takes the place of another. */
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';
import { type Apply, carryOut } from './carry-out.ts';
import type { Request } from './riders.ts';

export interface Acting {
  act(actuator: string, verb: string, params: Params, request: Request): void;
  close(): void;
}

/** Under way at a time, for one device. */
const mostAtOnce = 16;

export const createActing = (clock: Clock, apply: Apply): Acting => {
  let underWay = 0;
  let isClosed = false;
  return {
    act(actuator, verb, params, request) {
      if (underWay >= mostAtOnce) {
        request.settle({
          status: 'rejected',
          code: 'INTERLOCK',
          message: `${mostAtOnce} actions are under way already`,
        });
        return;
      }
      underWay++;
      const order = { actuator, verb, params, limits: {}, startBy: request.startBy, notAfter: request.startBy };
      void carryOut(
        order,
        request,
        clock,
        apply,
        () => {},
        () => isClosed,
      ).finally(() => underWay--);
    },
    close() {
      isClosed = true;
    },
  };
};
