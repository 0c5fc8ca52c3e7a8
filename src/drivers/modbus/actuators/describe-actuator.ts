/** The description of an actuator in the words that every driver uses, with the ranges that are known at the moment. */
import type { Params } from '../../../model/command.ts';
import { findVerb } from '../../../model/verbs.ts';
import type { Actuator, ParameterRange, VerbDescription } from '../../driver.ts';
import type { RangeSource } from '../profiles/control-schema.ts';
import { actionsOf, type ResolvedAction, type ResolvedActuator, writesOf } from '../profiles/controls.ts';
import { evaluate, expressionPattern, type Scope } from '../profiles/expression.ts';

/** A parameter of a command, as the model knows it. */
type KnownParameter = NonNullable<ReturnType<typeof findVerb>>['params'][string];

/** @returns undefined if a bound is not known yet */
const describeRange = (known: KnownParameter, source: RangeSource, scope: Scope): ParameterRange | undefined => {
  const bound = (given: RangeSource['min'], usual: number | undefined): number | undefined =>
    given === undefined ? usual : evaluate(given, scope);
  const min = bound(source.min, known.min);
  const max = bound(source.max, known.max);
  if (known.value === 'number' && (min === undefined || max === undefined || max < min)) return undefined;
  const fallback = typeof source.default === 'string' ? undefined : source.default;
  const usual = fallback === undefined ? undefined : evaluate(fallback, scope);
  const choices = source.choices ?? known.members;
  return {
    ...(known.unit === undefined ? {} : { unit: known.unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(source.step === undefined ? {} : { step: source.step }),
    ...(source.zero ? { isZeroAllowed: true } : {}),
    ...(choices === undefined ? {} : { choices: [...choices] }),
    ...(known.isOptional ? { isOptional: true } : {}),
    ...(usual === undefined ? {} : { default: usual }),
    ...(source.limitedBy === undefined ? {} : { limitedBy: source.limitedBy }),
  };
};

/** @returns undefined if the range of a parameter is not known yet */
const describeVerb = (
  { type, verb }: { type: string; verb: string },
  { params, effect }: Pick<ResolvedAction, 'params' | 'effect'>,
  scope: Scope,
): VerbDescription | undefined => {
  const known = findVerb(type, verb);
  if (!known || known.kind === 'release') return undefined;
  const ranges: Record<string, ParameterRange> = {};
  for (const [name, source] of Object.entries(params)) {
    const parameter = known.params[name];
    const range = parameter && describeRange(parameter, source, scope);
    if (!range) return undefined;
    ranges[name] = range;
  }
  return {
    kind: known.kind,
    params: ranges,
    maxLeaseS: known.maxLeaseS,
    ...(effect && { tolerance: effect.tolerance }),
  };
};

const isReadBack = ({ steps }: ResolvedAction): boolean => writesOf(steps).some(({ point }) => point.isReadable);

const verificationOf = (actions: ResolvedAction[]): Actuator['verification'] => {
  if (actions.some(isReadBack)) return 'readback';
  return actions.some(({ effect }) => effect) ? 'effect' : 'none';
};

const writesPersistently = ({ steps }: ResolvedAction): boolean =>
  writesOf(steps).some(({ point }) => point.source.persistent === true);

/** @returns the safe state in words of the model; a value that is not known yet is left out */
const meansOf = (means: NonNullable<ResolvedActuator['fallback']>['means'], scope: Scope): Params => {
  const params: Params = {};
  for (const [name, source] of Object.entries(means)) {
    const isWord = typeof source === 'boolean' || (typeof source === 'string' && !expressionPattern.test(source));
    const value = isWord ? source : evaluate(source, scope);
    if (value !== undefined) params[name] = value;
  }
  return params;
};

const describeVerbs = ({ type, actions, limits }: ResolvedActuator, scope: Scope): Actuator['verbs'] =>
  Object.fromEntries(
    [...Object.entries(actions), ...Object.entries(limits)].flatMap(([verb, source]) => {
      const described = describeVerb({ type, verb }, source, scope);
      return described ? [[verb, described]] : [];
    }),
  );

const describeFallback = ({ fallback }: ResolvedActuator, scope: Scope): Pick<Actuator, 'fallback'> | undefined => {
  if (!fallback) return undefined;
  const { means, verb } = fallback;
  return { fallback: { means: meansOf(means, scope), ...(verb === undefined ? {} : { verb }) } };
};

/**
 * @param scope of the settings
 * @returns the actuator with the verbs whose ranges are known
 */
export const describeActuator = (actuator: ResolvedActuator, scope: Scope): Actuator => {
  const { key, type, index, watchdog, minWriteIntervalMs, settleMs, latencyMs, timeConstantMs } = actuator;
  const actions = actionsOf(actuator);
  const usual: Scope = { ...scope, name: (name) => (name === 'foreign' ? false : scope.name(name)) };
  const timeouts = watchdog.flatMap(({ timeoutS }) => (timeoutS === undefined ? [] : [evaluate(timeoutS, usual)]));
  const watchdogS = timeouts.find((each) => each !== undefined && each > 0);
  return {
    key,
    type,
    ...(index === undefined ? {} : { index }),
    verbs: describeVerbs(actuator, scope),
    ...describeFallback(actuator, scope),
    minWriteIntervalMs,
    ...(latencyMs === undefined ? {} : { latencyS: latencyMs / 1000 }),
    ...(timeConstantMs === undefined ? {} : { timeConstantS: timeConstantMs / 1000 }),
    verifyS: Math.max(settleMs, ...actions.map(({ effect }) => effect?.withinMs ?? 0)) / 1000,
    verification: verificationOf(actions),
    ...(watchdogS === undefined ? {} : { watchdogS }),
    isPersistent: actions.some(writesPersistently),
    ...(actuator.advice === undefined ? {} : { advice: actuator.advice }),
  };
};
