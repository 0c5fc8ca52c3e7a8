/**
 * The watchdogs of a device, which are fed for as long as an order is in force, and not a moment longer: a device whose
 * watchdog runs out falls back to its own ways.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Order } from '../../driver.ts';
import { integerRanges } from '../codec/number-formats.ts';
import type { PointReader } from '../polling/point-reader.ts';
import type { Watchdog } from '../profiles/control-schema.ts';
import { type ResolvedStep, writesOf } from '../profiles/controls.ts';
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
  readPoints: PointReader;
  /** @throws CommandFailure if the profile has no such point */
  pointOf(name: string): Point;
}

/** An order, and the steps by which it was written. */
interface FedOrder {
  order: Order;
  steps: ResolvedStep[];
  upkeep: OrderUpkeep;
  /** Values of the names in the profile's expressions. */
  scope: Scope;
  /** Writes the steps that feed a watchdog. @param isOrder whether they are those of the order */
  write(steps: ResolvedStep[], isOrder: boolean): Promise<unknown>;
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

  /**
   * Feeds all watchdogs for as long as an order is in force. Those that are fed by reading are fed by the polls.
   * @returns whether the order itself is written again and again, so that its registers need no check
   */
  feed(fed: FedOrder): boolean {
    let rewrites = false;
    for (const watchdog of this.#watchdogs) {
      const everyMs = this.#periodMs(watchdog, fed.scope);
      if (watchdog.kind === 'read' || everyMs === 0) continue;
      rewrites ||= watchdog.kind === 'rewrite';
      this.#feed(watchdog, everyMs, fed);
    }
    return rewrites;
  }

  /** No order is in force: the next one begins to feed anew. */
  forget(): void {
    this.#feedAt.clear();
  }

  #feed(watchdog: Watchdog, everyMs: number, { order, steps, upkeep, write }: FedOrder): void {
    const { clock } = this.#device;
    const now = clock.monotonic();
    const isOrder = watchdog.kind === 'rewrite';
    // A watchdog that wants the order rewritten was fed with the order itself; one that counts wants its first number soon.
    const feedAt = (!isOrder && this.#feedAt.get(watchdog)) || now + (watchdog.kind === 'count' ? 0 : everyMs);
    this.#feedAt.set(watchdog, feedAt);
    const run = async (): Promise<void> => {
      await write(await this.#stepsOf(watchdog, steps), isOrder);
      this.#feedAt.set(watchdog, clock.monotonic() + everyMs);
    };
    upkeep.repeat(order, { everyMs, firstMs: Math.max(0, feedAt - now), run });
  }

  /** @returns ms between two feedings; 0: the watchdog needs none */
  #periodMs({ periodMs, timeoutS }: Watchdog, scope: Scope): number {
    const timeout = timeoutS === undefined ? undefined : evaluate(timeoutS, scope);
    return periodMs ?? (timeout === undefined ? usualPeriodMs : (timeout * 1000) / 2);
  }

  /** @returns the steps that feed a watchdog */
  async #stepsOf({ kind, point, value = 1 }: Watchdog, steps: ResolvedStep[]): Promise<ResolvedStep[]> {
    if (kind === 'write') return [{ point: this.#device.pointOf(point ?? ''), value }];
    if (kind === 'count') return [await this.#nextCount(this.#device.pointOf(point ?? ''))];
    return point === undefined ? steps : writesOf(steps).filter((write) => write.point.name === point);
  }

  /** @returns the write of the next number; the one behind the last that the register can hold is 0 */
  async #nextCount(point: Point): Promise<ResolvedStep> {
    const read = (await this.#device.readPoints([point])).value(point);
    const next = typeof read === 'number' ? read + 1 : 0;
    // The largest unsigned number stands for "not implemented" in SunSpec.
    const most = (integerRanges[point.type]?.[1] ?? next) - 1;
    return { point, value: next > most ? 0 : next };
  }
}
