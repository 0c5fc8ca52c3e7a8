/** How a device is, in the words of each who asks: its availability on the broker, and the status of its node. */
import type { DeviceState } from '../drivers/driver.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { Outputs } from './outputs.ts';

export type BridgeStatus =
  | { kind: 'connecting' }
  | { kind: 'live'; points: number; durationS: number }
  | { kind: 'degraded'; points: number; reason: string }
  | { kind: 'stale'; points: number; ageS: number }
  | { kind: 'offline'; reason: string; retryS?: number };

/**
 * The state of the device as others should see it: one that is not known to be safe is not simply online.
 * @param danger what should be in its safe state and is not known to be
 */
export const shownState = (state: DeviceState, danger: string | undefined): DeviceState =>
  state.kind === 'online' && danger !== undefined
    ? { kind: 'degraded', reason: `the safe state is not confirmed: ${danger}` }
    : state;

/** Tells one availability from another. */
export const textOf = (shown: DeviceState): string =>
  'reason' in shown ? `${shown.kind}: ${shown.reason}` : shown.kind;

export const availabilityOf = (device: string, shown: DeviceState, clock: Clock): Message<'availability/1'> => ({
  topic: `devices/${device}/availability`,
  schema: 'availability/1',
  state: shown.kind === 'connecting' ? 'offline' : shown.kind,
  ...('reason' in shown ? { reason: shown.reason.slice(0, 256) } : {}),
  ts: isoTime(clock.now()),
});

/** @param durationMs of the cycle before, where there was one */
export const statusOf = (
  shown: DeviceState,
  { good: points, staleSince }: Outputs,
  durationMs: number,
  clock: Clock,
): BridgeStatus => {
  switch (shown.kind) {
    case 'connecting':
      return { kind: 'connecting' };
    case 'offline': {
      const { reason, retryMs } = shown;
      return { kind: 'offline', reason, ...(retryMs === undefined ? {} : { retryS: retryMs / 1000 }) };
    }
    case 'degraded':
      return { kind: 'degraded', points, reason: shown.reason };
    case 'online':
      return staleSince === undefined
        ? { kind: 'live', points, durationS: durationMs / 1000 }
        : { kind: 'stale', points, ageS: (clock.now() - staleSince) / 1000 };
  }
};
