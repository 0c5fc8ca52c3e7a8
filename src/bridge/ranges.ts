/** Parameters of a command against what the device allows: refused with the reason, or brought into range. */
import type { ParameterRange, VerbDescription } from '../drivers/driver.ts';
import type { Code, Params } from '../model/command.ts';
import type { Parameter, Verb } from '../model/verbs.ts';

export type CheckedParams =
  | { ok: true; params: Params; isClamped: boolean }
  | { ok: false; code: Code; message: string };

const refuse = (code: Code, message: string): CheckedParams => ({ ok: false, code, message });

const unitText = ({ unit }: ParameterRange): string => (unit === undefined || unit === '1' ? '' : ` ${unit}`);

/** Into the range, downwards to a step; what lies between 0 and min becomes 0 where 0 is allowed. */
const bring = (
  value: number,
  { min = 0, max = Number.POSITIVE_INFINITY, step, isZeroAllowed }: ParameterRange,
): number => {
  if (isZeroAllowed && value < min) return 0;
  const inside = Math.min(Math.max(value, min), max);
  if (step === undefined) return inside;
  // A hair above the step is the step: 0.3 is three times 0.1.
  return Math.max(min, Number((Math.floor(inside / step + 1e-9) * step).toFixed(9)));
};

const isOutside = (value: number, range: ParameterRange): boolean => {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, isZeroAllowed } = range;
  if (isZeroAllowed && value === 0) return false;
  return value < min || value > max;
};

const describe = (range: ParameterRange): string => {
  const { min, max, isZeroAllowed } = range;
  return `${isZeroAllowed && min !== 0 ? '0 or ' : ''}${min}..${max}${unitText(range)}`;
};

const typeFault = (name: string, value: Params[string], { value: kind }: Parameter): string | undefined => {
  if (kind === 'number') return typeof value === 'number' ? undefined : `${name} is a number`;
  if (kind === 'boolean') return typeof value === 'boolean' ? undefined : `${name} is true or false`;
  if (kind === 'list') return Array.isArray(value) ? undefined : `${name} is a list`;
  return typeof value === 'string' ? undefined : `${name} is a word`;
};

const choiceFault = (name: string, value: Params[string], choices: string[] | undefined): string | undefined =>
  choices && !choices.includes(String(value)) ? `${name} is one of ${choices.join(', ')}` : undefined;

/** Shares of the rated power become watts: everything behind this counts in one unit. */
const withoutPercent = (given: Params, { params }: VerbDescription): Params => {
  const { percent, ...rest } = given;
  const rated = params.power_w?.max;
  if (typeof percent !== 'number' || rated === undefined || rest.power_w !== undefined) return given;
  return { ...rest, power_w: (rated * percent) / 100 };
};

/**
 * @param clamps bring values into range instead of refusing them
 */
export const checkParams = (
  verb: Verb,
  description: VerbDescription,
  given: Params,
  clamps: boolean,
): CheckedParams => {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(verb.params, name)) return refuse('SCHEMA', `there is no parameter "${name}"`);
    const isShare = name === 'percent' && Object.hasOwn(description.params, 'power_w');
    if (!Object.hasOwn(description.params, name) && !isShare)
      return refuse('UNSUPPORTED', `this device does not take ${name}`);
  }
  if (given.percent !== undefined && given.power_w !== undefined)
    return refuse('SCHEMA', 'either power_w or percent, not both');
  for (const [name, value] of Object.entries(given)) {
    const wrongType = typeFault(name, value, verb.params[name] as Parameter);
    if (wrongType !== undefined) return refuse('SCHEMA', wrongType);
    const noChoice = choiceFault(name, value, description.params[name]?.choices);
    if (noChoice !== undefined) return refuse('OUT_OF_RANGE', noChoice);
  }
  if (typeof given.percent === 'number' && (given.percent < 0 || given.percent > 100))
    return refuse('OUT_OF_RANGE', `percent ${given.percent} is outside 0..100 %`);
  const params: Params = {};
  const values = withoutPercent(given, description);
  let isClamped = false;
  for (const [name, range] of Object.entries(description.params)) {
    const value = values[name];
    const isShare = name === 'percent';
    if (value === undefined) {
      const isNeeded = !range.isOptional || (name === 'power_w' && verb.kind === 'limit');
      if (isNeeded && !isShare) return refuse('SCHEMA', `the parameter ${name} is missing`);
      continue;
    }
    if (typeof value !== 'number') {
      params[name] = value;
      continue;
    }
    if (isOutside(value, range) && !clamps)
      return refuse('OUT_OF_RANGE', `${name} ${value} is outside ${describe(range)}`);
    const brought = bring(value, range);
    isClamped ||= brought !== value;
    params[name] = brought;
  }
  return { ok: true, params, isClamped };
};

/** What is left of a setpoint within the limits of all others. */
export const boundByLimits = (params: Params, description: VerbDescription, limits: Record<string, number>): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const range = description.params[name];
      const limit = range?.limitedBy === undefined ? undefined : limits[range.limitedBy];
      if (typeof value !== 'number' || range === undefined || limit === undefined || value <= limit)
        return [name, value];
      return [name, bring(limit, { ...range, min: range.isZeroAllowed ? (range.min ?? 0) : 0 })];
    }),
  );
