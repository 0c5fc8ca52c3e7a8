/** RemoteStartTransaction (OCPP 1.6), RequestStartTransaction (OCPP 2.x; OCPP 2.0.1 part 2, F01 and F02). */
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import type { StationResult } from '../messages.ts';
import { isAskedFor } from '../station/remote-start-ids.ts';
import { RequestIds } from '../station/request-ids.ts';
import { sendCommand, shownStatus, waitUntil } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';

/** "Accepted" is followed by nothing often enough: until a transaction shows, ms. */
const effectMs = 30_000;

interface RequestedStart {
  result: StationResult;
  /** Whether a transaction is the one that was asked for, as far as the station tells. */
  isOurs(transaction: Transaction): boolean;
}

/** Starts transactions at one station. */
export class RemoteStart {
  private readonly station: Station;
  private readonly ownTag: string;
  private readonly ids: RequestIds;

  /** @param ownTag the id token with which transactions are started from here */
  constructor(station: Station, ownTag: string) {
    this.station = station;
    this.ownTag = ownTag;
    this.ids = new RequestIds(station.clock);
  }

  /** Starts a transaction, and does not wait for it. */
  async start(evse: number): Promise<unknown> {
    return this.request(evse, this.ownTag);
  }

  async onCommand({ evse, params, startBy }: StationCommand): Promise<Applied> {
    const { station, ownTag } = this;
    if (station.runningOn(evse)) throw new CommandFailure('INTERLOCK', 'a session runs already');
    const { id_tag: tag } = params;
    const { result, isOurs } = await this.request(evse, typeof tag === 'string' ? tag : ownTag, startBy);
    const values = shownStatus(result);
    await waitUntil(station, () => station.runningOn(evse) !== undefined, effectMs);
    const transaction = station.runningOn(evse);
    if (!transaction) return { verified: false, reason: 'no_session', values };
    return isOurs(transaction)
      ? { verified: true, by: 'effect', values }
      : { verified: false, reason: 'other_session', values };
  }

  private async request(evse: number, tag: string, startBy?: number): Promise<RequestedStart> {
    const { calls, remoteStarts } = this.station;
    const remoteStartId = this.ids.next();
    remoteStarts.asked(remoteStartId, { evse, tag });
    const token = { id: tag, type: 'Central' };
    const result = await sendCommand(calls, { kind: 'start', evse, token, remoteStartId }, startBy);
    const { transaction } = result;
    if (transaction !== undefined) remoteStarts.asked(transaction, { evse, tag });
    // OCPP 1.6 names nothing that would tell one start from another.
    const is16 = calls.version() === '1.6';
    return { result, isOurs: (each) => is16 || isAskedFor(each, { remoteStartId, tag, transaction }) };
  }
}
