/**
 * The state of a device from what its polls found. One poll that fails says little: a device is not called degraded or
 * offline for it, and one that fails now and then does not change its state with every poll.
 */
import type { DeviceState } from '../driver.ts';

export type PollFinding =
  | { kind: 'good' }
  /** It answers, but not everything; isLasting: and that is known to stay so. */
  | { kind: 'partly'; reason: string; isLasting: boolean }
  /** Nothing was answered; isGone: nothing is to be waited for, such as another poll soon. */
  | { kind: 'silent'; reason: string; retryMs: number; isGone: boolean };

/** A reason is told once it was that of so many polls in a row: what fails now here and now there has one reason. */
const repeatedFrom = 2;

/** A poll that fails adds two, one that is good takes one away. */
const believedFrom = 3;
const most = 6;

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

export class DeviceHealth {
  #state: DeviceState = { kind: 'connecting' };
  #trouble = 0;
  #silentPolls = 0;
  #reason = '';
  /** Polls in a row that had this reason. */
  #reasonTimes = 0;

  get state(): DeviceState {
    return this.#state;
  }

  /** @returns the state from now on */
  judge(finding: PollFinding): DeviceState {
    const judged = this.#next(finding);
    const isNewReason = 'reason' in judged && this.#isRepeated(judged.reason);
    if (judged.kind !== 'degraded' || this.#state.kind !== 'degraded' || isNewReason) this.#state = judged;
    return this.#state;
  }

  #next(finding: PollFinding): DeviceState {
    const isNew = this.#state.kind === 'connecting' || this.#state.kind === 'offline';
    this.#silentPolls = finding.kind === 'silent' ? this.#silentPolls + 1 : 0;
    if (finding.kind === 'good' || (finding.kind === 'partly' && finding.isLasting)) {
      this.#trouble = isNew ? 0 : Math.max(0, this.#trouble - 1);
      return this.#trouble === 0 ? stateOf(finding) : this.#state;
    }
    this.#trouble = Math.min(most, this.#trouble + 2);
    if (isNew || (finding.kind === 'silent' && finding.isGone)) return stateOf(finding);
    if (this.#trouble < believedFrom) return this.#state;
    if (finding.kind === 'silent' && this.#silentPolls < 2) return { kind: 'degraded', reason: finding.reason };
    return stateOf(finding);
  }

  #isRepeated(reason: string): boolean {
    this.#reasonTimes = reason === this.#reason ? this.#reasonTimes + 1 : 1;
    this.#reason = reason;
    return this.#reasonTimes >= repeatedFrom;
  }
}
