/** Watches the list of models of a device that is polled: models appear at its end, and points get a value at sunrise. */
import type { Clock, Timer } from '../../../model/time.ts';
import { type Bus, valueAt } from '../../modbus/index.ts';
import { findChainChange, watchedHeaders } from '../discovery/chain-changes.ts';
import type { ChainEnd, SunSpecDevice } from '../discovery/discovered-device.ts';

/** Time between two looks at the end of the list of models, ms. */
const watchMs = 60_000;
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

/**
 * Reads the end of the list of a device that is polled.
 * @returns whether a model begins there; false as well if the device does not answer
 */
const hasGrown = async (bus: Bus, device: SunSpecDevice): Promise<boolean> => {
  const { end, unit } = device;
  const header = watchedHeaders(device).find(({ address }) => address === end.address);
  if (!header) return false;
  try {
    const data = await bus.read({ unit, table: 'holding', ...header });
    const change = findChainChange(device, (address) =>
      address === end.address ? valueAt(data, 'holding', 0) : undefined,
    );
    return change?.kind === 'grown';
  } catch {
    // The polls tell why the device does not answer.
    return false;
  }
};

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
