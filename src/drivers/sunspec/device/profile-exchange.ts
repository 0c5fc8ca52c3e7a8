/** The profile of a device that is polled at the moment, and its exchange for another one while the device runs. */
import type { Reason } from '../../../model/common.ts';
import type { Clock } from '../../../model/time.ts';
import type { Applied, Channel, Cycle, Driver, DriverSink, Order, Sample } from '../../driver.ts';
import { createWriteHabits, endLostEvents, type ModbusDriverOptions } from '../../modbus/index.ts';
import { ChannelList } from './channel-list.ts';
import type { ProfiledDevice } from './device-profile.ts';
import { HeldOrders } from './held-orders.ts';
import { PolledProfile } from './polled-profile.ts';

/** @param ts wall clock, ms since 1970 */
const withoutValue = (channels: readonly number[], reason: Reason, ts: number): Sample[] =>
  channels.map((channel) => ({ channel, value: null, ts, reason }));

/** The part of the options that is the same for all profiles of a device. */
type SharedOptions = Omit<ModbusDriverOptions, 'resolved' | 'toldBits' | 'writeHabits'>;

/** The surroundings of a device. */
interface Surroundings {
  clock: Clock;
  /** An order could not be carried out again with another profile. @param what in words */
  onLost(actuator: string, what: string): void;
}

/** The profiles of one device, one after the other, and the orders that outlast them. */
export class ProfileExchange {
  readonly #options: SharedOptions;
  readonly #clock: Clock;
  readonly #channels = new ChannelList();
  readonly #toldBits = new Map<string, number>();
  readonly #writeHabits = createWriteHabits();
  readonly #orders: HeldOrders;
  #current: PolledProfile | undefined;
  #isClosed = false;

  /** @param options of each of the drivers that poll */
  constructor(options: SharedOptions, { clock, onLost }: Surroundings) {
    this.#options = options;
    this.#clock = clock;
    this.#orders = new HeldOrders(clock, onLost);
  }

  /** Takes over the channels that an earlier run knew. */
  remember(channels: readonly Channel[]): void {
    this.#channels.take(channels);
  }

  /** The profile at work; undefined until the device has shown itself. */
  get current(): PolledProfile | undefined {
    return this.#current;
  }

  /** The channels of all profiles until now, whose places stay. */
  get channels(): Channel[] {
    return this.#channels.channels;
  }

  /** @returns a cycle that tells that no channel has a value, because the device has not shown itself */
  unheard(reason: string): Cycle {
    const places = this.channels.map((_, place) => place);
    return { samples: withoutValue(places, 'device_offline', this.#clock.now()), durationMs: 0, errors: [reason] };
  }

  /**
   * @returns undefined if the device has not shown itself yet
   * @throws CommandFailure
   */
  apply(order: Order, signal: AbortSignal): Promise<Applied | undefined> {
    return this.#orders.apply(order, signal);
  }

  /**
   * Polls another profile from now on.
   * @returns false if everything was closed in the meantime, so that nothing is polled any more
   */
  async exchange(profiled: ProfiledDevice, sink: DriverSink): Promise<boolean> {
    await this.#orders.during(() => this.#exchange(profiled, sink));
    return !this.#isClosed;
  }

  async #exchange(profiled: ProfiledDevice, sink: DriverSink): Promise<Driver> {
    const before = this.#current;
    const memories = { toldBits: this.#toldBits, writeHabits: this.#writeHabits };
    const next = new PolledProfile(profiled, { ...this.#options, ...memories }, this.#clock);
    this.#current = next;
    await before?.driver.close();
    if (this.#isClosed) {
      await next.driver.close();
      return next.driver;
    }
    const remembered = before ? [] : this.#channels.channels.map((_, place) => place);
    const places = this.#channels.take(next.driver.describe().channels);
    sink.described();
    next.start(sink, places);
    const ended = before ? endLostEvents(before.profiled.resolved, profiled.resolved, this.#toldBits) : [];
    for (const event of ended) sink.event(event);
    const lost = (before?.places ?? remembered).filter((place) => !places.includes(place));
    // Channels that the device does not have any more keep no old value.
    if (lost.length > 0)
      sink.cycle({ samples: withoutValue(lost, 'not_measured', this.#clock.now()), durationMs: 0, errors: [] });
    return next.driver;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#current?.driver.close();
  }
}
