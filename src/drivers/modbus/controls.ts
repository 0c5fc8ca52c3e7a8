/** The controls of a profile, checked against the model and against its own points. */

import { commandedTypes, findVerb, type Verb, verbsOf } from '../../model/verbs.ts';
import { carTimeConstantS } from '../car.ts';
import { conditionFault } from './condition.ts';
import { didYouMean, knownWords } from './did-you-mean.ts';
import { namesIn, type Source } from './expression.ts';
import { type Checked, type Mistake, refuse } from './mistakes.ts';
import type { Point } from './point.ts';
import type { Profile } from './profile.ts';
import type { Action, ActuatorSource, Effect, RangeSource, Step, Watchdog } from './profile-controls.ts';
import type { Condition } from './profile-point.ts';

/** A step with its point looked up. */
export type ResolvedStep = { point: Point; value: Source; ifGiven?: string } | { waitMs: number };

export interface ResolvedAction {
  params: Record<string, RangeSource>;
  steps: ResolvedStep[];
  effect?: Effect;
  requires: NonNullable<Action['requires']>;
}

/** An actuator of a profile, its instance applied; config: a single verb without a safe state. */
export interface ResolvedActuator {
  key: string;
  type: string;
  index?: number;
  actions: Record<string, ResolvedAction>;
  limits: NonNullable<ActuatorSource['limits']>;
  fallback?: ResolvedAction & { means: ActuatorSource['fallback']['means']; verb?: string };
  setup: ResolvedStep[];
  watchdog: Watchdog[];
  minWriteIntervalMs: number;
  settleMs: number;
  latencyMs?: number;
  timeConstantMs?: number;
}

export interface ResolvedControls {
  actuators: ResolvedActuator[];
  /** Actuators whose points are only known after a discovery. */
  undecoded: string[];
}

/** Between two different values, so that a storm of commands becomes its newest one, ms. */
const defaultWriteIntervalMs = 100;
const defaultSettleMs = 1000;

class Misfit extends Error {}

const parseComponent = (path: string, instance: number): { type: string; index?: number } => {
  const [type = '', index] = path.replace('{i}', String(instance)).split('/');
  return { type, ...(index === undefined ? {} : { index: Number(index) }) };
};

interface Context {
  points: Map<string, Point>;
  /** Said before what is wrong. */
  where: string;
  names: Set<string>;
}

const checkNames = (source: Source, { names, points, where }: Context): void => {
  const used = namesIn(source);
  for (const name of used.names)
    if (!names.has(name)) throw new Misfit(`${where}: nothing is called $${name}${knownWords(name, [...names])}`);
  for (const name of used.points)
    if (!points.get(name)?.isReadable)
      throw new Misfit(`${where}: @${name} is no point that can be read${didYouMean(name, [...points.keys()])}`);
};

const pointOf = (name: string, { points, where }: Context): Point => {
  const point = points.get(name);
  if (!point) throw new Misfit(`${where}: "${name}" is no point${didYouMean(name, [...points.keys()])}`);
  return point;
};

const readable = (name: string, context: Context): void => {
  if (!pointOf(name, context).isReadable) throw new Misfit(`${context.where}: ${name} cannot be read`);
};

const checkCondition = (condition: Condition, { points, where }: Context): void => {
  const fault = conditionFault(condition, points);
  if (fault !== undefined) throw new Misfit(`${where}: ${fault}`);
};

const resolveSteps = (steps: Step[], context: Context): ResolvedStep[] =>
  steps.map((step) => {
    if ('waitMs' in step) return step;
    const point = pointOf(step.point, context);
    const { access = 'r', mask } = point.source;
    if (access === 'r')
      throw new Misfit(
        `${context.where} writes ${step.point}, which is only read${
          point.table === 'input' || point.table === 'discrete'
            ? `: nobody can write to table ${point.table}`
            : '; where the device takes it, give the point "access": "rw"'
        }`,
      );
    if (mask !== undefined) throw new Misfit(`${context.where} writes ${step.point}, which is part of a register`);
    if (step.ifGiven !== undefined && !context.names.has(step.ifGiven))
      throw new Misfit(
        `${context.where}: there is no parameter ${step.ifGiven}${knownWords(step.ifGiven, [...context.names])}`,
      );
    checkNames(step.value, context);
    return { point, value: step.value, ...(step.ifGiven === undefined ? {} : { ifGiven: step.ifGiven }) };
  });

