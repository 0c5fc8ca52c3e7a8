/**
 * The two numbers of a transaction of OCPP 1.6: ours, which the station knows, and that of the backend. The pairs
 * outlive the process, as long as station or backend may still name a transaction by its number.
 */
import { z } from 'zod';
import type { StationRecords } from '../station/station-records.ts';

type Payload = Record<string, unknown>;

const maxPairs = 200;
const pairRecord = z.object({ backendId: z.tuple([z.number(), z.number()]) });
const transactionProfile = z.object({ csChargingProfiles: z.looseObject({ transactionId: z.number() }) });

/** The pairs of one station. */
export class TransactionIdMap {
  private readonly records: StationRecords;
  /** The newest last: a backend that lost its store may assign a number again. */
  private readonly pairs: [ours: number, theirs: number][] = [];

  constructor(records: StationRecords) {
    this.records = records;
    for (const record of records.loaded) {
      const parsed = pairRecord.safeParse(record);
      if (parsed.success) this.remember(...parsed.data.backendId);
    }
    records.keep(() => this.pairs.map((backendId) => ({ backendId })));
  }

  /** The backend has assigned its number. @returns false where the pair could not be written down */
  add(ours: number, theirs: number): boolean {
    this.remember(ours, theirs);
    return this.records.append({ backendId: [ours, theirs] }, true);
  }

  has(ours: number): boolean {
    return this.toTheirs(ours) !== undefined;
  }

  /** @returns a call of the station with the number of the backend; undefined: the backend does not know the transaction */
  toBackend(action: string, payload: Payload): Payload | undefined {
    if (action !== 'StopTransaction' && action !== 'MeterValues') return payload;
    const transactionId = this.toTheirs(payload.transactionId);
    if (transactionId !== undefined) return { ...payload, transactionId };
    if (action === 'StopTransaction') return undefined;
    // The measured values are true without their transaction.
    const { transactionId: _none, ...rest } = payload;
    return rest;
  }

  /** @returns a call of the backend with the number of the station; undefined: there is no such transaction */
  toStation(action: string, payload: Payload): Payload | undefined {
    if (action === 'RemoteStopTransaction') {
      const transactionId = this.toOurs(payload.transactionId);
      return transactionId === undefined ? undefined : { ...payload, transactionId };
    }
    const { data } = transactionProfile.safeParse(payload);
    if (action !== 'SetChargingProfile' || !data) return payload;
    const { csChargingProfiles } = data;
    const transactionId = this.toOurs(csChargingProfiles.transactionId);
    if (transactionId === undefined) return undefined;
    return { ...payload, csChargingProfiles: { ...csChargingProfiles, transactionId } };
  }

  private remember(ours: number, theirs: number): void {
    this.pairs.push([ours, theirs]);
    if (this.pairs.length > maxPairs) this.pairs.shift();
  }

  private toTheirs(id: unknown): number | undefined {
    return this.pairs.findLast(([ours]) => ours === id)?.[1];
  }

  private toOurs(id: unknown): number | undefined {
    return this.pairs.findLast(([, theirs]) => theirs === id)?.[0];
  }
}
