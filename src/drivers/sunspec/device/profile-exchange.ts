/** The profile of a device that is polled at the moment, and its exchange for another one while the device runs. */
import type { Clock } from '../../../model/time.ts';
import type { Channel, DriverSink } from '../../driver.ts';
import { endLostEvents, type ModbusDriverOptions } from '../../modbus/index.ts';
import { ChannelList } from './channel-list.ts';
import type { ProfiledDevice } from './device-profile.ts';
import { PolledProfile } from './polled-profile.ts';

/** The profiles of one device, one after the other. */
export class ProfileExchange {
  readonly #options: Omit<ModbusDriverOptions, 'resolved' | 'toldBits'>;
  readonly #clock: Clock;
  readonly #channels = new ChannelList();
  readonly #toldBits = new Map<string, number>();
  #current: PolledProfile | undefined;
  #isClosed = false;

  /** @param options of each of the drivers that poll */
  constructor(options: Omit<ModbusDriverOptions, 'resolved' | 'toldBits'>, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** The profile at work; undefined until the device has shown itself. */
  get current(): PolledProfile | undefined {
    return this.#current;
  }

  /** The channels of all profiles until now, whose places stay. */
  get channels(): Channel[] {
    return this.#channels.channels;
  }

  /**
   * Polls another profile from now on.
   * @returns false if everything was closed in the meantime, so that nothing is polled any more
   */
  async exchange(profiled: ProfiledDevice, sink: DriverSink): Promise<boolean> {
    const before = this.#current;
    const next = new PolledProfile(profiled, { ...this.#options, toldBits: this.#toldBits }, this.#clock);
    this.#current = next;
    await before?.driver.close();
    if (this.#isClosed) {
      await next.driver.close();
      return false;
    }
    const places = this.#channels.take(next.driver.describe().channels);
    sink.described();
    next.start(sink, places);
    const lost = before?.lostIn(next, this.#clock.now()) ?? [];
    const ended = before ? endLostEvents(before.profiled.resolved, profiled.resolved, this.#toldBits) : [];
    for (const event of ended) sink.event(event);
    // Channels that the device does not have any more keep no old value.
    if (lost.length > 0) sink.cycle({ samples: lost, durationMs: 0, errors: [] });
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#current?.driver.close();
  }
}
