/** Writes the orders of an actuator to its device, one after another, with pauses after failures and between writes. */
import { BackOff } from '../../common/back-off.ts';
import { type Applied, CommandFailure, type Driver, isHeld, type Order, signatureOf } from '../../drivers/driver.ts';
import type { Clock, Timer } from '../../model/time.ts';
import type { EffectiveOrder } from './effective-order.ts';

/** The order that is to be written next. */
export interface NextOrder {
  effective: EffectiveOrder;
  /** Whether this is the safe state that comes before any other order, because a lease ran out meanwhile. */
  isReset: boolean;
  /** Whether somebody waits for an answer that does not wait for the device. */
  isUrgent: boolean;
  /** Shortest time between two new values, ms. */
  minWriteIntervalMs: number;
}

/** The source of the orders, which also hears their outcomes. */
export interface OrderSource {
  /** @returns undefined if there is nothing to write */
  next(): NextOrder | undefined;
  /** @returns the order that the leases decide now */
  decided(): Order;
  /**
   * The order is about to be written.
   * @throws CommandFailure if it must not be
   */
  onStart(next: NextOrder): void;
  onSuccess(effective: EffectiveOrder, applied: Applied): void;
  onFailure(order: Order, failure: CommandFailure): void;
}

const firstRetryMs = 500;
const maxRetryMs = 30_000;
/** Only one bridge writes to a device, so that its pauses need no jitter. */
const withoutJitter = (): number => 1;
/** Pause while the device cannot be reached: an attempt costs nothing then. */
const unreachableRetryMs = 500;
/**
 * An order that is renewed waits no longer than this, however rarely the device takes new values: a storm of renewals
 * must not fill the bus, and no renewal may expire while it waits.
 */
const maxRenewalIntervalMs = 1000;

const never = Number.NEGATIVE_INFINITY;

/** The writes of one actuator. All times are monotonic ms. */
export class OrderWriter {
  readonly #source: OrderSource;
  readonly #driver: Pick<Driver, 'apply'>;
  readonly #clock: Clock;
  /** The order that the device is known to hold, and until when it was told to. */
  #known: { signature: string; until: number } | undefined;
  #attempt: { signature: string; controller: AbortController } | undefined;
  /** Last write of a new value that succeeded. */
  #changedAt = never;
  /** Last write that holds the device to something. */
  #writtenAt = never;
  readonly #backOff = new BackOff(firstRetryMs, maxRetryMs, withoutJitter);
  #retryAt = never;
  #wake: Timer | undefined;
  #isWorking = false;
  #isClosed = false;

  constructor(source: OrderSource, { driver, clock }: { driver: Pick<Driver, 'apply'>; clock: Clock }) {
    this.#source = source;
    this.#driver = driver;
    this.#clock = clock;
  }

  /** Whether the device is to be told something else than it holds. */
  isNew(order: Order): boolean {
    return signatureOf(order) !== this.#known?.signature;
  }

  /** Whether the device holds the order, for as long as its lease lasts: a driver keeps nothing alive for longer. */
  holds(order: Order): boolean {
    return !this.isNew(order) && this.#known?.until === order.notAfter;
  }

  /** Nobody knows any more what the device holds. */
  forget(): void {
    this.#known = undefined;
  }

  /** Ends the pause after a failure. */
  retryNow(): void {
    this.#retryAt = never;
  }

  /** The leases may decide another order now than the one that is being written. */
  update(): void {
    if (this.#attempt && this.#attempt.signature !== signatureOf(this.#source.decided()))
      this.#attempt.controller.abort();
    if (!this.#isWorking) void this.#work();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.cancel();
    this.#attempt?.controller.abort();
  }

  /** Writes until there is nothing to write, or the next order has to wait. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    this.#wake?.cancel();
    for (;;) {
      const next = this.#isClosed ? undefined : this.#source.next();
      if (!next) break;
      const waitMs = this.#untilDueMs(next);
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        break;
      }
      await this.#write(next);
    }
    this.#isWorking = false;
  }

  #wakeIn(ms: number): void {
    this.#wake = this.#clock.after(ms, () => void this.#work());
  }

  /** @returns ms until the device may be written to */
  #untilDueMs({ effective: { order }, isReset, isUrgent, minWriteIntervalMs }: NextOrder): number {
    const now = this.#clock.monotonic();
    if ((isReset || !isUrgent) && this.#retryAt > now) return this.#retryAt - now;
    // Nothing keeps a device from its safe state.
    if (!isHeld(order)) return 0;
    const changeAt = this.isNew(order) ? this.#changedAt + minWriteIntervalMs : now;
    const renewAt = this.#writtenAt + Math.min(minWriteIntervalMs, maxRenewalIntervalMs);
    return Math.max(0, changeAt - now, renewAt - now);
  }

  async #write(next: NextOrder): Promise<void> {
    const { effective } = next;
    const { order } = effective;
    try {
      this.#source.onStart(next);
      if (isHeld(order)) this.#writtenAt = this.#clock.monotonic();
      const controller = new AbortController();
      this.#attempt = { signature: signatureOf(order), controller };
      const applied = await this.#driver.apply(order, controller.signal);
      if (!this.#isClosed) this.#onSuccess(effective, applied);
    } catch (error) {
      if (!this.#isClosed) this.#onFailure(order, CommandFailure.from(error));
    } finally {
      this.#attempt = undefined;
    }
  }

  #onSuccess(effective: EffectiveOrder, applied: Applied): void {
    const { order } = effective;
    if (this.isNew(order)) this.#changedAt = this.#clock.monotonic();
    this.#known = { signature: signatureOf(order), until: order.notAfter };
    this.#backOff.reset();
    this.#retryAt = never;
    this.#source.onSuccess(effective, applied);
  }

  #onFailure(order: Order, failure: CommandFailure): void {
    this.#known = undefined;
    const pauseMs = this.#backOff.next();
    const isUnreachable = failure.code === 'DEVICE_OFFLINE' || failure.code === 'TIMEOUT';
    this.#retryAt = this.#clock.monotonic() + (isUnreachable ? unreachableRetryMs : pauseMs);
    this.#source.onFailure(order, failure);
  }
}
