/** Meter values asked for: where nothing comes by itself, or something has to be seen soon. */
import type { Clock } from '../../../model/time.ts';
import type { Quirks } from '../quirks.ts';
import { type Asker, isRefusal } from './asking.ts';

export interface Nudge {
  /** Asks, unless the station does not like to be asked. */
  ask(evse: number): void;
  /** A new connection: it may have learnt. */
  reset(): void;
}

/** Refused this often, a station is not asked again. */
const mostRefusals = 3;
/** Between two questions, ms. */
const apartMs = 5000;

export const createNudge = (asker: Asker, quirks: () => Quirks, clock: Clock): Nudge => {
  let refusals = 0;
  const askedAt = new Map<number, number>();

  const trigger = async (evse: number): Promise<void> => {
    try {
      const { status } = await asker.ask({ kind: 'trigger', message: 'meter_values', evse });
      refusals = status === 'accepted' ? 0 : refusals + 1;
    } catch (error) {
      if (isRefusal(error)) refusals++;
    }
  };

  return {
    ask(evse) {
      const now = clock.monotonic();
      if (quirks().triggersMeterValues === false || refusals >= mostRefusals || !asker.isConnected()) return;
      if (now - (askedAt.get(evse) ?? Number.NEGATIVE_INFINITY) < apartMs) return;
      askedAt.set(evse, now);
      void trigger(evse);
    },
    reset() {
      refusals = 0;
      askedAt.clear();
    },
  };
};
