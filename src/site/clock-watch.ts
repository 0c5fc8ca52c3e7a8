/** Clocks that are off, told as alarms with their size: that of a gateway where all its devices show it. */

import { Debounce } from '../common/debounce.ts';
import type { ClockedDevice } from './feeds.ts';
import type { Reporter } from './reporter.ts';
import { leadOf } from './source-clock.ts';

/** Devices of one gateway show it one after the other. */
const lastingMs = 10_000;
/** The same offset, ms. */
const sameMs = 5000;

export interface ClockWatch {
  /**
   * @param ours lead of a clock that is right, ms
   * @param at monotonic, ms
   */
  look(devices: ClockedDevice[], ours: number, at: number): void;
}

/** How far the clock of a device is ahead, ms; 0: it is right, as far as is known. */
const offsetOf = ({ clock, aheadS }: ClockedDevice, ours: number): number => {
  if (aheadS !== undefined) return aheadS * 1000;
  return clock.isCorrected ? leadOf(clock) - ours : 0;
};

export const createClockWatch = ({ alarm }: Reporter): ClockWatch => {
  /** By the name of the clock. */
  const watched = new Map<string, Debounce>();

  return {
    look(devices, ours, at) {
      if (watched.size === 0 && devices.every((each) => offsetOf(each, ours) === 0)) return;
      const byGateway = new Map<string, ClockedDevice[]>();
      for (const each of devices) {
        const { device, gateway = device, clock } = each;
        if (!clock.isConfirmed && each.aheadS === undefined) continue;
        const others = byGateway.get(gateway);
        if (others) others.push(each);
        else byGateway.set(gateway, [each]);
      }
      const off = new Map<string, number>();
      for (const [gateway, own] of byGateway) {
        const offsets = own.map((each) => offsetOf(each, ours));
        const [first = 0] = offsets;
        if (first !== 0 && offsets.every((each) => Math.abs(each - first) <= sameMs)) off.set(gateway, first);
        else for (const [i, { device }] of own.entries()) if (offsets[i]) off.set(device, offsets[i]);
      }
      for (const name of off.keys()) if (!watched.has(name)) watched.set(name, new Debounce(lastingMs));
      for (const [name, debounce] of watched) {
        const offsetMs = off.get(name);
        const isOff = debounce.update(offsetMs !== undefined, at);
        alarm('clock_skew', name, isOff, () => ({ clock: name, offset_s: Math.round((offsetMs ?? 0) / 100) / 10 }));
        if (!isOff && offsetMs === undefined) watched.delete(name);
      }
    },
  };
};
