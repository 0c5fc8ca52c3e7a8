/** Kinds of fields: what a new node holds, and what may be typed. */
import type { Choice, DefaultedNumber, NumberRange } from '../model/limits.ts';
import { idPattern } from '../model/topic.ts';
import { asText, isVariable } from './field-values.ts';
import type { EditorNode } from './red.ts';
import { labelOf, text } from './texts.ts';

/** The node and the name of the field that is checked. */
interface FieldPlace {
  node: EditorNode;
  name: string;
}

/** @returns true, or a sentence that says what is wrong */
export type FieldCheck = (value: unknown, place: FieldPlace) => true | string;

/** A field of a form. */
export interface FormField {
  /** Value in a new node. */
  value: unknown;
  /** Type of the configuration node that the field names. */
  type?: string;
  required?: boolean;
  /** Shown in the empty input. */
  placeholder?: string;
  check?: FieldCheck;
}

/** @returns what is wrong with a text that should be a number; undefined: nothing, also of an empty one or a variable */
export const numberFault = (
  value: unknown,
  { min = -Infinity, max = Infinity, zero = false }: { min?: number; max?: number; zero?: boolean },
): 'text' | 'range' | undefined => {
  const typed = asText(value);
  if (typed === '' || isVariable(typed)) return undefined;
  const number = Number(typed);
  if (!Number.isFinite(number)) return 'text';
  return (number >= min && number <= max) || (zero && number === 0) ? undefined : 'range';
};

/** Refuses what is no number within a range, with the label of the field. */
export const checkNumber =
  (range: NumberRange): FieldCheck =>
  (value, { node, name }) => {
    const isFraction = range.isInteger === true && !isVariable(value) && !Number.isInteger(Number(asText(value)));
    if (numberFault(value, range) === undefined && !isFraction) return true;
    const { min, max } = range;
    return text(node, 'error.number', { label: labelOf(node, name), min, max });
  };

/** A number that means its default where it is left empty. */
export const numberField = (field: DefaultedNumber): FormField => ({
  value: field.default,
  placeholder: String(field.default),
  check: checkNumber(field),
});

/** A number that may be left empty. */
export const optionalNumberField = (range: NumberRange): FormField => ({ value: '', check: checkNumber(range) });

/** A text of any content. @param value in a new node */
export const textField = (value = ''): FormField => ({ value });

/** A box to tick. @param value in a new node */
export const flagField = (value: boolean): FormField => ({ value });

/** One of several values. */
export const choiceField = (choice: Choice): FormField => ({ value: choice.default });

/** A list that names a configuration node. */
export const configNodeField = (type: string, required: boolean): FormField => ({ value: '', type, required });

/** An id as it stands in topics. */
export const idField = (required: boolean): FormField => ({
  value: '',
  required,
  check(value, { node, name }) {
    const id = asText(value);
    if ((id === '' && !required) || isVariable(id) || idPattern.test(id)) return true;
    return text(node, 'error.id', { label: labelOf(node, name) });
  },
});

/** A text of a certain form, or none; the reason is the text error.<name> of the catalog. */
export const patternField = (isRight: (given: string) => boolean): FormField => ({
  value: '',
  check(value, { node, name }) {
    const typed = asText(value);
    if (typed === '' || isVariable(typed) || isRight(typed)) return true;
    return text(node, `error.${name}`, { label: labelOf(node, name) });
  },
});
