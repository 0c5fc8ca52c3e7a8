/** Calls of the station as the backend needs them: which have to arrive, which are questions, and what an answer decides. */
import { asFields } from '../codec/lenient-fields.ts';
import type { NewCall } from './upstream-queue.ts';

export type Payload = Record<string, unknown>;

/** Calls that the station makes for their answer: where the backend has one, ours is of no use. */
const questions = new Set([
  'Authorize',
  'DataTransfer',
  'SignCertificate',
  'Get15118EVCertificate',
  'GetCertificateStatus',
]);

/** @returns whether the backend is asked before the station is answered */
export const isQuestion = (action: string): boolean => questions.has(action);

/** @returns whether a call waits for a backend that is away: the bill needs begin and end, and then the meter values */
export const keepOf = (action: string, payload: Payload): NewCall['keep'] => {
  if (action === 'StartTransaction' || action === 'StopTransaction') return 'always';
  if (action === 'TransactionEvent') return payload.eventType === 'Updated' ? 'patient' : 'always';
  return action === 'MeterValues' && payload.transactionId !== undefined ? 'patient' : 'never';
};

interface TokenDecision {
  /** idTagInfo of 1.6 or idTokenInfo of 2.x, under its key. */
  info: Payload;
  status: string;
}

/** @returns what an answer says of the token; undefined where it says nothing */
export const tokenDecisionIn = (answer: unknown): TokenDecision | undefined => {
  const fields = asFields(answer) ?? {};
  for (const key of ['idTagInfo', 'idTokenInfo']) {
    const status = asFields(fields[key])?.status;
    if (typeof status === 'string') return { info: { [key]: fields[key] }, status };
  }
  return undefined;
};

/** @returns the end of a transaction under the id of the one that it ended, whatever id the station has named */
export const withTransaction = (action: string, payload: Payload, ended: string | undefined): Payload => {
  if (ended === undefined) return payload;
  if (action === 'StopTransaction') return { ...payload, transactionId: Number(ended) };
  return { ...payload, transactionInfo: { ...asFields(payload.transactionInfo), transactionId: ended } };
};
