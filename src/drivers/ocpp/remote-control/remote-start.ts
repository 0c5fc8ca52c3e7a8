/** RemoteStartTransaction (OCPP 1.6), RequestStartTransaction (OCPP 2.x; OCPP 2.0.1 part 2, F01 and F02). */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure, type ParameterRange } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import type { ChargingProfile, StationResult } from '../messages.ts';
import { CallFailure } from '../ocpp-j/station-link.ts';
import { isAskedFor } from '../station/remote-start-ids.ts';
import { RequestIds } from '../station/request-ids.ts';
import { sendCommand, shownStatus, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';

/** The parameters of a start: a limit is given as current_a, power_w or schedule. */
export const startRanges = {
  id_tag: { isOptional: true },
  current_a: { unit: 'A', min: 0, isOptional: true },
  power_w: { unit: 'W', min: 0, isOptional: true },
  schedule: { isOptional: true },
} satisfies Record<string, ParameterRange>;

/** A limit on its way to the station, with the request to start. */
export interface StartLimit {
  /** The TxProfile that goes with the request. */
  profile: ChargingProfile;
  /** The limit at the beginning, for the response. */
  shown: Params;
  /** The station will start. */
  onAccepted(): void;
  /** @param mayBeHeld the station may have taken the profile all the same */
  onFailed(mayBeHeld: boolean): void;
}

/** Limits that are given with a start, as smart charging decides about them. */
export interface StartLimits {
  /**
   * @returns undefined: the command gives no limit
   * @throws CommandFailure where the limit could go before one of somebody else
   */
  prepare(evse: number, params: Params): Promise<StartLimit | undefined>;
}

/** "Accepted" is followed by nothing often enough: until a transaction shows, ms. */
const effectMs = 30_000;

interface RequestedStart {
  result: StationResult;
  /** Whether a transaction is the one that was asked for, as far as the station tells. */
  isOurs(transaction: Transaction): boolean;
}

interface StartRequest {
  evse: number;
  tag: string;
  /** Monotonic ms; absent: whenever its turn comes. */
  startBy?: number | undefined;
  limit?: StartLimit | undefined;
}

interface RemoteStartOptions {
  /** The id token with which transactions are started from here. */
  ownTag: string;
  startLimits: StartLimits;
}

/** Whether a request that failed was not sent, or was answered with a CALLERROR: whatever else a station says proves nothing. */
const isWithoutEffect = (error: unknown): boolean =>
  error instanceof CallFailure && error.kind !== 'timeout' && !error.wasSent;

/** Starts transactions at one station. */
export class RemoteStart {
  private readonly station: Station;
  private readonly options: RemoteStartOptions;
  private readonly ids: RequestIds;

  constructor(station: Station, options: RemoteStartOptions) {
    this.station = station;
    this.options = options;
    this.ids = new RequestIds(station.clock);
  }

  /** Starts a transaction, and does not wait for it. */
  async start(evse: number): Promise<unknown> {
    return this.request({ evse, tag: this.options.ownTag });
  }

  async onCommand({ evse, params, startBy }: StationCommand): Promise<Applied> {
    const { station } = this;
    const { ownTag, startLimits } = this.options;
    if (station.runningOn(evse)) throw new CommandFailure('INTERLOCK', 'a session runs already');
    const limit = await startLimits.prepare(evse, params);
    const { id_tag: given } = params;
    const tag = typeof given === 'string' ? given : ownTag;
    const { result, isOurs } = await this.request({ evse, tag, startBy, limit });
    const values = { ...shownStatus(result), ...limit?.shown };
    await waitUntil(station, () => station.runningOn(evse) !== undefined, effectMs);
    const transaction = station.runningOn(evse);
    if (!transaction) return { verified: false, reason: 'no_session', values };
    return isOurs(transaction)
      ? { verified: true, by: 'effect', values }
      : { verified: false, reason: 'other_session', values };
  }

  private async request({ evse, tag, startBy, limit }: StartRequest): Promise<RequestedStart> {
    const { calls, remoteStarts } = this.station;
    const remoteStartId = this.ids.next();
    remoteStarts.asked(remoteStartId, { evse, tag });
    const result = await this.send({ evse, tag, startBy, limit }, remoteStartId);
    const { transaction } = result;
    if (transaction !== undefined) remoteStarts.asked(transaction, { evse, tag });
    // OCPP 1.6 names nothing that would tell one start from another.
    const is16 = calls.version() === '1.6';
    return { result, isOurs: (each) => is16 || isAskedFor(each, { remoteStartId, tag, transaction }) };
  }

  /** @throws CommandFailure, CallFailure */
  private async send({ evse, tag, startBy, limit }: StartRequest, remoteStartId: number): Promise<StationResult> {
    const token = { id: tag, type: 'Central' };
    const profile = limit && { profile: limit.profile };
    try {
      const request = { kind: 'start' as const, evse, token, remoteStartId, ...profile };
      const result = await sendCommand(this.station.calls, request, { startBy });
      limit?.onAccepted();
      return result;
    } catch (error) {
      limit?.onFailed(!isWithoutEffect(error));
      throw error;
    }
  }
}
