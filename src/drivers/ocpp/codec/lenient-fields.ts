/** Fields of a message as a station sent them: read leniently, and each liberty that is taken is noted. */

export type Fields = Readonly<Record<string, unknown>>;

/** Notes on what was missing or odd in a message, and how it was understood, in words. */
export type Notes = string[];

/** The circumstances in which a message is read. */
export interface ReadContext {
  /** When the message came: wall clock, ms since 1970. */
  readonly arrival: number;
  readonly notes: Notes;
}

/** A message that is wrong in a thousand places is described well enough by the first of them. */
const maxNotes = 20;
/** Characters. */
const maxText = 255;
/** OCPP 2.x GetVariableResultType and ReportDataType: characters of the value of a variable. */
const maxValue = 2500;
/** Entries of one list, so that no message keeps the others waiting: 1,000 meter values of ten are a thousand seconds. */
export const maxItems = 10_000;
/** Levels of nesting: more than any message of OCPP has. */
const maxDepth = 32;

/** Adds a note, unless there are enough of them. */
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

/** @returns undefined for what is no object */
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

/** @returns the text without the blanks around it; undefined where there is none */
export const readText = (from: Fields, key: string, notes: Notes): string | undefined =>
  textOf({ value: from[key], key, most: maxText }, notes);

/** The value of a variable, which may be longer than other texts. */
export const readVariableValue = (from: Fields, key: string, notes: Notes): string | undefined =>
  textOf({ value: from[key], key, most: maxValue }, notes);

const textOf = (
  { value, key, most }: { value: unknown; key: string; most: number },
  notes: Notes,
): string | undefined => {
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

/** @returns undefined where there is no number */
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

/** @returns the whole number next to it; undefined where there is none */
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

/** The id of a connector (1.6) or an EVSE (2.x); 0, the station as a whole, where the field names none. */
export const readEvseId = (from: Fields, key: string, notes: Notes): number => {
  const place = readInteger(from, key, notes);
  if (place !== undefined && place >= 0 && place < 1000) return place;
  note(notes, `${key} is ${quote(from[key])}: taken as 0`);
  return 0;
};

/** @returns undefined where the field is absent; any other value than true, 1 and yes is false */
export const readFlag = (from: Fields, key: string, notes: Notes): boolean | undefined => {
  const value = from[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'boolean') return value;
  const flag = value === 1 || (typeof value === 'string' && /^(true|1|yes)$/i.test(value));
  note(notes, `${key} is ${quote(value)}: taken as ${flag}`);
  return flag;
};

/** @returns the fields of an object within the message; undefined where there is none */
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

/** The members of an enumeration of OCPP and what they mean. */
export interface Enumeration<T> {
  /** The field that holds a member. */
  field: string;
  exact: ReadonlyMap<string, T>;
  /** Members by their spelling without case and signs. */
  folded: ReadonlyMap<string, T>;
}

/** "Suspended_EV" and "suspendedEV" are one word. */
const fold = (word: string): string =>
  word
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

/** @param members as OCPP spells them */
export const createEnumeration = <T>(field: string, members: Readonly<Record<string, T>>): Enumeration<T> => {
  const list = Object.entries(members);
  return { field, exact: new Map(list), folded: new Map(list.map(([word, meaning]) => [fold(word), meaning])) };
};

/** @returns undefined where a value is no text, or no member of the enumeration */
export const findMember = <T>(
  { field, exact, folded }: Enumeration<T>,
  value: unknown,
  notes: Notes,
): T | undefined => {
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') {
    note(notes, `${field} is ${quote(value)} and no text: left out`);
    return undefined;
  }
  const meant = exact.get(value);
  if (meant !== undefined) return meant;
  const meaning = folded.get(fold(value));
  if (meaning === undefined) note(notes, `${field} is ${quote(value)}, which is not known: left out`);
  else note(notes, `${field} is written ${quote(value)}`);
  return meaning;
};

/** The member in the field of the enumeration. */
export const readMember = <T>(from: Fields, enumeration: Enumeration<T>, notes: Notes): T | undefined =>
  findMember(enumeration, from[enumeration.field], notes);
