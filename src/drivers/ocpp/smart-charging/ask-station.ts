/** Requests about charging profiles that a station may refuse: the refusal is part of the answer. */
import type { StationRequest, StationResult } from '../messages.ts';
import { CallFailure, type CallOptions } from '../ocpp-j/station-link.ts';
import { isRefusal, type StationCalls } from '../station/calls.ts';
import type { Station } from '../station/station.ts';

/** @returns undefined where the station refuses the request or does not answer */
export type AskStation = (request: StationRequest) => Promise<StationResult | undefined>;

/** @returns whether the station has done what it was asked; "accepted" may only mean that it will try */
export const isAccepted = (result: StationResult | undefined): boolean =>
  result?.status === 'accepted' || result?.status === 'done';

/** For an answer that no order waits for, ms: the calls behind it do. */
const patienceMs = 10_000;

/** Rejects with a CallFailure where the station does not answer; a CALLERROR counts as "rejected". */
export const askRefusable =
  (calls: StationCalls, options: Partial<CallOptions> = {}): AskStation =>
  async (request) => {
    try {
      return await calls.send(request, options);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { status: 'rejected', raw: error.message };
    }
  };

/** Never rejects with a CallFailure. A firmware that did not answer a request once is not asked it again. */
export const askUnlessSilent =
  ({ calls, factStore }: Pick<Station, 'calls' | 'factStore'>): AskStation =>
  async (request) => {
    const { boot, silent } = factStore.facts;
    const firmware = boot?.firmware ?? '';
    const kinds = silent?.firmware === firmware ? silent.kinds : [];
    if (kinds.includes(request.kind)) return undefined;
    try {
      return await calls.send(request, { timeoutMs: patienceMs });
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error;
      if (error.kind === 'timeout') factStore.note({ silent: { firmware, kinds: [...kinds, request.kind] } });
      return undefined;
    }
  };
