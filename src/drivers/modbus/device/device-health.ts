/**
 * The health of a device from the findings of its polls. One failed poll says little: it makes no device degraded or
 * offline, and a device that fails now and then does not change its state with every poll.
 */
import type { DeviceState } from '../../driver.ts';
import type { DeviceContext } from './device-context.ts';

/** The finding of one poll about the device as a whole. */
export type PollFinding =
  | { kind: 'good' }
  /** The device answers, but not everything. */
  | {
      kind: 'partly';
      reason: string;
      /** The reason is known to stay, such as a register that the device does not have. */
      isLasting: boolean;
    }
  /** Nothing was answered. */
  | {
      kind: 'silent';
      reason: string;
      /** Time until the device may be back at the earliest. */
      retryMs: number;
      /** The device is called offline without waiting for another poll. */
      isGone: boolean;
    };

/** A new reason is told after this many polls in a row: a device that fails here and there keeps one reason. */
const repetitionsOfReason = 2;

/** A poll that fails adds to the trouble, a good one takes some away. */
const troubleOfFailure = 2;
/** Trouble from which on the state changes. */
const believedTrouble = 3;
const maxTrouble = 6;

const stateOf = (finding: PollFinding): DeviceState => {
  switch (finding.kind) {
    case 'good':
      return { kind: 'online' };
    case 'partly':
      return { kind: 'degraded', reason: finding.reason };
    case 'silent':
      return { kind: 'offline', reason: finding.reason, retryMs: finding.retryMs };
  }
};

/** The state of one device, which changes after several findings in a row. */
export class DeviceHealth {
  #state: DeviceState = { kind: 'connecting' };
  #trouble = 0;
  /** Polls in a row without any answer. */
  #silentPolls = 0;
  #reason = '';
  /** Polls in a row with this reason. */
  #reasonPolls = 0;

  get state(): DeviceState {
    return this.#state;
  }

  /** Takes the finding of a poll into account. @returns the state from now on */
  update(finding: PollFinding): DeviceState {
    const next = this.#next(finding);
    const isNewReason = 'reason' in next && this.#isRepeated(next.reason);
    if (next.kind !== 'degraded' || this.#state.kind !== 'degraded' || isNewReason) this.#state = next;
    return this.#state;
  }

  #next(finding: PollFinding): DeviceState {
    const isNew = this.#state.kind === 'connecting' || this.#state.kind === 'offline';
    this.#silentPolls = finding.kind === 'silent' ? this.#silentPolls + 1 : 0;
    if (finding.kind === 'good' || (finding.kind === 'partly' && finding.isLasting)) {
      this.#trouble = isNew ? 0 : Math.max(0, this.#trouble - 1);
      return this.#trouble === 0 ? stateOf(finding) : this.#state;
    }
    this.#trouble = Math.min(maxTrouble, this.#trouble + troubleOfFailure);
    if (isNew || (finding.kind === 'silent' && finding.isGone)) return stateOf(finding);
    if (this.#trouble < believedTrouble) return this.#state;
    if (finding.kind === 'silent' && this.#silentPolls < 2) return { kind: 'degraded', reason: finding.reason };
    return stateOf(finding);
  }

  #isRepeated(reason: string): boolean {
    this.#reasonPolls = reason === this.#reason ? this.#reasonPolls + 1 : 1;
    this.#reason = reason;
    return this.#reasonPolls >= repetitionsOfReason;
  }
}

/** Tells the bridge the state of one device, and the blocks when the device is usable again. */
export class DeviceStatus {
  readonly #context: DeviceContext;
  readonly #health = new DeviceHealth();

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  get state(): DeviceState {
    return this.#health.state;
  }

  /** Takes the finding of a poll into account. */
  update(finding: PollFinding): void {
    const before = this.#health.state.kind;
    const next = this.#health.update(finding);
    if (before === 'offline' && next.kind !== 'offline') this.#context.hooks.usable();
    this.#context.sink.state(next);
  }
}
