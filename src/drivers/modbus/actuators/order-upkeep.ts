/** The upkeep of an order: work that is repeated for as long as the order is in force, and not a moment longer. */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Order } from '../../driver.ts';

/** A failed repetition is tried again this soon, ms. */
const retryMs = 1000;

/** Work that keeps an order alive; a failure is tried again soon. */
interface RepeatedWork {
  everyMs: number;
  /** Time until the first repetition; absent: one period. */
  firstMs?: number;
  run(): Promise<void>;
}

/** The repeated work for one order. */
export class OrderUpkeep {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something newer is to be done. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param order until whose notAfter the work is repeated */
  repeat(order: Order, work: RepeatedWork): void {
    this.#after(work.firstMs ?? work.everyMs, order, work);
  }

  stop(): void {
    this.#isOver = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #isCurrent(order: Order): boolean {
    return !this.#isOver && this.#clock.monotonic() < order.notAfter;
  }

  #after(ms: number, order: Order, work: RepeatedWork): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      void this.#run(order, work);
    });
    this.#timers.add(timer);
  }

  async #run(order: Order, work: RepeatedWork): Promise<void> {
    let waitMs = work.everyMs;
    if (!this.#isCurrent(order)) return;
    try {
      await work.run();
    } catch {
      waitMs = Math.min(work.everyMs, retryMs);
    }
    if (this.#isCurrent(order)) this.#after(waitMs, order, work);
  }
}
