/** How a station is, as the bridge is told: connected or not, and whether its sessions can be written down. */
import { type Clock, isoTime } from '../../../model/time.ts';
import type { DeviceState, DriverSink } from '../../driver.ts';
import type { Ledger } from './store.ts';

export interface Standing {
  /** It is here and can be used. @returns whether it was here before: the end of the old connection was not seen */
  usable(): boolean;
  /** @param backInS until it is expected again */
  gone(reason: string, backInS: number | undefined): void;
  /** Something was to be written down. */
  written(): void;
}

const hereWith = ({ isBroken }: Ledger): DeviceState =>
  isBroken
    ? {
        kind: 'degraded',
        reason: 'sessions cannot be written down; the station is not answered, and tells them again',
      }
    : { kind: 'online' };

export const createStanding = (ledger: Ledger, sink: DriverSink, clock: Clock): Standing => {
  let state: DeviceState = { kind: 'connecting' };
  sink.state(state);

  const isHere = (): boolean => state.kind === 'online' || state.kind === 'degraded';

  const enter = (next: DeviceState): void => {
    state = next;
    sink.state(next);
    // A station may have nothing to say for hours: how it is, is told all the same.
    sink.cycle({ samples: [], durationMs: 0, errors: [] });
  };

  return {
    usable() {
      const wasHere = isHere();
      enter(hereWith(ledger));
      return wasHere;
    },
    gone(reason, backInS) {
      enter({
        kind: 'offline',
        reason: `not connected since ${isoTime(clock.now())}: ${reason}`,
        ...(backInS === undefined ? {} : { retryMs: backInS * 1000 }),
      });
    },
    written() {
      const next = hereWith(ledger);
      if (isHere() && next.kind !== state.kind) enter(next);
    },
  };
};