const resolveAction = (
  { params = {}, steps, effect, requires = [] }: Omit<Action, 'note'>,
  context: Context,
): ResolvedAction => {
  for (const range of Object.values(params))
    for (const bound of [range.min, range.max, range.default]) if (bound !== undefined) checkNames(bound, context);
  const within = { ...context, names: new Set([...context.names, ...Object.keys(params)]) };
  if (effect) {
    readable(effect.point, within);
    checkNames(effect.value, within);
    for (const excuse of effect.unless ?? []) checkCondition(excuse, within);
  }
  for (const condition of requires) checkCondition(condition, within);
  return { params, steps: resolveSteps(steps, within), requires, ...(effect && { effect }) };
};

/** The verb as the model knows it, with no parameter that the model does not know and none missing. */
const checkVerb = (type: string, name: string, kind: Verb['kind'], params: Record<string, RangeSource>, at: string) => {
  const verbs = Object.entries(verbsOf(type)).filter(([, verb]) => verb.kind !== 'release');
  if (verbs.length === 0)
    throw new Misfit(`${at}: nothing of type "${type}" can be commanded${knownWords(type, commandedTypes)}`);
  const verb = findVerb(type, name);
  const ofKind = verbs.filter(([, each]) => each.kind === kind).map(([known]) => known);
  if (!verb) throw new Misfit(`${at}: ${type} has no command "${name}"${knownWords(name, ofKind)}`);
  if (verb.kind !== kind)
    throw new Misfit(`${at}: ${name} is a ${verb.kind}, not a ${kind}${knownWords(name, ofKind)}`);
  for (const param of Object.keys(params))
    if (!Object.hasOwn(verb.params, param))
      throw new Misfit(`${at}: ${name} has no parameter "${param}"${knownWords(param, Object.keys(verb.params))}`);
  for (const [param, { isOptional }] of Object.entries(verb.params))
    if (!isOptional && !Object.hasOwn(params, param)) throw new Misfit(`${at}: ${name} lacks the parameter ${param}`);
};

const stepPoints = (steps: Step[] = []): string[] => steps.flatMap((step) => ('point' in step ? [step.point] : []));

const pointsOfActuator = ({ setpoints = {}, fallback, setup }: ActuatorSource): string[] => [
  ...Object.values(setpoints).flatMap(({ steps }) => stepPoints(steps)),
  ...stepPoints(fallback.steps),
  ...stepPoints(setup),
];

const resolveActuator = (source: ActuatorSource, instance: number, nth: number, base: Context): ResolvedActuator => {
  const { setpoints = {}, limits = {}, fallback, setup = [], watchdog = [], latencyMs } = source;
  const component = parseComponent(source.component, instance);
  const path = source.component.replace('{i}', String(instance));
  const context = { ...base, names: new Set([...base.names, ...Object.keys(limits)]) };
  const carMs = setpoints.set_current_limit && carTimeConstantS * 1000;
  const { timeConstantMs = carMs } = source;
  const at = (what: string): Context => ({ ...context, where: `${path} ${what}` });

  for (const [name, { params, unlimited }] of Object.entries(limits)) {
    checkVerb(component.type, name, 'limit', { ...params }, at(name).where);
    for (const bound of [unlimited, ...Object.values(params).flatMap(({ min, max }) => [min, max])])
      if (bound !== undefined) checkNames(bound, at(name));
  }
  const actions: ResolvedActuator['actions'] = {};
  for (const [name, action] of Object.entries(setpoints)) {
    checkVerb(component.type, name, 'setpoint', action.params ?? {}, at(name).where);
    for (const { limitedBy } of Object.values(action.params ?? {}))
      if (limitedBy !== undefined && !Object.hasOwn(limits, limitedBy))
        throw new Misfit(
          `${at(name).where}: there is no limit "${limitedBy}"${knownWords(limitedBy, Object.keys(limits))}`,
        );
    actions[name] = resolveAction(action, at(name));
  }
  const { means, verb } = fallback;
  for (const meaning of Object.values(means))
    if (typeof meaning === 'string' && meaning.startsWith('$')) checkNames(meaning, at('fallback'));
  for (const { point, value, timeoutS, kind } of watchdog) {
    if (kind === 'write')
      resolveSteps([{ point: point ?? '', value: value ?? 0 }], { ...at('watchdog'), names: context.names });
    if (timeoutS !== undefined) checkNames(timeoutS, at('watchdog'));
  }
  return {
    key: nth === 0 ? path : `${path}#${nth + 1}`,
    ...component,
    actions,
    limits,
    fallback: {
      ...resolveAction({ steps: fallback.steps, effect: fallback.effect }, at('fallback')),
      means,
      ...(verb === undefined ? {} : { verb }),
    },
    setup: resolveSteps(setup, at('setup')),
    watchdog,
    minWriteIntervalMs: source.minWriteIntervalMs ?? defaultWriteIntervalMs,
    settleMs: source.settleMs ?? defaultSettleMs,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(timeConstantMs === undefined ? {} : { timeConstantMs }),
  };
};

