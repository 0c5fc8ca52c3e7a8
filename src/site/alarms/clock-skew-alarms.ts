/** Alarms of clocks that are off, with their offset: that of the gateway where all its devices show the same offset. */
import { Debounce } from '../../common/debounce.ts';
import type { ClockedDevice } from '../inputs/topic-input.ts';
import type { SiteEvents } from './site-events.ts';

/** Time for which an offset has to last, ms, since the devices of one gateway show it one after the other. */
const lastingMs = 10_000;
/** Largest difference of two offsets that are the same, ms. */
const sameMs = 5000;

/** @returns offset of the clock of a device, ms, + ahead; 0: the clock is right as far as is known */
const offsetOf = ({ clock, aheadS }: ClockedDevice, ours: number): number => {
  if (aheadS !== undefined) return aheadS * 1000;
  return clock.isCorrected ? clock.lead - ours : 0;
};

/** @returns the devices whose clocks are known, by the gateway that sets them, or by themselves without one */
const groupByGateway = (devices: ClockedDevice[]): Map<string, ClockedDevice[]> => {
  const groups = new Map<string, ClockedDevice[]>();
  for (const each of devices) {
    const { device, gateway = device, clock } = each;
    if (!clock.isConfirmed && each.aheadS === undefined) continue;
    const group = groups.get(gateway);
    if (group) group.push(each);
    else groups.set(gateway, [each]);
  }
  return groups;
};

/** @returns offsets of the clocks that are off, ms, by the name of the gateway or device */
const findOffsets = (devices: ClockedDevice[], ours: number): Map<string, number> => {
  const found = new Map<string, number>();
  for (const [gateway, group] of groupByGateway(devices)) {
    const offsets = group.map((each) => offsetOf(each, ours));
    const [first = 0] = offsets;
    if (first !== 0 && offsets.every((each) => Math.abs(each - first) <= sameMs)) found.set(gateway, first);
    else for (const [i, { device }] of group.entries()) if (offsets[i]) found.set(device, offsets[i]);
  }
  return found;
};

/** The alarms clock_skew of one site. */
export class ClockSkewAlarms {
  readonly #events: SiteEvents;
  /** Clocks that are or were off, by name. */
  readonly #watched = new Map<string, Debounce>();

  constructor(events: SiteEvents) {
    this.#events = events;
  }

  /**
   * Raises and clears alarms.
   * @param ours lead of a clock that is right, ms
   * @param at monotonic ms
   */
  update(devices: ClockedDevice[], ours: number, at: number): void {
    if (this.#watched.size === 0 && devices.every((each) => offsetOf(each, ours) === 0)) return;
    const offsets = findOffsets(devices, ours);
    for (const name of offsets.keys()) if (!this.#watched.has(name)) this.#watched.set(name, new Debounce(lastingMs));
    for (const [clock, debounce] of this.#watched) {
      const offsetMs = offsets.get(clock);
      const isActive = debounce.update(offsetMs !== undefined, at);
      const data = () => ({ clock, offset_s: Math.round((offsetMs ?? 0) / 100) / 10 });
      this.#events.setAlarm({ name: 'clock_skew', subject: clock, isActive, data });
      if (!isActive && offsetMs === undefined) this.#watched.delete(clock);
    }
  }
}
