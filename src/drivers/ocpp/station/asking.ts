/** Questions to a station, by whatever version it speaks, and their failures in the words of commands. */

import { pause } from '../../../common/pause.ts';
import type { Code } from '../../../model/command.ts';
import type { Clock } from '../../../model/time.ts';
import { CommandFailure } from '../../driver.ts';
import type { Codec } from '../codec/codec.ts';
import { meaningOf } from '../codec/outbound.ts';
import { CallFailure, type CallOptions, type StationLink } from '../link/link.ts';
import type { StationRequest, StationResult, Version } from '../words.ts';

export interface Asker {
  version(): Version | undefined;
  isConnected(): boolean;
  /** Rejects with a CallFailure. */
  ask(request: StationRequest, options?: Partial<CallOptions>): Promise<StationResult>;
}

const patienceMs = 20_000;

/**
 * @param line undefined: not connected
 * @param paceMs from an answer to the next call; 0: as fast as it answers
 */
export const createAsker = (
  line: () => { link: StationLink; codec: Codec } | undefined,
  paceMs: () => number,
  clock: Clock,
): Asker => {
  let turn: Promise<unknown> = Promise.resolve();

  const ask: Asker['ask'] = async (request, options = {}) => {
    const open = line();
    if (!open) throw new CallFailure('offline', 'the station is not connected');
    const { link, codec } = open;
    let call: ReturnType<Codec['encode']>;
    try {
      call = codec.encode(request);
    } catch (error) {
      throw new CallFailure('error', (error as Error).message, 'NotSupported');
    }
    const payload = await link.call(call.action, call.payload, { timeoutMs: patienceMs, ...options });
    return codec.decodeResult(request, payload);
  };

  return {
    version: () => line()?.link.version,
    isConnected: () => line() !== undefined,
    ask(request, options) {
      const rest = paceMs();
      if (rest === 0) return ask(request, options);
      const answer = turn.then(() => ask(request, options));
      turn = answer.catch(() => {}).then(() => pause(rest, clock));
      return answer;
    },
  };
};

const codes: Record<CallFailure['kind'], Code> = {
  error: 'DEVICE_REJECTED',
  timeout: 'TIMEOUT',
  offline: 'DEVICE_OFFLINE',
  dropped: 'EXPIRED',
  unanswered: 'INTERNAL',
};

/** @returns a failure of a call as one of the command; anything else as it is */
export const toCommandFailure = (error: unknown): unknown =>
  error instanceof CallFailure ? new CommandFailure(codes[error.kind], error.message) : error;

/** Rejected in whatever way: by its status, or with an error. */
export const isRefusal = (error: unknown): error is CallFailure =>
  error instanceof CallFailure && error.kind === 'error';

/** @returns a rejection with an error in the words of an answer; undefined: nothing was answered */
export const refusalOf = (error: unknown): StationResult | undefined => {
  if (!isRefusal(error)) return undefined;
  const { code: raw = '' } = error;
  return { status: meaningOf(raw) === 'not_supported' ? 'not_supported' : 'rejected', raw };
};
