/** What is known of a site's devices right now: the newest reading of each topic, and who is offline. */
import type { Quality } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import type { Reading } from '../model/reading.ts';
import { type Clock, parseTime } from '../model/time.ts';

/** Whose value it is, and how old it may be. */
interface Wanted {
  device: string;
  gateway?: string;
  maxAgeMs: number;
}

interface CurrentValue {
  value: number | null;
  quality: Quality;
  /** Measured, ms since 1970. */
  ts?: number;
}

export interface Known {
  /** @returns when it was measured, ms; undefined where it is not newer than what is known */
  takeReading(message: Message<'reading/1'>): number | undefined;
  /** @returns whether it was about a device or gateway, and newer than what is known */
  takeAvailability(message: Message<'availability/1'>): boolean;
  isOffline(wanted: { device: string; gateway?: string }): boolean;
  /** The value of a topic as it may be used now. */
  current(topic: string, wanted: Wanted): CurrentValue;
  /** The last number that was measured, however old. */
  last(topic: string): { value: number; ts: number } | undefined;
  forget(device: string): void;
}

/** @param graceMs a value may be used this long after it went stale, estimated */
export const createKnown = (clock: Clock, graceMs: number): Known => {
  const readings = new Map<string, { reading: Reading; ts: number }>();
  /** A device that goes offline says null: what it measured before stays here. */
  const numbers = new Map<string, { value: number; ts: number }>();
  const devicesOffline = new Set<string>();
  const gatewaysOffline = new Set<string>();
  /** When each availability was stated, ms: a retained one may arrive after a newer live one. */
  const statedAt = new Map<string, number>();

  const isOffline = ({ device, gateway }: { device: string; gateway?: string }): boolean =>
    devicesOffline.has(device) || (gateway !== undefined && gatewaysOffline.has(gateway));

  return {
    takeReading(message) {
      const ts = parseTime(message.ts);
      const before = readings.get(message.topic);
      // Newer by time of measurement, then by sequence: copies and late ones change nothing.
      const isNewer = !before || ts > before.ts || (ts === before.ts && (message.seq ?? 0) > (before.reading.seq ?? 0));
      if (!isNewer) return undefined;
      readings.set(message.topic, { reading: message, ts });
      if (typeof message.value === 'number') numbers.set(message.topic, { value: message.value, ts });
      return ts;
    },
    takeAvailability(message) {
      const [root, id, name] = message.topic.split('/');
      const isGateway = root === 'system' && id === 'status';
      const key = isGateway ? name : id;
      if (key === undefined) return false;
      // A last will carries no time: it was written before it was sent.
      const stated = message.ts === undefined ? undefined : parseTime(message.ts);
      if (stated !== undefined && stated < (statedAt.get(message.topic) ?? 0)) return false;
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
      const { ts, reading } = known;
      const value = known.reading.value;
      const age = clock.now() - ts;
      const isAway = isOffline(wanted);
      if (reading.quality !== 'stale' && age <= wanted.maxAgeMs && !isAway)
        return { value, quality: reading.quality, ts };
      return age <= wanted.maxAgeMs + graceMs && !isAway
        ? { value, quality: 'estimated', ts }
        : { value: null, quality: 'stale', ts };
    },
    last: (topic) => numbers.get(topic),
    forget(device) {
      devicesOffline.delete(device);
      for (const topics of [readings, numbers])
        for (const topic of topics.keys()) if (topic.startsWith(`devices/${device}/`)) topics.delete(topic);
    },
  };
};
