/** Limits of a backend on their way to the station: ours give way before, and are told again where they may be gone. */
import type { Clock } from '../../../model/time.ts';
import { asFields, type Fields } from '../codec/lenient.ts';
import type { ForeignBook } from './foreign.ts';

/** @param tellAgain tells ours again; isForced: also where the station should have it already */
export const createLimitRelay =
  (foreign: ForeignBook, tellAgain: (isForced: boolean) => Promise<void>, clock: Clock) =>
  async (action: string, payload: Fields, relay: () => Promise<unknown>): Promise<unknown> => {
    const takeBack = foreign.asked(action, payload, clock.now());
    if (takeBack) await tellAgain(false);
    let isAccepted = false;
    try {
      const answer = await relay();
      isAccepted = asFields(answer)?.status === 'Accepted';
      return answer;
    } finally {
      if (takeBack && !isAccepted) {
        takeBack();
        void tellAgain(false);
      }
      if (action === 'ClearChargingProfile' && isAccepted) {
        foreign.cleared(payload);
        void tellAgain(true);
      }
    }
  };
