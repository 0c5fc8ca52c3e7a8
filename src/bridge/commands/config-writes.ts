/** Settings that a device keeps by itself: written one after the other, and the newest wins. They have no lease. */
import type { Actuator, Order } from '../../drivers/driver.ts';
import type { Params } from '../../model/command.ts';
import { type OneShotContext, OneShotOrders } from './one-shot.ts';
import type { CommandRequest } from './pending-requests.ts';
import { RegisterWear, wornOutAnswer } from './register-wear.ts';

interface ConfigWrite {
  order: Order;
  request: CommandRequest;
}

const signatureOf = (verb: string, params: Params): string => JSON.stringify([verb, params]);

/** The settings of one actuator. */
export class ConfigWrites extends OneShotOrders {
  readonly #key: string;
  readonly #isPersistent: boolean;
  readonly #wear: RegisterWear;
  /** The setting that was written last, or was to be written. */
  #last: string | undefined;
  #next: ConfigWrite | undefined;
  #isWriting = false;

  constructor({ key, isPersistent }: Pick<Actuator, 'key' | 'isPersistent'>, context: OneShotContext) {
    super(context);
    this.#key = key;
    this.#isPersistent = isPersistent;
    this.#wear = new RegisterWear(context.clock);
  }

  /** Writes a setting after the one that is being written, in place of one that waits. */
  write(verb: string, params: Params, request: CommandRequest): void {
    if (this.#isPersistent && signatureOf(verb, params) !== this.#last && this.#wear.isExhausted) {
      request.settle(wornOutAnswer);
      return;
    }
    this.#next?.request.settle({
      status: 'superseded',
      message: 'a newer command took its place before it was written',
    });
    const { startBy } = request;
    const notAfter = Number.POSITIVE_INFINITY;
    this.#next = { order: { actuator: this.#key, verb, params, limits: {}, startBy, notAfter }, request };
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#next && !this.isClosed) {
      const { order, request } = this.#next;
      this.#next = undefined;
      await this.carryOut(order, request, () => this.#onStart(order));
    }
    this.#isWriting = false;
  }

  #onStart({ verb = '', params }: Order): void {
    const signature = signatureOf(verb, params);
    if (signature !== this.#last) this.#wear.add();
    this.#last = signature;
  }
}
