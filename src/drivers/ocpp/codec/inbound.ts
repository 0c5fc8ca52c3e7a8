/** What all versions share in reading the calls of a station. */

import type { Sample, StationEvent, Token } from '../words.ts';
import type { Decoded } from './codec.ts';
import { asFields, type Fields, isShallow, type Notes, note, quote, readFields, readText } from './lenient.ts';
import { readTime } from './station-time.ts';

/** The event of a call; undefined where it says too little to be answered. @param at when it arrived, ms */
export type Reader = (from: Fields, at: number, notes: Notes) => StationEvent | undefined;

/** Of the actions of one version: those of stations by name, and those that only go to stations. */
export interface Readers {
  byAction: ReadonlyMap<string, Reader>;
  ours: ReadonlySet<string>;
}

/** A message that is answered, and in which there is nothing for us. */
export const noticeOf = (action: string, payload: Fields): StationEvent => ({ kind: 'notice', action, payload });

export const readCall = ({ byAction, ours }: Readers, action: string, payload: unknown, at: number): Decoded => {
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
  const event = read(fields, at, notes);
  if (!event)
    return { ok: false, code: 'PropertyConstraintViolation', reason: `${action} says too little to be answered` };
  if (event.kind === 'notice' && !isShallow(event.payload))
    return { ok: false, code: 'FormationViolation', reason: `${action} is nested too deeply` };
  return { ok: true, event, notes };
};

/** A value that is passed on as it is. */
export const readAnything = (from: Fields, key: string, notes: Notes): unknown => {
  if (isShallow(from[key])) return from[key];
  note(notes, `${key} is nested too deeply: left out`);
  return undefined;
};

/** A text that the protocol demands. */
export const demandText = (from: Fields, key: string, notes: Notes): string => {
  const text = readText(from, key, notes);
  if (text === undefined) note(notes, `${key} is missing`);
  return text ?? '';
};

/** OCPP 2.x IdTokenType; its bare text is a token as well. */
export const readToken = (from: Fields, key: string, notes: Notes): Token | undefined => {
  if (typeof from[key] === 'string') return tokenOf(readText(from, key, notes));
  const fields = readFields(from, key, notes);
  if (!fields) return undefined;
  const token = tokenOf(readText(fields, 'idToken', notes));
  const type = readText(fields, 'type', notes);
  return token && type ? { ...token, type } : token;
};

export const tokenOf = (id: string | undefined): Token | undefined => (id === undefined ? undefined : { id });

/** The fields of an object that are there. */
export const present = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** The meter reading at the begin or the end of a transaction. */
export const registerOf = (samples: Sample[], context: 'begin' | 'end'): number | undefined =>
  samples.find((sample) => sample.context === context)?.measures.find(({ quantity }) => quantity === 'energy_imported')
    ?.value;

/** The same fields in all versions. */
export const readDataTransfer: Reader = (from, _at, notes) => ({
  kind: 'data_transfer',
  vendor: demandText(from, 'vendorId', notes),
  ...present({ message: readText(from, 'messageId', notes), data: readAnything(from, 'data', notes) }),
});

export const readSecurityEvent: Reader = (from, at, notes) => ({
  kind: 'security_event',
  type: demandText(from, 'type', notes),
  at: readTime(from, 'timestamp', at, notes),
  ...present({ info: readText(from, 'techInfo', notes) }),
});
