/** The input of one parameter of a command: a list where there is a choice, else a text. */
import { numberFault } from '../field.ts';
import { asText } from '../field-values.ts';
import { isSwitch } from './command-texts.ts';
import type { ParamRange } from './known-devices.ts';

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
