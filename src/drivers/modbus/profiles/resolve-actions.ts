/** The actions of a profile, checked against the commands of the model and against the points of the profile. */
import { didYouMean, knownWords } from '../../../common/did-you-mean.ts';
import { commandedTypes, findVerb, type Verb, verbsOf } from '../../../model/verbs.ts';
import { conditionFault } from './condition.ts';
import type { Action, RangeSource, Step } from './control-schema.ts';
import type { ResolvedAction, ResolvedStep, ResolvedWrite } from './controls.ts';
import { namesIn, type Source } from './expression.ts';
import type { Point } from './point.ts';
import type { Condition } from './point-schema.ts';

/** Thrown at the first fault in one actuator or config command; the message is for the person who writes the profile. */
export class ControlFault extends Error {}

/** The names that an expression may use, and the place that faults are told for. */
export interface ControlContext {
  points: ReadonlyMap<string, Point>;
  /** Begins the message of a fault: "battery set_power". */
  where: string;
  /** Parameters of the command, limits and settings. */
  names: ReadonlySet<string>;
  /** Points that others set as well. */
  kept: readonly string[];
}

/** @throws ControlFault if the expression uses a name that is not there, or a point that cannot be read */
export const checkNames = (source: Source, { names, points, kept, where }: ControlContext): void => {
  const used = namesIn(source);
  for (const name of used.names)
    if (!names.has(name)) throw new ControlFault(`${where}: nothing is named $${name}${knownWords(name, [...names])}`);
  for (const name of used.points)
    if (!points.get(name)?.isReadable)
      throw new ControlFault(`${where}: @${name} is no point that can be read${didYouMean(name, [...points.keys()])}`);
  for (const name of used.found)
    if (!kept.includes(name))
      throw new ControlFault(
        `${where}: found@${name} is no point that foreign.keep remembers${knownWords(name, [...kept])}`,
      );
};

const pointOf = (name: string, { points, where }: ControlContext): Point => {
  const point = points.get(name);
  if (!point) throw new ControlFault(`${where}: "${name}" is no point${didYouMean(name, [...points.keys()])}`);
  return point;
};

/** @throws ControlFault if there is no such point, or it cannot be read */
export const checkReadable = (name: string, context: ControlContext): void => {
  if (!pointOf(name, context).isReadable) throw new ControlFault(`${context.where}: ${name} cannot be read`);
};

/** @throws ControlFault if the condition can never hold, or always does */
export const checkCondition = (condition: Condition, { points, where }: ControlContext): void => {
  const fault = conditionFault(condition, points);
  if (fault !== undefined) throw new ControlFault(`${where}: ${fault}`);
};

const resolveWrite = (step: Extract<Step, { point: string }>, context: ControlContext): ResolvedWrite => {
  const { where, names } = context;
  const point = pointOf(step.point, context);
  const { access = 'r' } = point.source;
  if (access === 'r')
    throw new ControlFault(
      `${where} writes ${step.point}, which is only read${
        point.table === 'input' || point.table === 'discrete'
          ? `: table ${point.table} is read-only`
          : '; if the device allows writing, give the point "access": "rw"'
      }`,
    );
  if (step.ifGiven !== undefined && !names.has(step.ifGiven))
    throw new ControlFault(`${where}: there is no parameter ${step.ifGiven}${knownWords(step.ifGiven, [...names])}`);
  checkNames(step.value, context);
  return { point, value: step.value, ...(step.ifGiven === undefined ? {} : { ifGiven: step.ifGiven }) };
};

const resolveStep = (step: Step, context: ControlContext): ResolvedStep => {
  if ('waitMs' in step) return step;
  if ('together' in step) return { together: step.together.map((each) => resolveWrite(each, context)) };
  return resolveWrite(step, context);
};

/** @throws ControlFault if a step writes a point that cannot be written, or uses a name that is not there */
export const resolveSteps = (steps: Step[], context: ControlContext): ResolvedStep[] =>
  steps.map((step) => resolveStep(step, context));

/** @throws ControlFault at the first fault in the action */
export const resolveAction = (
  { params = {}, steps, effect, requires = [] }: Omit<Action, 'note'>,
  context: ControlContext,
): ResolvedAction => {
  for (const range of Object.values(params))
    for (const bound of [range.min, range.max, range.default]) if (bound !== undefined) checkNames(bound, context);
  const within = { ...context, names: new Set([...context.names, ...Object.keys(params)]) };
  if (effect) {
    checkReadable(effect.point, within);
    checkNames(effect.value, within);
    for (const excuse of effect.unless ?? []) checkCondition(excuse, within);
  }
  for (const condition of requires) checkCondition(condition, within);
  return { params, steps: resolveSteps(steps, within), requires, ...(effect && { effect }) };
};

/**
 * Checks a command against the model: its verb, its kind, and exactly the parameters that the model knows.
 * @throws ControlFault
 */
export const checkVerb = (
  { type, name, kind }: { type: string; name: string; kind: Verb['kind'] },
  params: Record<string, RangeSource>,
  where: string,
): void => {
  const verbs = Object.entries(verbsOf(type)).filter(([, verb]) => verb.kind !== 'release');
  if (verbs.length === 0)
    throw new ControlFault(`${where}: nothing of type "${type}" can be commanded${knownWords(type, commandedTypes)}`);
  const verb = findVerb(type, name);
  const ofKind = verbs.filter(([, each]) => each.kind === kind).map(([known]) => known);
  if (!verb) throw new ControlFault(`${where}: ${type} has no command "${name}"${knownWords(name, ofKind)}`);
  if (verb.kind !== kind)
    throw new ControlFault(`${where}: ${name} is a ${verb.kind}, not a ${kind}${knownWords(name, ofKind)}`);
  for (const param of Object.keys(params))
    if (!Object.hasOwn(verb.params, param))
      throw new ControlFault(
        `${where}: ${name} has no parameter "${param}"${knownWords(param, Object.keys(verb.params))}`,
      );
  for (const [param, { isOptional }] of Object.entries(verb.params))
    if (!isOptional && !Object.hasOwn(params, param))
      throw new ControlFault(`${where}: ${name} lacks the parameter ${param}`);
};
