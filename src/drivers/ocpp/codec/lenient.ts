/** Fields of a message as a station sent them, whatever they are: read leniently, and each liberty taken is noted. */

export type Fields = Readonly<Record<string, unknown>>;

/** What was missing or odd and how it was understood, in words. */
export type Notes = string[];

/** A message that is wrong in a thousand places is described well enough by the first. */
const maxNotes = 20;
const maxText = 255;
/** OCPP 2.x GetVariableResultType and ReportDataType: the longest value of a variable. */
export const maxValue = 2500;
/** Of one message, so that none keeps the others waiting: 1,000 samples of ten values are an hour of seconds. */
export const maxItems = 10_000;
/** Deeper than any message of OCPP. */
const maxDepth = 32;

export const note = (notes: Notes, what: string): void => {
  if (notes.length < maxNotes) notes.push(what);
};

/** A value in the words of a note. */
export const quote = (value: unknown): string => {
  if (typeof value === 'string') return `"${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : 'an object';
};

export const asFields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

/** Whether a value is safe to be passed on as it is. */
export const isShallow = (value: unknown, depth = maxDepth): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const each of Array.isArray(value) ? value : Object.values(value)) if (!isShallow(each, depth - 1)) return false;
  return true;
};

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** @returns undefined where there is none; without the blanks around it */
export const readText = (from: Fields, key: string, notes: Notes, most = maxText): string | undefined => {
  const value = from[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') {
    note(notes, `${key} is ${quote(value)}: taken as text`);
    return String(value);
  }
  if (typeof value !== 'string') {
    note(notes, `${key} is ${quote(value)} and no text: left out`);
    return undefined;
  }
  if (value.length > most) note(notes, `${key} has ${value.length} characters: cut to ${most}`);
  return value.slice(0, most).trim() || undefined;
};

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** @returns NaN for what is no number; "230,5" is one */
export const parseNumber = (value: unknown): number => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== 'string' || value.length > 40) return Number.NaN;
  const text = value.trim().replace(',', '.');
  const number = decimal.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : Number.NaN;
};

export const readNumber = (from: Fields, key: string, notes: Notes): number | undefined => {
  const value = from[key];
  if (isAbsent(value)) return undefined;
  const number = parseNumber(value);
  if (Number.isNaN(number)) {
    note(notes, `${key} is ${quote(value)} and no number: left out`);
    return undefined;
  }
  if (typeof value !== 'number') note(notes, `${key} is ${quote(value)}: taken as ${number}`);
  return number;
};

export const readInteger = (from: Fields, key: string, notes: Notes): number | undefined => {
  const number = readNumber(from, key, notes);
  if (number === undefined || Number.isSafeInteger(number)) return number;
  const rounded = Math.round(number);
  if (!Number.isSafeInteger(rounded)) {
    note(notes, `${key} is ${number} and no whole number: left out`);
    return undefined;
  }
  note(notes, `${key} is ${number}: taken as ${rounded}`);
  return rounded;
};

/** The number of a connector or an EVSE; 0, the station as a whole, where it is not said which. */
export const readPlace = (from: Fields, key: string, notes: Notes): number => {
  const place = readInteger(from, key, notes);
  if (place !== undefined && place >= 0 && place < 1000) return place;
  note(notes, `${key} is ${quote(from[key])}: taken as 0`);
  return 0;
};

export const readFlag = (from: Fields, key: string, notes: Notes): boolean | undefined => {
  const value = from[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'boolean') return value;
  const flag = value === 1 || (typeof value === 'string' && /^(true|1|yes)$/i.test(value));
  note(notes, `${key} is ${quote(value)}: taken as ${flag}`);
  return flag;
};

/** A part of a message that has fields of its own; none where it is missing. */
export const readFields = (from: Fields, key: string, notes: Notes): Fields | undefined => {
  const value = from[key];
  const fields = asFields(value);
  if (!fields && !isAbsent(value)) note(notes, `${key} is ${quote(value)} and has no fields: left out`);
  return fields;
};

/** The members of a list that have fields; a single one may stand without its list. */
export const readList = (from: Fields, key: string, notes: Notes): Fields[] => {
  const value = from[key];
  if (isAbsent(value)) return [];
  const single = asFields(value);
  if (single) {
    note(notes, `${key} is no list: taken as a list of one`);
    return [single];
  }
  if (!Array.isArray(value)) {
    note(notes, `${key} is ${quote(value)} and no list: left out`);
    return [];
  }
  if (value.length > maxItems) note(notes, `${key} has ${value.length} entries: only the first ${maxItems} are read`);
  const list: Fields[] = [];
  for (const each of value.length > maxItems ? value.slice(0, maxItems) : value) {
    const fields = asFields(each);
    if (fields) list.push(fields);
    else note(notes, `an entry of ${key} is ${quote(each)}: left out`);
  }
  return list;
};

/** The members of an enumeration and what they mean. */
export interface Words<T> {
  exact: ReadonlyMap<string, T>;
  folded: ReadonlyMap<string, T>;
}

/** "Suspended_EV" and "suspendedEV" are one word. */
const fold = (word: string): string =>
  word
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

export const wordsOf = <T>(entries: Readonly<Record<string, T>>): Words<T> => {
  const list = Object.entries(entries);
  return { exact: new Map(list), folded: new Map(list.map(([word, meaning]) => [fold(word), meaning])) };
};

/** @returns undefined where it is no text, or no word of the enumeration */
export const findWord = <T>(words: Words<T>, value: unknown, key: string, notes: Notes): T | undefined => {
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') {
    note(notes, `${key} is ${quote(value)} and no text: left out`);
    return undefined;
  }
  const exact = words.exact.get(value);
  if (exact !== undefined) return exact;
  const meaning = words.folded.get(fold(value));
  if (meaning === undefined) note(notes, `${key} is ${quote(value)}, which is not known: left out`);
  else note(notes, `${key} is written ${quote(value)}`);
  return meaning;
};

export const readWord = <T>(from: Fields, key: string, words: Words<T>, notes: Notes): T | undefined =>
  findWord(words, from[key], key, notes);
