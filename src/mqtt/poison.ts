/**
 * Messages over which a server ends the connection: what was set aside, and which topics of QoS 0 are suspected, since
 * nothing acknowledges them.
 */
import type { Clock } from '../model/time.ts';
import type { Taken } from './outbox.ts';

export interface Poison {
  /** @returns ms until a message of this size is tried again on this topic; undefined: nothing speaks against it */
  banMs(topic: string, bytes: number): number | undefined;
  /** It ended the connection again and again. */
  ban(topic: string, bytes: number): void;
  /** The server acknowledged a message of this size. @param mark when it was sent: all of QoS 0 before it went well */
  proved(topic: string, bytes: number, mark: number): void;
  /** @returns the place of a message in the order of sending, for `proved` */
  mark(): number;
  sentAtMostOnce(topic: string): void;
  /** The other side ended the connection. */
  cut(): void;
  /** QoS 0 on this topic is to be sent with an acknowledgement, and alone. */
  isSuspect(topic: string): boolean;
  /** A message of this size was set aside on this topic, and nothing has proved since that it is taken. */
  isKnown(topic: string, bytes: number): boolean;
}

interface Ban {
  bytes: number;
  until: number;
  pauseMs: number;
}

const firstBanMs = 10 * 60_000;
const longestBanMs = 6 * 3600_000;
/** One that ended a connection by chance is rarely among the last ones of the next connection that ends. */
const cutsOfASuspect = 2;
/** Topics of QoS 0 that are remembered. */
const most = 1000;

/** By what messages on one topic are compared: their headers differ with QoS and expiry. */
export const payloadBytes = ({ payload }: Taken): number => Buffer.byteLength(payload);

/** Topics are those on the wire, bytes those of the payload. */
export const createPoison = (clock: Clock): Poison => {
  const bans = new Map<string, Ban>();
  /** QoS 0 of this connection that nothing proves to have gone well, with its place in the order of sending. */
  const unproved = new Map<string, number>();
  /** Connections that ended with a message of this topic unproved. */
  const cuts = new Map<string, number>();
  let count = 0;

  return {
    banMs(topic, bytes) {
      const ban = bans.get(topic);
      const restMs = ban && bytes >= ban.bytes ? ban.until - clock.monotonic() : 0;
      return restMs > 0 ? restMs : undefined;
    },
    ban(topic, bytes) {
      const pauseMs = Math.min(longestBanMs, (bans.get(topic)?.pauseMs ?? firstBanMs / 2) * 2);
      bans.set(topic, { bytes, pauseMs, until: clock.monotonic() + pauseMs });
      cuts.delete(topic);
    },
    proved(topic, bytes, mark) {
      const ban = bans.get(topic);
      if (ban && bytes >= ban.bytes) bans.delete(topic);
      cuts.delete(topic);
      for (const [each, at] of unproved) {
        if (at > mark) break;
        unproved.delete(each);
        cuts.delete(each);
      }
    },
    mark: () => ++count,
    sentAtMostOnce(topic) {
      unproved.delete(topic);
      unproved.set(topic, ++count);
      if (unproved.size <= most) return;
      const [oldest = ''] = unproved.keys();
      unproved.delete(oldest);
    },
    cut() {
      for (const topic of unproved.keys()) cuts.set(topic, (cuts.get(topic) ?? 0) + 1);
      unproved.clear();
      if (cuts.size > most) cuts.clear();
    },
    isSuspect: (topic) => (cuts.get(topic) ?? 0) >= cutsOfASuspect,
    isKnown: (topic, bytes) => bytes >= (bans.get(topic)?.bytes ?? Number.POSITIVE_INFINITY),
  };
};

/** @returns why a message is not sent for that long, in words */
export const bannedFor = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : `the broker ended the connection over such a message; the next is tried in ${Math.ceil(ms / 60_000)} min`;
