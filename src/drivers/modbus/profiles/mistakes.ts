/** Mistakes in a profile or a SunSpec model, with their place in its JSON, told to the person who writes it. */
import type { z } from 'zod';
import { didYouMean } from '../../../common/did-you-mean.ts';

/** One mistake, at its place. */
export interface Mistake {
  /** Path in the JSON: ["points", 3, "unit"]. */
  path: PropertyKey[];
  /** Name of the point at the path. */
  name?: string;
  text: string;
}

/** A checked value; or the reason in one line, and every mistake by itself. */
export type Checked<T> = { ok: true; value: T } | { ok: false; reason: string; mistakes: Mistake[] };

/** Mistakes that fit into the one line of an error. */
const maxMistakesInReason = 5;

const pathText = (path: PropertyKey[]): string =>
  path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? String(step) : `.${String(step)}`))
    .join('');

/** @returns "points[3].unit (power.l1): A cannot be converted to W of meter/power" */
export const mistakeText = ({ path, name, text }: Mistake): string => {
  const where = [pathText(path), name === undefined ? '' : `(${name})`].filter((part) => part !== '').join(' ');
  return where === '' ? text : `${where}: ${text}`;
};

/** @returns the outcome of a check that found mistakes */
export const refuse = (mistakes: Mistake[]): { ok: false; reason: string; mistakes: Mistake[] } => {
  const first = mistakes.slice(0, maxMistakesInReason).map(mistakeText).join('; ');
  const more = mistakes.length - maxMistakesInReason;
  return { ok: false, reason: more > 0 ? `${first}; and ${more} more` : first, mistakes };
};

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;

const valueAt = (json: unknown, path: PropertyKey[]): unknown =>
  path.reduce((value, step) => (isObject(value) ? value[step] : undefined), json);

/** @returns the name of the innermost point, or other element of a list, that a path leads into */
const nameAt = (json: unknown, path: PropertyKey[]): string | undefined => {
  const names = path.flatMap((step, n) => {
    const element = typeof step === 'number' ? valueAt(json, path.slice(0, n + 1)) : undefined;
    return isObject(element) && typeof element.name === 'string' ? [element.name] : [];
  });
  return names.at(-1);
};

/** The keys that a profile may have, by the part of the profile that they belong to. */
export type KeysByPart = Readonly<Record<string, readonly string[]>>;

/** @returns in words where a key belongs that is known elsewhere, or which key was probably meant */
const unknownKey = (key: string, keysByPart: KeysByPart): string => {
  const parts = Object.entries(keysByPart).filter(([, keys]) => keys.includes(key));
  const advice =
    parts.length > 0
      ? `, only in ${parts.map(([part]) => part).join(' and ')}`
      : didYouMean(key, Object.values(keysByPart).flat());
  return `there is no key "${key}" here${advice}`;
};

/** @returns an issue of the schema in words that say how to mend it */
const textOf = (issue: z.core.$ZodIssue, json: unknown, keysByPart: KeysByPart): string => {
  const { message, path } = issue;
  if (/received undefined$/.test(message)) return 'is missing';
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, keysByPart)).join('; ');
  const given = valueAt(json, path);
  if (issue.code === 'invalid_value' && typeof given === 'string') {
    const words = issue.values.map(String);
    return `"${given}" is none of ${words.join(', ')}${didYouMean(given, words)}`;
  }
  return message.replace(/^Invalid (input|option): /, '');
};

/**
 * @param json the value that the schema was applied to
 * @param keysByPart every key that a profile may have, at any depth
 */
export const mistakesOf = (error: z.ZodError, json: unknown, keysByPart: KeysByPart): Mistake[] =>
  error.issues.map((issue) => {
    const name = nameAt(json, issue.path);
    return { path: issue.path, ...(name === undefined ? {} : { name }), text: textOf(issue, json, keysByPart) };
  });
