/** Answers of a station to our calls, as far as all versions read them alike. */
import type { StationRequest, StationResult } from '../messages.ts';
import type { EncodedCall } from './codec.ts';
import {
  asFields,
  createEnumeration,
  type Fields,
  findMember,
  parseNumber,
  readInteger,
  readList,
  readText,
} from './lenient-fields.ts';

/** A CALL to the station. */
export const call = (action: string, payload: object): EncodedCall => ({ action, payload });

/** @throws Error for a request that a version cannot say */
export const noWords = (version: string, { kind }: StationRequest): never => {
  throw new Error(`OCPP ${version} has no words for "${kind}"`);
};

/** The meanings of the statuses of one kind of answer. */
export type AnswerStatuses = ReturnType<typeof createStatuses>;

/** @param meanings by status as the schema writes it; stations write some in small letters, or with blanks */
export const createStatuses = (meanings: Readonly<Record<string, StationResult['status']>>) =>
  createEnumeration<StationResult['status']>('status', meanings);

/** Statuses that have one meaning in whichever answer; those of one answer alone are judged in its block. */
const commonStatuses = createStatuses({
  Accepted: 'accepted',
  Rejected: 'rejected',
  NotSupported: 'not_supported',
  NotImplemented: 'not_supported',
  RebootRequired: 'reboot_required',
  Scheduled: 'scheduled',
  NotSupportedAttributeType: 'not_supported',
});

/** @returns unknown for a status of one kind of answer alone, and for what is no status */
export const meaningOf = (raw: string): StationResult['status'] => findMember(commonStatuses, raw, []) ?? 'unknown';

/** @returns the result with the meaning that its status has in this kind of answer */
export const judge = (result: StationResult, statuses: AnswerStatuses | undefined): StationResult => {
  const status = statuses && findMember(statuses, result.raw, []);
  return status === undefined || status === result.status ? result : { ...result, status };
};

/** An answer that holds a status and nothing else. */
export const statusOf = (payload: unknown): StationResult => {
  const raw = readText(asFields(payload) ?? {}, 'status', []) ?? '';
  return { status: meaningOf(raw), raw };
};

/** An answer that tells something instead of a status. */
export const told = (payload: unknown): { result: StationResult; from: Fields } => ({
  result: { status: asFields(payload) ? 'done' : 'unknown', raw: '' },
  from: asFields(payload) ?? {},
});

/** GetCompositeSchedule; periods that are no limit (-1) are left out. @param key of the schedule in the answer */
export const compositeOf = (payload: unknown, key: string): StationResult => {
  const schedule = asFields(asFields(payload)?.[key]);
  if (!schedule) return statusOf(payload);
  const periods = readList(schedule, 'chargingSchedulePeriod', []).flatMap((period) => {
    const startS = readInteger(period, 'startPeriod', []);
    const limit = parseNumber(period.limit);
    return startS === undefined || !(limit >= 0) ? [] : [{ startS, limit }];
  });
  const unit = /^w/i.test(readText(schedule, 'chargingRateUnit', []) ?? 'A') ? 'W' : 'A';
  return { ...statusOf(payload), schedule: { unit, periods } };
};

/** GetLocalListVersion. @param key of the version in the answer */
export const listVersionOf = (payload: unknown, key: string): StationResult => {
  const { result, from } = told(payload);
  const listVersion = readInteger(from, key, []);
  return { ...result, ...(listVersion === undefined ? {} : { listVersion }) };
};

/** GetDiagnostics and GetLog. @param key of the name of the file in the answer */
export const fileNameOf = (payload: unknown, key: string): Pick<StationResult, 'fileName'> => {
  const fileName = readText(asFields(payload) ?? {}, key, []);
  return fileName === undefined ? {} : { fileName };
};

/** Several variables at once: taken where all are, else the first that was not. */
export const worstOf = (raws: string[]): StationResult => {
  const results = raws.map((raw) => ({ status: meaningOf(raw), raw }));
  const not = (fine: StationResult['status'][]): StationResult | undefined =>
    results.find(({ status }) => !fine.includes(status));
  return not(['accepted', 'reboot_required']) ?? not(['accepted']) ?? results[0] ?? { status: 'unknown', raw: '' };
};
