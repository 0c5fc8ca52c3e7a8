/** Calls of a station, as far as all versions read them alike. */
import type { IdToken, MeterValue, StationMessage } from '../messages.ts';
import type { Decoded } from './codec.ts';
import {
  asFields,
  type Fields,
  isShallow,
  type Notes,
  note,
  quote,
  type ReadContext,
  readFields,
  readText,
} from './lenient-fields.ts';
import { readTime } from './timestamps.ts';

/** Reads one kind of call; undefined where it says too little to be answered. */
export type Reader = (from: Fields, context: ReadContext) => StationMessage | undefined;

/** The actions of one version. */
export interface Readers {
  /** Those of stations. */
  byAction: ReadonlyMap<string, Reader>;
  /** Those that only go to stations. */
  ours: ReadonlySet<string>;
}

/** A message that is answered, and in which there is nothing for us. */
export const noticeOf = (action: string, payload: Fields): StationMessage => ({ kind: 'notice', action, payload });

/** A CALL of a station as it came. */
export interface ReceivedCall {
  action: string;
  payload: unknown;
  /** Wall clock, ms since 1970. */
  arrival: number;
}

/** Reads a call by the readers of its version. */
export const readCall = ({ byAction, ours }: Readers, { action, payload, arrival }: ReceivedCall): Decoded => {
  const read = byAction.get(action);
  if (!read) {
    // OCPP-J 1.6 §4.2.3, OCPP 2.x part 4 §4.3
    return ours.has(action)
      ? { ok: false, code: 'NotSupported', reason: `${action} goes to a station, not to its CSMS` }
      : { ok: false, code: 'NotImplemented', reason: `${quote(action)} is no action of this version` };
  }
  const notes: Notes = [];
  const fields = asFields(payload) ?? (action === 'Heartbeat' ? {} : undefined);
  if (!fields)
    return { ok: false, code: 'FormationViolation', reason: `${action} is ${quote(payload)} and has no fields` };
  const event = read(fields, { arrival, notes });
  if (!event)
    return { ok: false, code: 'PropertyConstraintViolation', reason: `${action} says too little to be answered` };
  if (event.kind === 'notice' && !isShallow(event.payload))
    return { ok: false, code: 'FormationViolation', reason: `${action} is nested too deeply` };
  return { ok: true, event, notes };
};

/** @returns a value as it is; undefined where it is nested too deeply to be passed on */
export const readAnything = (from: Fields, key: string, notes: Notes): unknown => {
  if (isShallow(from[key])) return from[key];
  note(notes, `${key} is nested too deeply: left out`);
  return undefined;
};

/** A text that the protocol demands; empty where it is missing. */
export const demandText = (from: Fields, key: string, notes: Notes): string => {
  const text = readText(from, key, notes);
  if (text === undefined) note(notes, `${key} is missing`);
  return text ?? '';
};

/** OCPP 2.x IdTokenType; its bare text is a token as well. */
export const readToken = (from: Fields, key: string, notes: Notes): IdToken | undefined => {
  if (typeof from[key] === 'string') return tokenOf(readText(from, key, notes));
  const fields = readFields(from, key, notes);
  if (!fields) return undefined;
  const token = tokenOf(readText(fields, 'idToken', notes));
  const type = readText(fields, 'type', notes);
  return token && type ? { ...token, type } : token;
};

/** An id token without a type. */
export const tokenOf = (id: string | undefined): IdToken | undefined => (id === undefined ? undefined : { id });

/** The fields of an object that are there. */
export const present = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** @returns the meter reading at the begin or the end of a transaction, Wh */
export const registerOf = (meterValues: MeterValue[], context: 'begin' | 'end'): number | undefined =>
  meterValues
    .find((sample) => sample.context === context)
    ?.sampledValues.find(({ quantity }) => quantity === 'energy_imported')?.value;

/** DataTransfer, the same in all versions. */
export const readDataTransfer: Reader = (from, { notes }) => ({
  kind: 'data_transfer',
  vendor: demandText(from, 'vendorId', notes),
  ...present({ message: readText(from, 'messageId', notes), data: readAnything(from, 'data', notes) }),
});

/** SecurityEventNotification, the same in all versions. */
export const readSecurityEvent: Reader = (from, context) => ({
  kind: 'security_event',
  type: demandText(from, 'type', context.notes),
  at: readTime(from, 'timestamp', context),
  ...present({ info: readText(from, 'techInfo', context.notes) }),
});
