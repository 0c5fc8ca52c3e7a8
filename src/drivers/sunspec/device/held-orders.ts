/**
 * The orders that a device holds, over an exchange of its profile: an order that is being carried out begins again with
 * the new profile, and one that is in force is kept alive there. The bridge does not notice.
 */
import type { Clock } from '../../../model/time.ts';
import { type Applied, type Driver, isHeld, type Order } from '../../driver.ts';

/** An order that is carried out again. */
interface Resumption {
  controller: AbortController;
  ended: Promise<void>;
}

/** The orders of one device. */
export class HeldOrders {
  readonly #clock: Clock;
  /** An order could not be carried out again. @param what in words */
  readonly #onLost: (actuator: string, what: string) => void;
  /** Orders in force by the key of their actuator. */
  readonly #held = new Map<string, Order>();
  readonly #resumptions = new Map<string, Resumption>();
  readonly #running = new Set<Promise<unknown>>();
  #driver: Driver | undefined;
  #exchange: Promise<void> = Promise.resolve();

  constructor(clock: Clock, onLost: (actuator: string, what: string) => void) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /**
   * @returns undefined if the device has not shown itself yet
   * @throws CommandFailure
   */
  async apply(order: Order, signal: AbortSignal): Promise<Applied | undefined> {
    for (;;) {
      await this.#exchange;
      await this.#endResumption(order.actuator);
      const driver = this.#driver;
      if (!driver) return undefined;
      try {
        const applied = await this.#run(driver.apply(order, signal));
        if (isHeld(order)) this.#held.set(order.actuator, order);
        else this.#held.delete(order.actuator);
        return applied;
      } catch (error) {
        this.#held.delete(order.actuator);
        await this.#exchange;
        // The profile was exchanged in between, and its registers with it.
        if (driver === this.#driver) throw error;
      }
    }
  }

  /**
   * Exchanges the driver; no order is carried out until it is there.
   * @param exchange closes the driver before, and returns the one after it
   */
  async during(exchange: () => Promise<Driver>): Promise<void> {
    const exchanged = this.#exchangeBy(exchange);
    this.#exchange = exchanged.catch(() => {});
    await exchanged;
  }

  async #exchangeBy(exchange: () => Promise<Driver>): Promise<void> {
    const driver = await exchange();
    await Promise.allSettled([...this.#running]);
    this.#driver = driver;
    const now = this.#clock.monotonic();
    for (const order of this.#held.values()) if (order.notAfter > now) this.#resume(driver, order);
  }

  #resume(driver: Driver, order: Order): void {
    const { actuator, notAfter } = order;
    const controller = new AbortController();
    const ended = this.#run(driver.apply({ ...order, startBy: notAfter }, controller.signal)).then(
      () => {},
      (error: unknown) => {
        if (this.#driver === driver) this.#onLost(actuator, String(error instanceof Error ? error.message : error));
      },
    );
    this.#resumptions.set(actuator, { controller, ended });
  }

  async #endResumption(actuator: string): Promise<void> {
    const resumption = this.#resumptions.get(actuator);
    this.#resumptions.delete(actuator);
    resumption?.controller.abort();
    await resumption?.ended;
  }

  async #run<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }
}
