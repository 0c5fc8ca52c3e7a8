/** Subscriptions to devices that come and go: to each of them, or to all there are where those are most of them. */
import type { Clock, Timer } from '../model/time.ts';
import type { Subscriber } from './subscriptions.ts';

export interface DeviceSubscription {
  /** Whether the device is among those that are subscribed to. */
  has(device: string): boolean;
  filters(): string[];
  /** Devices may have come or gone; many at a time are one change. */
  changed(): void;
  /** @param isFinal whoever subscribed will not come back */
  close(isFinal: boolean): void;
}

export interface Wanted {
  devices: string[];
  /** How many devices there are, wanted or not. */
  known: number;
}

const gatherMs = 100;
/** A filter for all devices brings everything that is retained of them each time somebody joins. */
const gatherWideMs = 1000;
/** More filters than these are a burden: brokers grant a client so many, and look through them for each message. */
const manyFilters = 100;

interface Group {
  devices: string[];
  subscriber: Subscriber;
}

/**
 * @param wantedNow those that are wanted now
 * @param filtersOf "+" for those of all devices
 * @param subscribe for devices that came together; always with the same owner, so that what a subscription has not taken
 *   when it is replaced goes to the one that takes its place
 */
export const createDeviceSubscription = (
  wantedNow: () => Wanted,
  filtersOf: (device: string) => string[],
  subscribe: (filters: string[]) => Subscriber,
  clock: Clock,
): DeviceSubscription => {
  let members = new Set<string>();
  let groups: Group[] = [];
  let isWide = false;
  let timer: Timer | undefined;

  const open = (devices: string[]): Group[] => {
    const filters = devices.flatMap(filtersOf);
    return filters.length === 0 ? [] : [{ devices, subscriber: subscribe(filters) }];
  };

  /** Others' devices come along with a filter for all: they must not be many more. */
  const isWideBetter = ({ devices: { length }, known }: Wanted): boolean =>
    isWide ? length > manyFilters / 2 && length * 4 > known : length > manyFilters && length * 2 > known;

  const update = (): void => {
    timer = undefined;
    const wanted = wantedNow();
    const joined = wanted.devices.filter((device) => !members.has(device));
    const wasWide = isWide;
    isWide = isWideBetter(wanted);
    members = new Set(wanted.devices);
    if (wasWide && isWide && joined.length === 0) return;
    if (wasWide || isWide) {
      for (const { subscriber } of groups) subscriber.remove(members.size === 0);
      groups = open(isWide ? ['+'] : wanted.devices);
      return;
    }
    groups = groups.flatMap((group) => {
      const staying = group.devices.filter((device) => members.has(device));
      if (staying.length === group.devices.length) return [group];
      group.subscriber.remove(staying.length === 0);
      return open(staying);
    });
    groups.push(...open(joined));
  };
  update();

  return {
    has: (device) => members.has(device),
    filters: () => groups.flatMap(({ devices }) => devices.flatMap(filtersOf)),
    changed() {
      timer ??= clock.after(isWide ? gatherWideMs : gatherMs, update);
    },
    close(isFinal) {
      timer?.cancel();
      for (const { subscriber } of groups) subscriber.remove(isFinal);
    },
  };
};
