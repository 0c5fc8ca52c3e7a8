/** Parameters of a command against the ranges of the device: refused with the reason, or brought into range. */
import type { ParameterRange, VerbDescription } from '../../drivers/driver.ts';
import type { Code, Params } from '../../model/command.ts';
import type { Parameter, Verb } from '../../model/verbs.ts';

/** Parameters in range, or why they are refused. */
type CheckedParams = { ok: true; params: Params; isClamped: boolean } | { ok: false; code: Code; message: string };

/** The rules that parameters are checked by. */
interface ParamRules {
  /** The command in the registry of commands. */
  verb: Verb;
  /** The command as the device offers it. */
  description: VerbDescription;
  /** Whether values out of range are brought into range instead of being refused. */
  clamps: boolean;
}

type Refusal = Extract<CheckedParams, { ok: false }>;

const refuse = (code: Code, message: string): Refusal => ({ ok: false, code, message });

/** Share of a step by which a value may lie below the step and still be the step: 0.3 is three times 0.1. */
const stepTolerance = 1e-9;

/** Brings a value into the range, down to a step; a value between 0 and min becomes 0 if 0 is allowed. */
const intoRange = (
  value: number,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, step, isZeroAllowed }: ParameterRange,
): number => {
  if (isZeroAllowed && value < min) return 0;
  const inside = Math.min(Math.max(value, min), max);
  if (step === undefined) return inside;
  return Math.max(min, Number((Math.floor(inside / step + stepTolerance) * step).toFixed(9)));
};

const isOutside = (value: number, range: ParameterRange): boolean => {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, isZeroAllowed } = range;
  if (isZeroAllowed && value === 0) return false;
  return value < min || value > max;
};

/** @returns "0 or 1380..11000 W" */
const rangeText = ({ unit, min, max, isZeroAllowed }: ParameterRange): string => {
  const unitText = unit === undefined || unit === '1' ? '' : ` ${unit}`;
  return `${isZeroAllowed && min !== 0 ? '0 or ' : ''}${min}..${max}${unitText}`;
};

const typeFault = (name: string, value: Params[string], { value: kind }: Parameter): string | undefined => {
  if (kind === 'number') return typeof value === 'number' ? undefined : `${name} is a number`;
  if (kind === 'boolean') return typeof value === 'boolean' ? undefined : `${name} is true or false`;
  if (kind === 'list') return Array.isArray(value) ? undefined : `${name} is a list`;
  return typeof value === 'string' ? undefined : `${name} is a word`;
};

const choiceFault = (name: string, value: Params[string], choices: string[] | undefined): string | undefined =>
  choices && !choices.includes(String(value)) ? `${name} is one of ${choices.join(', ')}` : undefined;

const nameFault = (name: string, { verb, description }: ParamRules): Refusal | undefined => {
  if (!Object.hasOwn(verb.params, name)) return refuse('SCHEMA', `there is no parameter "${name}"`);
  const isShare = name === 'percent' && Object.hasOwn(description.params, 'power_w');
  return Object.hasOwn(description.params, name) || isShare
    ? undefined
    : refuse('UNSUPPORTED', `this device does not take ${name}`);
};

const valueFault = (name: string, value: Params[string], { verb, description }: ParamRules): Refusal | undefined => {
  const wrongType = typeFault(name, value, verb.params[name] as Parameter);
  if (wrongType !== undefined) return refuse('SCHEMA', wrongType);
  const noChoice = choiceFault(name, value, description.params[name]?.choices);
  return noChoice === undefined ? undefined : refuse('OUT_OF_RANGE', noChoice);
};

/** @returns the first fault that does not depend on the range of a number */
const formFault = (given: Params, rules: ParamRules): Refusal | undefined => {
  for (const name of Object.keys(given)) {
    const fault = nameFault(name, rules);
    if (fault) return fault;
  }
  if (given.percent !== undefined && given.power_w !== undefined)
    return refuse('SCHEMA', 'either power_w or percent, not both');
  for (const [name, value] of Object.entries(given)) {
    const fault = valueFault(name, value, rules);
    if (fault) return fault;
  }
  return typeof given.percent === 'number' && (given.percent < 0 || given.percent > 100)
    ? refuse('OUT_OF_RANGE', `percent ${given.percent} is outside 0..100 %`)
    : undefined;
};

/** @returns the parameters with a share of the rated power in watts, if there is one */
const inWatts = (given: Params, { params }: VerbDescription): Params => {
  const { percent, ...rest } = given;
  const rated = params.power_w?.max;
  if (typeof percent !== 'number' || rated === undefined || rest.power_w !== undefined) return given;
  return { ...rest, power_w: (rated * percent) / 100 };
};

/** Checks the parameters that a command has against those that the device takes. */
export const checkParams = (given: Params, rules: ParamRules): CheckedParams => {
  const fault = formFault(given, rules);
  if (fault) return fault;
  const { verb, description, clamps } = rules;
  const params: Params = {};
  const values = inWatts(given, description);
  let isClamped = false;
  for (const [name, range] of Object.entries(description.params)) {
    const value = values[name];
    if (value === undefined) {
      const isNeeded = !range.isOptional || (name === 'power_w' && verb.kind === 'limit');
      if (isNeeded && name !== 'percent') return refuse('SCHEMA', `the parameter ${name} is missing`);
      continue;
    }
    if (typeof value !== 'number') {
      params[name] = value;
      continue;
    }
    if (isOutside(value, range) && !clamps)
      return refuse('OUT_OF_RANGE', `${name} ${value} is outside ${rangeText(range)}`);
    const inside = intoRange(value, range);
    isClamped ||= inside !== value;
    params[name] = inside;
  }
  return { ok: true, params, isClamped };
};

/**
 * @param limits in force, by verb and in the unit of their parameter
 * @returns the parameters of a setpoint within these limits
 */
export const boundByLimits = (params: Params, description: VerbDescription, limits: Record<string, number>): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const range = description.params[name];
      const limit = range?.limitedBy === undefined ? undefined : limits[range.limitedBy];
      if (typeof value !== 'number' || range === undefined || limit === undefined || value <= limit)
        return [name, value];
      return [name, intoRange(limit, { ...range, min: range.isZeroAllowed ? (range.min ?? 0) : 0 })];
    }),
  );
