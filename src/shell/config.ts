/**
 * Field types of node configurations. The editor stores texts, and so does ${ENV}: numbers and switches are coerced.
 */
import { z } from 'zod';
import type { Choice, DefaultedNumber, NumberRange } from '../model/limits.ts';
import { idPattern, idRule } from '../model/topic.ts';

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

/** Node-RED leaves the name in a field whose environment variable does not exist. */
const unresolved = /^\$\{(\S+)\}$|^\$\((\S+)\)$/;

const resolved = (value: unknown, context: z.RefinementCtx): unknown => {
  const match = typeof value === 'string' ? unresolved.exec(value) : null;
  if (match)
    context.addIssue({ code: 'custom', message: `the environment variable ${match[1] ?? match[2]} is not set` });
  return match ? z.NEVER : value;
};

/** The value of a field in a flow; a flow of an earlier version may not hold the field at all. */
const given = z.unknown().prefault('');

const within = ({ min, max, isInteger }: NumberRange) => {
  const number = z.coerce.number().min(min).max(max);
  return isInteger ? number.pipe(z.int()) : number;
};

/** A number within its range; empty means the default. */
export const numberField = (field: DefaultedNumber) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? field.default : value))
    .pipe(within(field));

/** A number that may be left empty. */
export const optionalNumberField = (range: NumberRange) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? undefined : value))
    .pipe(within(range).optional());

/** A text of at most 10,000 characters; empty means the default. */
export const textField = (fallback = '') =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.string().max(10_000));

/** A text that has to be there. @param what the field is called in the reason: "the broker" */
export const requiredText = (what: string) => textField().pipe(z.string().min(1, `${what} is missing`));

/** Entries of a text, without the blanks around them; empty ones are left out. */
export const listField = (separator: RegExp) =>
  textField().transform((text) =>
    text
      .split(separator)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );

/** true, "true", "on", "1" and their opposites; empty means the default. */
export const flagField = (fallback: boolean) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? fallback : value))
    .pipe(z.union([z.boolean(), z.stringbool()]));

/** One of several values; empty means the default. */
export const choiceField = <Value extends string>(choice: Choice<Value>) =>
  given
    .transform(resolved)
    .transform((value) => (isEmpty(value) ? choice.default : value))
    .pipe(z.enum(choice.values));

const anId = (what: string) =>
  z.string().regex(idPattern, {
    error: ({ input }) => `"${input}" does not fit into a topic: ${what} ${idRule}`,
  });

/** An id that can stand in a topic. @param what the field is called in the reason */
export const idField = (what: string) => requiredText(what).pipe(anId(what));

/** An id that can stand in a topic, or empty. @param what the field is called in the reason */
export const optionalId = (what: string) => textField().pipe(z.union([z.literal(''), anId(what)]));

/** The id of a config node chosen in a form. */
export const nodeReference = (what: string) => requiredText(what);
