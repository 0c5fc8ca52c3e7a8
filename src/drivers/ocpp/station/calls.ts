/** Calls to a station, in the version that it speaks, and their failures as failures of commands. */

import { pause } from '../../../common/pause.ts';
import type { Code } from '../../../model/command.ts';
import type { Clock } from '../../../model/time.ts';
import { CommandFailure } from '../../driver.ts';
import type { Codec, EncodedCall } from '../codec/codec.ts';
import { type AnswerStatuses, judge, meaningOf } from '../codec/outbound.ts';
import type { StationRequest, StationResult, Version } from '../messages.ts';
import { CallFailure, type CallOptions, type StationLink } from '../ocpp-j/station-link.ts';
import type { Quirks } from '../quirks.ts';
import type { RejectedCalls } from './rejected-calls.ts';

export interface SendOptions extends Partial<CallOptions> {
  /** Meanings of statuses that only this answer has, beside those common to all answers. */
  statuses?: AnswerStatuses;
}

export interface StationCalls {
  version(): Version | undefined;
  isConnected(): boolean;
  /** Rejects with a CallFailure. */
  send(request: StationRequest, options?: SendOptions): Promise<StationResult>;
}

/** For the answer to a call, ms. */
const answerTimeoutMs = 20_000;

/** The part of a station that calls to it need. */
export interface Callee {
  readonly link: StationLink | undefined;
  readonly codec: Codec | undefined;
  quirks(): Quirks;
}

/** The calls to one station, at its pace; what it rejects is kept. */
export class PacedCalls implements StationCalls {
  private readonly station: Callee;
  private readonly rejections: RejectedCalls;
  private readonly clock: Clock;
  /** The end of the pause after the last answer, for a station that wants one. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(station: Callee, rejections: RejectedCalls, clock: Clock) {
    this.station = station;
    this.rejections = rejections;
    this.clock = clock;
  }

  version(): Version | undefined {
    return this.station.link?.version;
  }

  isConnected(): boolean {
    return this.station.link !== undefined;
  }

  async send(request: StationRequest, options: SendOptions = {}): Promise<StationResult> {
    try {
      const result = await this.inTurn(request, options);
      if (result.status === 'rejected' || result.status === 'not_supported') this.rejections.note(request, result.raw);
      return result;
    } catch (error) {
      if (error instanceof CallFailure && (error.kind === 'error' || error.kind === 'timeout'))
        this.rejections.note(request, [error.code, error.message].filter(Boolean).join(': '));
      throw error;
    }
  }

  private inTurn(request: StationRequest, options: SendOptions): Promise<StationResult> {
    const pauseMs = this.station.quirks().paceMs ?? 0;
    if (pauseMs === 0) return this.call(request, options);
    const answer = this.turn.then(() => this.call(request, options));
    this.turn = answer.catch(() => {}).then(() => pause(pauseMs, this.clock));
    return answer;
  }

  private async call(request: StationRequest, { statuses, ...options }: SendOptions): Promise<StationResult> {
    const { link, codec } = this.station;
    if (!link || !codec) throw new CallFailure('offline', 'the station is not connected');
    let call: EncodedCall;
    try {
      call = codec.encode(request);
    } catch (error) {
      throw new CallFailure('error', (error as Error).message, 'NotSupported');
    }
    const payload = await link.call(call.action, call.payload, { timeoutMs: answerTimeoutMs, ...options });
    return judge(codec.decodeResult(request, payload), statuses);
  }
}

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
