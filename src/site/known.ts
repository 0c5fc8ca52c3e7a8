/** What is known of a site's devices right now: the newest reading of each topic, and who is offline. */
import { type Quality, worst } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import { type Clock, isSaidBefore, parseTime } from '../model/time.ts';

/** Whose value it is, and how old it may be. */
export interface Wanted {
  device: string;
  gateway?: string;
  maxAgeMs: number;
}

interface CurrentValue {
  value: number | null;
  quality: Quality;
  /** Measured, monotonic, ms. */
  at?: number;
}

export interface Known {
  /**
   * A reading that is newer than what is known of its topic.
   * @param at when it was measured, monotonic, ms
   * @param isUnsure it may be older than that
   */
  takeReading(message: Message<'reading/1'>, at: number, isUnsure: boolean): void;
  /** @returns whether it was about a device or gateway, and newer than what is known */
  takeAvailability(message: Message<'availability/1'>): boolean;
  isOffline(wanted: { device: string; gateway?: string }): boolean;
  /** The value of a topic as it may be used now. */
  current(topic: string, wanted: Wanted): CurrentValue;
  /** The last number that was measured, however old. */
  last(topic: string): { value: number; at: number } | undefined;
  /** What was known of a topic was measured so much later than was thought, ms. */
  move(topic: string, ms: number): void;
  forget(device: string): void;
}

/** @param graceMs a value may be used this long after it went stale, estimated */
export const createKnown = (clock: Clock, graceMs: number): Known => {
  const readings = new Map<string, { reading: Reading; at: number; isUnsure: boolean }>();
  /** A device that goes offline says null: what it measured before stays here. */
  const numbers = new Map<string, { value: number; at: number }>();
  const devicesOffline = new Set<string>();
  const gatewaysOffline = new Set<string>();
  /** When each availability was stated, ms: a retained one may arrive after a newer live one. */
  const statedAt = new Map<string, number>();

  const isOffline = ({ device, gateway }: { device: string; gateway?: string }): boolean =>
    devicesOffline.has(device) || (gateway !== undefined && gatewaysOffline.has(gateway));

  return {
    takeReading(message, at, isUnsure) {
      const { topic, value } = message;
      readings.set(topic, { reading: message, at, isUnsure });
      if (typeof value === 'number') numbers.set(topic, { value, at });
    },
    takeAvailability(message) {
      const [root, id, name] = message.topic.split('/');
      const isGateway = root === 'system' && id === 'status';
      const key = isGateway ? name : id;
      if (key === undefined) return false;
      // A last will carries no time: it was written before it was sent.
      const stated = message.ts === undefined ? undefined : parseTime(message.ts);
      if (stated !== undefined && isSaidBefore(stated, statedAt.get(message.topic) ?? 0, clock.now())) return false;
      if (stated !== undefined) statedAt.set(message.topic, stated);
      const offline = isGateway ? gatewaysOffline : devicesOffline;
      if (message.state === 'offline') offline.add(key);
      else offline.delete(key);
      return true;
    },
    isOffline,
    current(topic, wanted) {
      const known = readings.get(topic);
      if (!known || typeof known.reading.value !== 'number') return { value: null, quality: 'invalid' };
      const { at, reading, isUnsure } = known;
      const value = known.reading.value;
      const age = clock.monotonic() - at;
      const isAway = isOffline(wanted);
      if (reading.quality !== 'stale' && age <= wanted.maxAgeMs && !isAway)
        return { value, quality: isUnsure ? worst(reading.quality, 'estimated') : reading.quality, at };
      return age <= wanted.maxAgeMs + graceMs && !isAway
        ? { value, quality: 'estimated', at }
        : { value: null, quality: 'stale', at };
    },
    last: (topic) => numbers.get(topic),
    move(topic, ms) {
      for (const each of [readings.get(topic), numbers.get(topic)]) if (each) each.at += ms;
    },
    forget(device) {
      devicesOffline.delete(device);
      for (const topics of [readings, numbers])
        for (const topic of topics.keys()) if (topic.startsWith(`devices/${device}/`)) topics.delete(topic);
    },
  };
};
