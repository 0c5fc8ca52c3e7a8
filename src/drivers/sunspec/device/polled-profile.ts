/** One profile of a device at work: the Modbus driver that polls it, and the places of its channels in those of the device. */
import type { Clock } from '../../../model/time.ts';
import type { Cycle, DeviceDescription, Driver, DriverSink } from '../../driver.ts';
import { createModbusDriver, type ModbusDriverOptions } from '../../modbus/index.ts';
import type { ProfiledDevice } from './device-profile.ts';

/** The polling of a device from one look at it to the next one after which something else is polled. */
export class PolledProfile {
  readonly profiled: ProfiledDevice;
  readonly driver: Driver;
  #places: number[] = [];

  constructor(profiled: ProfiledDevice, options: Omit<ModbusDriverOptions, 'resolved'>, clock: Clock) {
    this.profiled = profiled;
    this.driver = createModbusDriver({ ...options, resolved: profiled.resolved, known: profiled.known }, clock);
  }

  /** What discovery has told of the device, and what the device tells by its profile. */
  get description(): DeviceDescription {
    const { device, facts } = this.profiled;
    const { serial, version: firmware } = device.common;
    return {
      facts,
      ...(serial === undefined ? {} : { serial }),
      ...(firmware === undefined ? {} : { firmware }),
      ...this.driver.describe(),
    };
  }

  /** @param places of its channels among those of the device */
  start(sink: DriverSink, places: number[]): void {
    this.#places = places;
    this.driver.start({ ...sink, cycle: (cycle) => sink.cycle(this.#placed(cycle)) });
  }

  /** Places of its channels among those of the device. */
  get places(): readonly number[] {
    return this.#places;
  }

  /** @returns the last words of each channel of the device */
  inspect(): Map<number, string> {
    return new Map([...this.driver.inspect()].map(([channel, words]) => [this.#places[channel] ?? -1, words]));
  }

  #placed({ samples, ...rest }: Cycle): Cycle {
    return { ...rest, samples: samples.map((sample) => ({ ...sample, channel: this.#places[sample.channel] ?? -1 })) };
  }
}
