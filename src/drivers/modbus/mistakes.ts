/** What is wrong with a profile, and where in its JSON, for the person who writes it. */
import type { z } from 'zod';

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

/** @param json what the schema was asked about */
export const mistakesOf = (error: z.ZodError, json: unknown): Mistake[] =>
  error.issues.map(({ path, message }) => {
    const name = nameAt(json, path);
    const text = /received undefined$/.test(message) ? 'is missing' : message.replace(/^Invalid (input|option): /, '');
    return { path, ...(name === undefined ? {} : { name }), text };
  });
