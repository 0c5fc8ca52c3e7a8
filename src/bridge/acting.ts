/** What a device does once and is done with: each is carried out, none takes the place of another. */
import type { Params } from '../model/command.ts';
import type { Clock } from '../model/time.ts';
import { type Apply, carryOut } from './carry-out.ts';
import type { Request } from './riders.ts';

/** The actions of one device. */
export interface Acting {
  readonly clock: Clock;
  readonly apply: Apply;
  underWay: number;
  isClosed: boolean;
}

/** Under way at a time, for one device. */
const mostAtOnce = 16;

export const createActing = (clock: Clock, apply: Apply): Acting => ({ clock, apply, underWay: 0, isClosed: false });

export const act = (acting: Acting, actuator: string, verb: string, params: Params, request: Request): void => {
  if (acting.underWay >= mostAtOnce) {
    request.settle({
      status: 'rejected',
      code: 'INTERLOCK',
      message: `${mostAtOnce} actions are under way already`,
    });
    return;
  }
  acting.underWay++;
  const order = { actuator, verb, params, limits: {}, startBy: request.startBy, notAfter: request.startBy };
  void carryOut(
    order,
    request,
    acting.clock,
    acting.apply,
    () => {},
    () => acting.isClosed,
  ).finally(() => acting.underWay--);
};
