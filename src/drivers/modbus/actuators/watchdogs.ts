/**
 * The watchdogs of a device, which are fed for as long as an order is in force, and not a moment longer: a device whose
 * watchdog runs out falls back to its own ways.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Order } from '../../driver.ts';
import type { Watchdog } from '../profiles/control-schema.ts';
import type { ResolvedStep } from '../profiles/controls.ts';
import { evaluate, type Scope } from '../profiles/expression.ts';
import type { Point } from '../profiles/point.ts';

/** Period of a watchdog whose profile gives none, ms. */
const usualPeriodMs = 30_000;
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

/** The device whose watchdogs are fed. */
interface WatchedDevice {
  clock: Clock;
  /** The scope of the settings. */
  settings: Scope;
  /** @throws CommandFailure if the profile has no such point */
  pointOf(name: string): Point;
}

/** An order, and the steps by which it was written. */
interface FedOrder {
  order: Order;
  steps: ResolvedStep[];
  upkeep: OrderUpkeep;
  /** Writes the steps that feed a watchdog. */
  write(steps: ResolvedStep[]): Promise<unknown>;
}

/** The watchdogs of one actuator. */
export class Watchdogs {
  readonly #watchdogs: readonly Watchdog[];
  readonly #device: WatchedDevice;
  /** Monotonic ms at which each watchdog has to be fed, whoever renews the order in the meantime. */
  readonly #feedAt = new Map<Watchdog, number>();

  constructor(watchdogs: readonly Watchdog[], device: WatchedDevice) {
    this.#watchdogs = watchdogs;
    this.#device = device;
  }

  /** Whether the order itself is written again and again, so that its registers need no check. */
  get rewritesOrder(): boolean {
    return this.#watchdogs.some(({ kind }) => kind === 'rewrite');
  }

  /** Feeds all watchdogs for as long as an order is in force. Those that are fed by reading are fed by the polls. */
  feed(fed: FedOrder): void {
    for (const watchdog of this.#watchdogs) if (watchdog.kind !== 'read') this.#feed(watchdog, fed);
  }

  /** No order is in force: the next one begins to feed anew. */
  forget(): void {
    this.#feedAt.clear();
  }

  #feed(watchdog: Watchdog, { order, steps, upkeep, write }: FedOrder): void {
    const { clock } = this.#device;
    const everyMs = this.#periodMs(watchdog);
    const now = clock.monotonic();
    // A watchdog that wants the order rewritten was fed with the order itself.
    const feedAt = (watchdog.kind === 'write' && this.#feedAt.get(watchdog)) || now + everyMs;
    this.#feedAt.set(watchdog, feedAt);
    const run = async (): Promise<void> => {
      await write(this.#stepsOf(watchdog, steps));
      this.#feedAt.set(watchdog, clock.monotonic() + everyMs);
    };
    upkeep.repeat(order, { everyMs, firstMs: Math.max(0, feedAt - now), run });
  }

  #periodMs({ periodMs, timeoutS }: Watchdog): number {
    const timeout = timeoutS === undefined ? undefined : evaluate(timeoutS, this.#device.settings);
    return periodMs ?? (timeout === undefined ? usualPeriodMs : (timeout * 1000) / 2);
  }

  /** @returns the steps that feed a watchdog */
  #stepsOf({ kind, point, value = 1 }: Watchdog, steps: ResolvedStep[]): ResolvedStep[] {
    if (kind === 'write') return [{ point: this.#device.pointOf(point ?? ''), value }];
    return point === undefined ? steps : steps.filter((step) => 'point' in step && step.point.name === point);
  }
}
