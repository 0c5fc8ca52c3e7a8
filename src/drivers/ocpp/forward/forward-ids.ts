/**
 * Transactions of OCPP 1.6 have two numbers: ours, which the station knows, and that of the backend. The pairs outlive
 * the process, for as long as either side may speak of them.
 */
import { z } from 'zod';
import type { Ledger } from '../station/store.ts';

type Payload = Record<string, unknown>;

export interface BackendIds {
  /** The backend has given its number. @returns false where it could not be written down */
  learn(ours: number, theirs: number): boolean;
  isKnown(ours: number): boolean;
  /** A call of the station in the numbers of the backend; undefined: it is about what the backend never heard of. */
  toBackend(action: string, payload: Payload): Payload | undefined;
  /** A call of the backend in the numbers of the station; undefined: there is no such transaction. */
  toStation(action: string, payload: Payload): Payload | undefined;
}

const mostPairs = 200;
const record = z.object({ backendId: z.tuple([z.number(), z.number()]) });
const profileOf = z.object({ csChargingProfiles: z.looseObject({ transactionId: z.number() }) });

export const createBackendIds = (ledger: Ledger): BackendIds => {
  /** The newest last: a backend that lost its memory may give a number again. */
  const pairs: [ours: number, theirs: number][] = [];

  const remember = (ours: number, theirs: number): void => {
    pairs.push([ours, theirs]);
    if (pairs.length > mostPairs) pairs.shift();
  };
  for (const given of ledger.records) {
    const parsed = record.safeParse(given);
    if (parsed.success) remember(...parsed.data.backendId);
  }
  ledger.keep(() => pairs.map((backendId) => ({ backendId })));

  const theirsOf = (id: unknown): number | undefined => pairs.findLast(([ours]) => ours === id)?.[1];
  const oursOf = (id: unknown): number | undefined => pairs.findLast(([, theirs]) => theirs === id)?.[0];

  return {
    learn(ours, theirs) {
      remember(ours, theirs);
      return ledger.append({ backendId: [ours, theirs] }, true);
    },
    isKnown: (ours) => theirsOf(ours) !== undefined,
    toBackend(action, payload) {
      if (action !== 'StopTransaction' && action !== 'MeterValues') return payload;
      const transactionId = theirsOf(payload.transactionId);
      if (transactionId !== undefined) return { ...payload, transactionId };
      if (action === 'StopTransaction') return undefined;
      // What was measured is true all the same.
      const { transactionId: _none, ...rest } = payload;
      return rest;
    },
    toStation(action, payload) {
      if (action === 'RemoteStopTransaction') {
        const transactionId = oursOf(payload.transactionId);
        return transactionId === undefined ? undefined : { ...payload, transactionId };
      }
      const parsed = profileOf.safeParse(payload);
      if (action !== 'SetChargingProfile' || !parsed.success) return payload;
      const { csChargingProfiles } = parsed.data;
      const transactionId = oursOf(csChargingProfiles.transactionId);
      return transactionId === undefined
        ? undefined
        : { ...payload, csChargingProfiles: { ...csChargingProfiles, transactionId } };
    },
  };
};
