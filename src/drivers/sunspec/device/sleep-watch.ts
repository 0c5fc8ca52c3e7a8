/**
 * Tells sleep from failure: an inverter for solar power alone switches itself off when it gets dark, after it has
 * produced nothing. Hybrids and meters have no reason to, and their silence is a failure.
 */
import type { Value } from '../../../model/reading.ts';
import type { Channel, Cycle, DeviceState } from '../../driver.ts';

/** Power in W up to which a small inverter counts as idle, and the share of the rated power for larger ones. */
const [idleW, idleShare] = [50, 0.01];

/** Components of devices that work at night as well. */
const wakefulTypes: readonly string[] = ['inverter', 'battery', 'meter', 'grid'];

/** States in which an inverter gives no power, whatever its last power was. */
const restingStates: readonly Value[] = ['standby', 'off'];

/** The device as it is polled. */
export interface SleepingDevice {
  channels: readonly Channel[];
  ratedPowerW?: number | undefined;
}

/** The watch over the sleep of one device. */
export class SleepWatch {
  /** The last power and state that the device told; undefined until then. */
  #power: Value | undefined;
  #status: Value | undefined;
  #isOffline = false;
  #since: number | undefined;

  /** @param since wall clock, ms, since when the device has been asleep, as an earlier run knew it */
  constructor(since?: number) {
    this.#since = since;
    this.#isOffline = since !== undefined;
  }

  /** Wall clock, ms, since when the device has been asleep; undefined while it is awake, or has failed. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Takes what a poll has told. A poll without any answer tells nothing. */
  take({ samples }: Cycle, channels: readonly Channel[]): void {
    for (const { channel, value, reason } of samples) {
      const { type, index, quantity, part } = channels[channel] ?? {};
      if (type !== 'solar' || index !== undefined || part !== undefined) continue;
      if (value === null && reason !== 'sentinel') continue;
      if (quantity === 'power') this.#power = value;
      if (quantity === 'status') this.#status = value;
    }
  }

  /** @returns the state, with the sleep in it if the device went silent after it had nothing to do */
  explain(state: DeviceState, device: () => SleepingDevice, now: number): DeviceState {
    if (state.kind !== 'offline') {
      this.#isOffline = false;
      this.#since = undefined;
      return state;
    }
    if (!this.#isOffline) this.#since = this.#isIdle(device()) ? now : undefined;
    this.#isOffline = true;
    if (this.#since === undefined) return state;
    const reason = `taken as asleep, because it gave no power before it went silent; ${state.reason}`;
    return { ...state, reason, asleepSince: this.#since };
  }

  #isIdle({ channels, ratedPowerW = 0 }: SleepingDevice): boolean {
    if (channels.some(({ type }) => wakefulTypes.includes(type))) return false;
    const power = this.#power;
    if (typeof power === 'number') return Math.abs(power) <= Math.max(idleW, idleShare * ratedPowerW);
    return restingStates.includes(this.#status ?? null) || (power === null && this.#status === null);
  }
}
