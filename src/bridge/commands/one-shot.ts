/** Orders without a lease, which are carried out in time or not at all; actions are those that nothing replaces. */
import { CommandFailure, type Driver, type Order } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import type { Clock } from '../../model/time.ts';
import type { CommandRequest } from './pending-requests.ts';

/** The part of a bridge that orders without a lease need. */
export interface OneShotContext {
  readonly clock: Clock;
  readonly driver: Pick<Driver, 'apply'>;
}

/** Carries out orders without a lease. */
export class OneShotOrders {
  protected readonly context: OneShotContext;
  protected isClosed = false;

  constructor(context: OneShotContext) {
    this.context = context;
  }

  /** Answers nothing any more. */
  close(): void {
    this.isClosed = true;
  }

  /** @param onStart called just before the driver gets the order; not called if the order is too late */
  protected async carryOut(order: Order, request: CommandRequest, onStart?: () => void): Promise<void> {
    const { clock, driver } = this.context;
    if (clock.monotonic() >= order.startBy) {
      request.settle({
        status: 'expired',
        code: 'EXPIRED',
        message: 'its time was over before the device could be told',
      });
      return;
    }
    onStart?.();
    try {
      const { values, ...proof } = await driver.apply(order, new AbortController().signal);
      if (this.isClosed) return;
      request.settle({ status: 'completed', applied: values ?? order.params, clamped: request.isClamped, ...proof });
    } catch (error) {
      const { code, message } = CommandFailure.from(error);
      if (!this.isClosed) request.settle({ status: code === 'EXPIRED' ? 'expired' : 'failed', code, message });
    }
  }
}

/** Actions of one device that may be under way at the same time. */
const maxActions = 16;

/** The actions of one device: each is carried out, none takes the place of another. */
export class Actions extends OneShotOrders {
  #underWay = 0;

  start({ actuator, verb, params }: { actuator: string; verb: string; params: Params }, request: CommandRequest): void {
    if (this.#underWay >= maxActions) {
      request.settle({
        status: 'rejected',
        code: 'INTERLOCK',
        message: `${maxActions} actions are under way already`,
      });
      return;
    }
    this.#underWay++;
    const { startBy } = request;
    const order: Order = { actuator, verb, params, limits: {}, startBy, notAfter: startBy };
    void this.carryOut(order, request).finally(() => this.#underWay--);
  }
}
