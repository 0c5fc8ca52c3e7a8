/** Watches the list of models of a device that is polled: models appear at its end, and points get a value at sunrise. */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Bus } from '../../modbus/index.ts';
import type { ChainEnd, SunSpecDevice } from '../discovery/discovered-device.ts';
import { hasGrown } from './list-growth.ts';

/** Time between two looks at the end of the list of models, ms. */
export const watchMs = 60_000;
/** After so many of these, all models are read again: points that had no value may have one. */
const watchesPerLook = 15;

/** The device whose list is watched. */
export interface WatchedDevice {
  bus: Bus;
  clock: Clock;
  unit: number;
  /** @returns the device as it was discovered; undefined while it does not answer */
  current(): SunSpecDevice | undefined;
  /** Wants all models to be read again. */
  want(): Promise<void>;
}

/** Whether the walk along the list may have ended too early. */
const isDoubtful = ({ kind }: ChainEnd): boolean => kind === 'silent' || kind === 'moving';

/** The watch over one device. */
export class ListWatch {
  readonly #device: WatchedDevice;
  #watches = 0;
  #timer: Timer | undefined;

  constructor(device: WatchedDevice) {
    this.#device = device;
  }

  start(): void {
    this.#timer = this.#device.clock.every(watchMs, () => void this.#watch());
  }

  close(): void {
    this.#timer?.cancel();
  }

  async #watch(): Promise<void> {
    const { bus, unit, current, want } = this.#device;
    this.#watches++;
    const device = current();
    if (!device) return;
    const isDue = isDoubtful(device.end) || this.#watches % watchesPerLook === 0;
    if (isDue || (await hasGrown(bus, { ...device, unit }))) await want();
  }
}
