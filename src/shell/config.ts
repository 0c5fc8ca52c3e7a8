/**
 * Field types of node configurations. The editor stores texts, and so does ${ENV}: numbers and switches are coerced.
 */
import { z } from 'zod';
import { idPattern, idRule } from '../model/topic.ts';

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

/** The text that Node-RED leaves in a field whose environment variable does not exist. */
const unresolved = /^\$\{(\S+)\}$|^\$\((\S+)\)$/;

const resolved = (value: unknown, context: z.RefinementCtx): unknown => {
  const match = typeof value === 'string' ? unresolved.exec(value) : null;
  if (match)
    context.addIssue({ code: 'custom', message: `the environment variable ${match[1] ?? match[2]} is not set` });
  return match ? z.NEVER : value;
};

/** The value of a field in a flow; a flow made by an older version does not have the field. */
const given = z.unknown().prefault('');

/** A number with bounds; empty means the default. */
export const numberField = (fallback: number, min: number, max: number) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.coerce.number().min(min).max(max));

/** A number that may be left empty. */
export const optionalNumberField = (min: number, max: number) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? undefined : value))
    .pipe(z.coerce.number().min(min).max(max).optional());

/** @returns a text; the default where the field is empty or absent */
export const textField = (fallback = '') =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.string().max(10_000));

/** @returns a text that must not be empty */
const requiredText = (what: string) => textField().pipe(z.string().min(1, `${what} is missing`));

/** true, "true", "on", "1" and their opposites; empty means the default. */
export const flagField = (fallback: boolean) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.union([z.boolean(), z.stringbool()]));

/** @returns one of a few words; the default where the field is empty or absent */
export const choiceField = <const T extends readonly [string, ...string[]]>(choices: T, fallback: T[number]) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.enum(choices));

const anId = (what: string) =>
  z.string().regex(idPattern, {
    error: ({ input }) => `"${input}" does not fit into a topic: ${what} ${idRule}`,
  });

/** @returns an id of the model that must not be empty */
export const idField = (what: string) => requiredText(what).pipe(anId(what));

/** @returns an id of the model, or an empty text */
export const optionalId = (what: string) => textField().pipe(z.union([z.literal(''), anId(what)]));

/** The id of a config node chosen in a form. */
export const nodeReference = (what: string) => requiredText(what);