const resolveConfig = (
  verb: string,
  { component, ...action }: Action & { component: string },
  instance: number,
  base: Context,
): ResolvedActuator => {
  const path = parseComponent(component, instance);
  checkVerb(path.type, verb, 'config', action.params ?? {}, verb);
  return {
    key: `${component.replace('{i}', String(instance))}#${verb}`,
    ...path,
    actions: { [verb]: resolveAction(action, { ...base, where: verb }) },
    limits: {},
    setup: [],
    watchdog: [],
    minWriteIntervalMs: defaultWriteIntervalMs,
    settleMs: defaultSettleMs,
  };
};

/** @returns the actuators of this instance, or what does not fit in each of them, in words */
export const resolveControls = (
  profile: Profile,
  points: Point[],
  undecoded: string[],
  instance: number,
): Checked<ResolvedControls> => {
  const base: Context = {
    points: new Map(points.map((point) => [point.name, point])),
    where: '',
    names: new Set(Object.keys(profile.settings ?? {})),
  };
  const isUndecoded = (steps: string[]): boolean => steps.some((name) => undecoded.includes(name));
  const mistakes: Mistake[] = [];
  const attempt = <T>(path: Mistake['path'], run: () => T): T[] => {
    try {
      return [run()];
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      mistakes.push({ path, text: error.message });
      return [];
    }
  };

  for (const [name, { point }] of Object.entries(profile.settings ?? {}))
    if (point !== undefined) attempt(['settings', name], () => readable(point, { ...base, where: `setting ${name}` }));
  const seen = new Map<string, number>();
  const unknown: string[] = [];
  const actuators = (profile.actuators ?? []).flatMap((source, n) => {
    if (isUndecoded(pointsOfActuator(source))) {
      unknown.push(source.component);
      return [];
    }
    const nth = seen.get(source.component) ?? 0;
    seen.set(source.component, nth + 1);
    return attempt(['actuators', n], () => resolveActuator(source, instance, nth, base));
  });
  const config = Object.entries(profile.config ?? {}).flatMap(([verb, source]) =>
    isUndecoded(stepPoints(source?.steps))
      ? []
      : attempt(['config', verb], () => resolveConfig(verb, source as Action & { component: string }, instance, base)),
  );
  if (mistakes.length > 0) return refuse(mistakes);
  return { ok: true, value: { actuators: [...actuators, ...config], undecoded: unknown } };
};

/** Points that commands need to know and that are therefore polled, whether they are readings or not. */
export const pointsNeeded = ({ controls, profile }: { controls: ResolvedControls; profile: Profile }): Set<string> => {
  const values = controls.actuators.flatMap(({ actions, fallback, limits, setup }) => [
    ...[...Object.values(actions), ...(fallback ? [fallback] : [])].flatMap(({ steps, params, effect }) => [
      ...steps.flatMap((step) => ('value' in step ? [step.value] : [])),
      ...Object.values(params).flatMap(({ min, max }) => [min, max]),
      effect?.value,
    ]),
    ...Object.values(limits).flatMap(({ params, unlimited }) => [
      unlimited,
      ...Object.values(params).flatMap(({ min, max }) => [min, max]),
    ]),
    ...setup.flatMap((step) => ('value' in step ? [step.value] : [])),
  ]);
  const inExpressions = values.flatMap((value) => (value === undefined ? [] : namesIn(value).points));
  const ofSettings = Object.values(profile.settings ?? {}).flatMap(({ point }) => (point === undefined ? [] : [point]));
  return new Set([...inExpressions, ...ofSettings]);
};
