/** Commands and their parameters in words for a form, as the meta of a device declares them. */
import type { EditorNode } from '../red.ts';
import { rangeText, text } from '../texts.ts';
import type { CommandMeta, ParamRange } from './known-devices.ts';

/** Three time constants: 95 % of the way is done. */
const followingConstants = 3;

/** Without unit, range and choice: yes or no. */
export const isSwitch = ({ unit, min, max, choices }: ParamRange): boolean =>
  choices === undefined && unit === undefined && min === undefined && max === undefined;

const stateText = (fallback: unknown): string | undefined => {
  if (fallback === undefined) return undefined;
  if (typeof fallback !== 'object' || fallback === null) return String(fallback);
  return Object.entries(fallback)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
};

/** @returns sentences: what kind of command, how it is known that the device obeys, and how fast it does */
export const commandMeaning = (node: EditorNode, meta: CommandMeta): string[] => {
  const { kind, fallback, verification, verify_s: verifyS, latency_s: latencyS, time_constant_s: constantS } = meta;
  const state = stateText(fallback);
  const said = (key: string, values?: Record<string, unknown>): string => text(node, `meaning.${key}`, values);
  return [
    kind ? said(kind) : '',
    state === undefined ? '' : said('fallback', { state }),
    verification ? said(verification, { s: verifyS }) : '',
    latencyS === undefined ? '' : said('latency', { s: latencyS }),
    constantS === undefined ? '' : said('following', { s: Math.round(followingConstants * constantS) }),
    meta.watchdog_s === undefined ? '' : said('watchdog', { s: meta.watchdog_s }),
    meta.persistent ? said('persistent') : '',
  ].filter((sentence) => sentence !== '');
};

/** @param range undefined: the device does not declare the parameter. @returns what it may be: "0..11000 W; optional" */
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
