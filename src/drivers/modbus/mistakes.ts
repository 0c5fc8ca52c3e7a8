/** What is wrong with a profile, and where in its JSON, for the person who writes it. */
import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';

export interface Mistake {
  /** In the JSON of the profile: ["points", 3, "unit"]. */
  path: PropertyKey[];
  /** Of the point at the path. */
  name?: string;
  text: string;
}

/** @returns the reason in one line, and each mistake by itself */
export type Checked<T> = { ok: true; value: T } | { ok: false; reason: string; mistakes: Mistake[] };

/** So many fit into the status line of an error. */
const told = 5;

const pathText = (path: PropertyKey[]): string =>
  path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? String(step) : `.${String(step)}`))
    .join('');

/** "points[3].unit (power.l1): A cannot be converted to W of meter/power" */
export const mistakeText = ({ path, name, text }: Mistake): string => {
  const where = [pathText(path), name === undefined ? '' : `(${name})`].filter((part) => part !== '').join(' ');
  return where === '' ? text : `${where}: ${text}`;
};

export const refuse = (mistakes: Mistake[]): { ok: false; reason: string; mistakes: Mistake[] } => {
  const first = mistakes.slice(0, told).map(mistakeText).join('; ');
  const more = mistakes.length - told;
  return { ok: false, reason: more > 0 ? `${first}; and ${more} more` : first, mistakes };
};

const nameAt = (json: unknown, [list, n]: PropertyKey[]): string | undefined => {
  if (list !== 'points' || typeof n !== 'number') return undefined;
  const { points } = json as { points?: { name?: unknown }[] };
  const name = points?.[n]?.name;
  return typeof name === 'string' ? name : undefined;
};

const valueAt = (json: unknown, path: PropertyKey[]): unknown =>
  path.reduce((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], json);

/** What the schema says of it, in words that name the way out. */
const textOf = (issue: z.core.$ZodIssue, json: unknown, keys: readonly string[]): string => {
  const { message, path } = issue;
  if (/received undefined$/.test(message)) return 'is missing';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `there is no key "${key}" here${didYouMean(key, keys)}`).join('; ');
  const given = valueAt(json, path);
  if (issue.code === 'invalid_value' && typeof given === 'string') {
    const words = issue.values.map(String);
    return `"${given}" is none of ${words.join(', ')}${didYouMean(given, words)}`;
  }
  return message.replace(/^Invalid (input|option): /, '');
};

/**
 * @param json what the schema was asked about
 * @param keys all that a profile may have, at any depth
 */
export const mistakesOf = (error: z.ZodError, json: unknown, keys: readonly string[]): Mistake[] =>
  error.issues.map((issue) => {
    const name = nameAt(json, issue.path);
    return { path: issue.path, ...(name === undefined ? {} : { name }), text: textOf(issue, json, keys) };
  });
