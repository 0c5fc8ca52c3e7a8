/** The devices that share a connection: it is opened for the first of them, and closed some time after the last. */
import type { Clock, Timer } from '../../../../model/time.ts';
import { BusUnit, type UnitLimits } from './bus-unit.ts';

/** The connection that devices attach to. */
interface AttachedConnection {
  /** Units that are in use, by their identifier. */
  units: Map<number, BusUnit>;
  /** Limits that the integrator entered for the whole connection, in place of those of the profiles. */
  fixed: Partial<UnitLimits>;
  open(): void;
  close(): void;
  /** Nobody uses the unit any more. */
  left(unit: BusUnit): void;
}

/** A connection without users is kept for so long, ms, because a redeploy takes devices away and brings them back. */
const unusedMs = 2000;

/** The devices on one connection. */
export class Attachments {
  readonly #clock: Clock;
  readonly #connection: AttachedConnection;
  #unused: Timer | undefined;
  /** Ends the waiting for the last device to leave. */
  #emptied: (() => void) | undefined;

  constructor(clock: Clock, connection: AttachedConnection) {
    this.#clock = clock;
    this.#connection = connection;
  }

  /** @returns a function that detaches the device */
  attach(id: number, limits: UnitLimits): () => void {
    const { units, fixed } = this.#connection;
    const unit = units.get(id) ?? new BusUnit(id);
    units.set(id, unit);
    unit.addUser(limits, fixed);
    this.#connection.open();
    return () => this.#detach(id, limits);
  }

  /** Resolves when the last device has left, or after the given time. */
  async empty(patienceMs: number): Promise<void> {
    if (this.#connection.units.size === 0 || patienceMs <= 0) return;
    await new Promise<void>((resolve) => {
      const patience = this.#clock.after(patienceMs, resolve);
      this.#emptied = () => {
        patience.cancel();
        resolve();
      };
    });
  }

  cancel(): void {
    this.#unused?.cancel();
  }

  #detach(id: number, limits: UnitLimits): void {
    const { units, fixed, left, close } = this.#connection;
    const unit = units.get(id);
    if (!unit?.removeUser(limits, fixed)) return;
    units.delete(id);
    left(unit);
    if (units.size > 0) return;
    this.#emptied?.();
    this.#unused?.cancel();
    this.#unused = this.#clock.after(unusedMs, () => {
      if (units.size === 0) close();
    });
  }
}
