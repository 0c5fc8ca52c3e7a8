/** Presence of requesters at the broker: after a moment of grace, leases end that were bound to a lost session. */
import type { Clock, Timer } from '../../model/time.ts';

/** A session may break and be back before anybody notices, ms. */
const graceMs = 5000;

/** Sessions of other nodes with the broker, as far as they are lost. */
export class RequesterPresence {
  readonly #clock: Clock;
  readonly #onLost: (node: string) => void;
  /** Timers of the nodes whose session is lost, until their grace is over. */
  readonly #graces = new Map<string, Timer>();

  /** @param onLost called with a node that has stayed away */
  constructor(clock: Clock, onLost: (node: string) => void) {
    this.#clock = clock;
    this.#onLost = onLost;
  }

  /** A node came to the broker, or left it. */
  update(node: string, isOnline: boolean): void {
    if (isOnline) {
      this.#graces.get(node)?.cancel();
      this.#graces.delete(node);
    } else if (!this.#graces.has(node)) this.#graces.set(node, this.#startGrace(node));
  }

  close(): void {
    for (const timer of this.#graces.values()) timer.cancel();
  }

  #startGrace(node: string): Timer {
    return this.#clock.after(graceMs, () => {
      this.#graces.delete(node);
      this.#onLost(node);
    });
  }
}
