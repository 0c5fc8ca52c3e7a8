/**
 * One parameter of a command in a form, as the meta of a device declares it: an input (a list where there is a choice,
 * else a text), the range in words, and whether a value is out of range.
 */
import { numberFault } from '../field.ts';
import { asText } from '../field-values.ts';
import type { EditorNode } from '../red.ts';
import { rangeText, text } from '../texts.ts';
import type { ParamRange } from './known-devices.ts';

/** Without unit, range and choice: yes or no. */
const isSwitch = ({ unit, min, max, choices }: ParamRange): boolean =>
  choices === undefined && unit === undefined && min === undefined && max === undefined;

/**
 * @param range undefined: the device does not declare the parameter
 * @returns the values that the parameter may have, in words: "0..11000 W; optional"
 */
export const paramText = (node: EditorNode, range: ParamRange | undefined): string => {
  const said = (key: string, values?: Record<string, unknown>): string => text(node, `range.${key}`, values);
  if (!range) return said('strange');
  const { min, max, step, zero, choices, optional, default: usual, limited_by: limit } = range;
  const span = rangeText({
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(range.unit !== undefined && { unit: range.unit }),
  });
  const facts = [
    ...(choices ? [choices.join(', ')] : []),
    ...(choices || isSwitch(range) ? [] : [zero && min !== undefined && min > 0 ? said('zero', { span }) : span]),
    ...(isSwitch(range) ? ['true, false'] : []),
    ...(step === undefined || max === undefined ? [] : [said('step', { step })]),
    ...(limit ? [said('limit', { limit })] : []),
    ...(usual === undefined ? [] : [said('default', { value: usual })]),
    ...(optional && usual === undefined ? [said('optional')] : []),
  ];
  return facts.filter((fact) => fact !== '').join('; ');
};

/** @param range undefined: the device does not declare the parameter */
export const isOutOfRange = (range: ParamRange | undefined, value: string): boolean => {
  const { min, max, zero } = range ?? {};
  if (min === undefined && max === undefined) return false;
  const bounds = { ...(min !== undefined && { min }), ...(max !== undefined && { max }), zero: zero === true };
  return numberFault(value, bounds) !== undefined;
};

/** @param range undefined: the device does not declare the parameter */
export const paramInput = (range: ParamRange | undefined, value: string): JQuery => {
  const choices = range && (isSwitch(range) ? ['true', 'false'] : range.choices);
  if (!choices)
    return $('<input type="text" autocomplete="off">').attr('placeholder', asText(range?.default)).val(value);
  const select = $('<select>');
  for (const choice of new Set(['', ...choices, value]))
    $('<option>', { value: choice })
      .text(choice === '' ? '–' : choice)
      .appendTo(select);
  return select.val(value);
};
