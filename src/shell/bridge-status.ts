/** The status dot of a bridge node. */
import type { BridgeStatus } from '../bridge/bridge.ts';
import type { Phrase } from '../model/phrase.ts';
import { sayConnectionReason } from './connection-reason.ts';
import type { Status } from './status.ts';

/** What the dot tells beside the state of the bridge. */
export interface DotOptions {
  /** Whether the device falls back by itself without this gateway; true also where that goes without saying. */
  isGuarded?: boolean | undefined;
  /** Place where the device is looked for. */
  place?: string | undefined;
  /** @returns a reason in words of the catalogs, or as it is where there are none */
  sayReason?: ((reason: string) => string | Phrase) | undefined;
}

const twoDigits = (number: number): string => String(number).padStart(2, '0');

/** @returns "18:02", in the time zone of this machine */
const timeOfDay = (at: number): string => {
  const time = new Date(at);
  return `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
};

/** The dot for the state of a bridge. */
export const bridgeStatus = (
  status: BridgeStatus,
  { isGuarded = true, place = '', sayReason = sayConnectionReason }: DotOptions = {},
): Status => {
  switch (status.kind) {
    case 'connecting':
      return { fill: 'yellow', shape: 'ring', key: 'connecting' };
    case 'live':
      return {
        fill: 'green',
        shape: 'dot',
        key: isGuarded ? 'live' : 'unguarded',
        params: { points: status.points, s: status.durationS.toFixed(1) },
      };
    case 'degraded':
      return {
        fill: 'yellow',
        shape: 'dot',
        key: 'degraded',
        params: { points: status.points, reason: sayReason(status.reason) },
      };
    case 'stale':
      return { fill: 'yellow', shape: 'ring', key: 'stale', params: { s: Math.round(status.ageS) } };
    case 'offline':
      if (status.asleepSince !== undefined)
        return { fill: 'grey', shape: 'ring', key: 'asleep', params: { time: timeOfDay(status.asleepSince) } };
      return {
        fill: 'red',
        shape: 'ring',
        key: 'unreachable',
        params: { s: Math.max(1, Math.round(status.retryS ?? 0)), reason: sayReason(status.reason), place },
      };
  }
};
