/** Subscriptions to devices that come and go. */
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

const gatherMs = 100;

interface Group {
  devices: string[];
  subscriber: Subscriber;
}

/**
 * @param devicesNow those that are wanted now
 * @param subscribe for devices that came together; always with the same owner, so that what a subscription has not taken
 *   when it is replaced goes to the one that takes its place
 */
export const createDeviceSubscription = (
  devicesNow: () => string[],
  filtersOf: (device: string) => string[],
  subscribe: (filters: string[]) => Subscriber,
  clock: Clock,
): DeviceSubscription => {
  let groups: Group[] = [];
  let timer: Timer | undefined;

  const has = (device: string): boolean => groups.some(({ devices }) => devices.includes(device));

  const open = (devices: string[]): Group[] => {
    const filters = devices.flatMap(filtersOf);
    return filters.length === 0 ? [] : [{ devices, subscriber: subscribe(filters) }];
  };

  const update = (): void => {
    timer = undefined;
    const wanted = new Set(devicesNow());
    const joined = [...wanted].filter((device) => !has(device));
    groups = groups.flatMap((group) => {
      const staying = group.devices.filter((device) => wanted.has(device));
      if (staying.length === group.devices.length) return [group];
      group.subscriber.remove(staying.length === 0);
      return open(staying);
    });
    groups.push(...open(joined));
  };
  update();

  return {
    has,
    filters: () => groups.flatMap(({ devices }) => devices.flatMap(filtersOf)),
    changed() {
      timer ??= clock.after(gatherMs, update);
    },
    close(isFinal) {
      timer?.cancel();
      for (const { subscriber } of groups) subscriber.remove(isFinal);
    },
  };
};
