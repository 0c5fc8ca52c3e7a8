/** The status dot of a bridge node. */
import type { BridgeStatus } from '../bridge/bridge.ts';
import { sayConnectionReason } from './connection-reason.ts';
import type { Status } from './status.ts';

/**
 * @param isGuarded whether the device falls back by itself without this gateway; true also where that goes without
 *   saying
 * @param place where the device is looked for
 */
export const bridgeStatus = (status: BridgeStatus, isGuarded = true, place = ''): Status => {
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
        params: { points: status.points, reason: status.reason },
      };
    case 'stale':
      return { fill: 'yellow', shape: 'ring', key: 'stale', params: { s: Math.round(status.ageS) } };
    case 'offline':
      return {
        fill: 'red',
        shape: 'ring',
        key: 'unreachable',
        params: { s: Math.max(1, Math.round(status.retryS ?? 0)), reason: sayConnectionReason(status.reason), place },
      };
  }
};
