/**
 * Charging profiles of the backend on their way to the station: our limit makes room before they are set, and is set
 * again where it may be gone.
 */
import type { Clock } from '../../../model/time.ts';
import { asFields, type Fields } from '../codec/lenient-fields.ts';
import { decodeRelayed } from '../codec/relayed-requests.ts';
import type { BackendLimits } from '../smart-charging/backend-limits.ts';

interface LimitRelayContext {
  backendLimits: BackendLimits;
  clock: Clock;
  /** Sets our limits again. @param isForced also where the station should have them already */
  setAgain(isForced: boolean): Promise<void>;
}

/** A request of the backend on its way. */
export interface RelayedCall {
  action: string;
  payload: Fields;
  /** Has the request answered by the station. */
  relay(): Promise<unknown>;
}

/** @returns the answer of the station to a request of the backend */
export const relayRequest = async (
  { backendLimits, clock, setAgain }: LimitRelayContext,
  { action, payload, relay }: RelayedCall,
): Promise<unknown> => {
  const request = decodeRelayed(action, payload);
  const takeBack =
    request?.kind === 'set_profile' ? backendLimits.set(request.profile, request.isStart, clock.now()) : undefined;
  if (takeBack) await setAgain(false);
  let isAccepted = false;
  try {
    const answer = await relay();
    isAccepted = asFields(answer)?.status === 'Accepted';
    return answer;
  } finally {
    if (takeBack && !isAccepted) {
      takeBack();
      void setAgain(false);
    }
    if (request?.kind === 'clear_profile' && isAccepted) {
      backendLimits.clear(request.filter);
      void setAgain(true);
    }
  }
};
