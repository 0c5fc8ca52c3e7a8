/** The states of a device over all of its profiles, and the looks at it that follow from them. */
import type { DeviceState } from '../../driver.ts';
import type { LookLoop } from './look-loop.ts';

/** The states of one device. */
export class StateChanges {
  readonly #looks: LookLoop;
  /** The last state. */
  kind: DeviceState['kind'] = 'connecting';
  /** The profile that is polled has been answered. */
  #isAnswered = false;

  constructor(looks: LookLoop) {
    this.#looks = looks;
  }

  /** Another profile is polled from now on, which has not been answered yet. */
  exchanged(): void {
    this.#isAnswered = false;
  }

  /**
   * Takes a state of the profile that is polled.
   * @param tell tells the bridge
   */
  take(state: DeviceState, tell: (state: DeviceState) => void): void {
    // Another profile of a device that is known does not begin from nothing.
    if (state.kind === 'connecting') return;
    const isBack = this.#isAnswered && this.kind === 'offline' && state.kind !== 'offline';
    this.kind = state.kind;
    this.#isAnswered ||= state.kind !== 'offline';
    tell(state);
    // A device that was away may list other models, or have woken up; one that refuses what it had may list fewer.
    if (isBack || state.kind === 'degraded') void this.#looks.wantSpaced();
  }
}
