/** Subscriptions to devices that come and go: to each of them, or to all there are where those are most of them. */
import type { Clock, Timer } from '../../model/time.ts';
import type { Subscriber } from './subscriptions.ts';

interface WantedDevices {
  devices: string[];
  /** How many devices there are, wanted or not. */
  known: number;
}

interface DeviceSubscriptionOptions {
  /** @returns the devices that are wanted now */
  wanted(): WantedDevices;
  /** @param device "+" for the filters of all devices */
  filtersOf(device: string): string[];
  /**
   * Subscribes for devices that came together; always with the same owner, so that what a subscription has not taken
   * when it is replaced goes to the one that takes its place.
   */
  subscribe(filters: string[]): Subscriber;
}

interface Group {
  devices: string[];
  subscriber: Subscriber;
}

/** Devices that come or go within so long are one change, ms. */
const gatherMs = 100;
/** A filter for all devices brings everything that is retained of them each time a device joins, ms. */
const gatherWideMs = 1000;
/** More filters than these are a burden: servers grant a client so many, and look through them for each message. */
const manyFilters = 100;

/** The subscriptions of one node to the devices of its site. */
export class DeviceSubscription {
  readonly #options: DeviceSubscriptionOptions;
  readonly #clock: Clock;
  #members = new Set<string>();
  #groups: Group[] = [];
  /** One filter for all devices is held in place of one for each. */
  #isWide = false;
  #timer: Timer | undefined;

  constructor(options: DeviceSubscriptionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#update();
  }

  /** Whether a device is among those that are subscribed to. */
  has(device: string): boolean {
    return this.#members.has(device);
  }

  filters(): string[] {
    return this.#groups.flatMap(({ devices }) => devices.flatMap((device) => this.#options.filtersOf(device)));
  }

  /** Devices may have come or gone. */
  changed(): void {
    this.#timer ??= this.#clock.after(this.#isWide ? gatherWideMs : gatherMs, () => this.#update());
  }

  /** @param isFinal the subscriber will not come back */
  close(isFinal: boolean): void {
    this.#timer?.cancel();
    for (const { subscriber } of this.#groups) subscriber.remove(isFinal);
  }

  #update(): void {
    this.#timer = undefined;
    const wanted = this.#options.wanted();
    const joined = wanted.devices.filter((device) => !this.#members.has(device));
    const wasWide = this.#isWide;
    this.#isWide = this.#isWideBetter(wanted);
    this.#members = new Set(wanted.devices);
    if (wasWide && this.#isWide && joined.length === 0) return;
    if (wasWide || this.#isWide) this.#replace(this.#isWide ? ['+'] : wanted.devices);
    else this.#follow(joined);
  }

  /** Devices of others come along with a filter for all: they must not be many more. */
  #isWideBetter({ devices: { length }, known }: WantedDevices): boolean {
    return this.#isWide ? length > manyFilters / 2 && length * 4 > known : length > manyFilters && length * 2 > known;
  }

  #replace(devices: string[]): void {
    for (const { subscriber } of this.#groups) subscriber.remove(this.#members.size === 0);
    this.#groups = this.#open(devices);
  }

  #follow(joined: string[]): void {
    this.#groups = this.#groups.flatMap((group) => {
      const staying = group.devices.filter((device) => this.#members.has(device));
      if (staying.length === group.devices.length) return [group];
      group.subscriber.remove(staying.length === 0);
      return this.#open(staying);
    });
    this.#groups.push(...this.#open(joined));
  }

  #open(devices: string[]): Group[] {
    const filters = devices.flatMap((device) => this.#options.filtersOf(device));
    return filters.length === 0 ? [] : [{ devices, subscriber: this.#options.subscribe(filters) }];
  }
}
