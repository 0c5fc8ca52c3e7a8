/** What a Modbus device can be told, in the words every driver uses: its actuators with today's ranges. */
import type { Params } from '../../model/command.ts';
import { findVerb } from '../../model/verbs.ts';
import type { Actuator, Order, ParameterRange, VerbDescription } from '../driver.ts';
import type { ResolvedAction, ResolvedActuator } from './controls.ts';
import { evaluate, expressionPattern, type Operand, type Scope } from './expression.ts';
import type { Profile } from './profile.ts';
import type { RangeSource } from './profile-controls.ts';

/** Settings the integrator entered; else what the device says; else the profile's default. */
export const settingScope = (
  settings: NonNullable<Profile['settings']>,
  given: Record<string, number>,
  point: Scope['point'],
): Scope => ({
  point,
  name(name) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (!setting) return undefined;
    const read = setting.point === undefined ? undefined : point(setting.point);
    // A limit of 0 that a device tells at night is no rating.
    return given[name] ?? (read !== undefined && read > 0 ? read : setting.default);
  },
});

const mainRange = (params: Record<string, RangeSource>): RangeSource | undefined => Object.values(params)[0];

/** The value of a limit while nobody limits. */
const unlimited = ({ limits }: ResolvedActuator, verb: string, scope: Scope): number | undefined => {
  const limit = limits[verb];
  const source = limit && (limit.unlimited ?? mainRange(limit.params)?.max);
  return source === undefined ? undefined : evaluate(source, scope);
};

/** Names of an order: its parameters with their defaults, the limits, the settings. */
export const orderScope = (
  actuator: ResolvedActuator,
  action: ResolvedAction,
  order: Order,
  settings: Scope,
): Scope => {
  const scope: Scope = {
    point: settings.point,
    name(name): Operand | undefined {
      const given = order.params[name];
      if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean') return given;
      if (Object.hasOwn(actuator.limits, name)) return order.limits[name] ?? unlimited(actuator, name, settings);
      const fallback = action.params[name]?.default;
      if (typeof fallback === 'string' && !expressionPattern.test(fallback)) return fallback;
      return fallback === undefined ? settings.name(name) : evaluate(fallback, settings);
    },
  };
  return scope;
};

/** @returns undefined where a bound is not known yet */
const describeRange = (
  type: string,
  verb: string,
  name: string,
  source: RangeSource,
  scope: Scope,
): ParameterRange | undefined => {
  const known = findVerb(type, verb)?.params[name];
  if (!known) return undefined;
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

const describeVerb = (
  { type }: ResolvedActuator,
  verb: string,
  { params, effect }: Pick<ResolvedAction, 'params' | 'effect'>,
  scope: Scope,
): VerbDescription | undefined => {
  const known = findVerb(type, verb);
  if (!known || known.kind === 'release') return undefined;
  const ranges = Object.entries(params).map(([name, source]) => [name, describeRange(type, verb, name, source, scope)]);
  if (ranges.some(([, range]) => range === undefined)) return undefined;
  return {
    kind: known.kind,
    params: Object.fromEntries(ranges),
    maxLeaseS: known.maxLeaseS,
    ...(effect && { tolerance: effect.tolerance }),
  };
};

const isReadBack = ({ steps }: ResolvedAction): boolean =>
  steps.some((step) => 'point' in step && step.point.isReadable);

const verificationOf = (actions: ResolvedAction[]): Actuator['verification'] => {
  if (actions.some(isReadBack)) return 'readback';
  return actions.some(({ effect }) => effect) ? 'effect' : 'none';
};

const meansOf = (means: NonNullable<ResolvedActuator['fallback']>['means'], scope: Scope): Params =>
  Object.fromEntries(
    Object.entries(means).flatMap(([name, source]): [string, Params[string]][] => {
      if (typeof source === 'boolean') return [[name, source]];
      if (typeof source === 'string' && !expressionPattern.test(source)) return [[name, source]];
      const value = evaluate(source, scope);
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** @returns the actuator with the verbs whose ranges are known by now */
export const describeActuator = (actuator: ResolvedActuator, scope: Scope): Actuator => {
  const { key, type, index, actions, limits, fallback, watchdog, minWriteIntervalMs, settleMs } = actuator;
  const { latencyMs, timeConstantMs } = actuator;
  const sources = [...Object.entries(actions), ...Object.entries(limits)];
  const all = [...Object.values(actions), ...(fallback ? [fallback] : [])];
  const timeouts = watchdog.flatMap(({ timeoutS }) => (timeoutS === undefined ? [] : [evaluate(timeoutS, scope)]));
  const [watchdogS] = timeouts.filter((each) => each !== undefined);
  return {
    key,
    type,
    ...(index === undefined ? {} : { index }),
    verbs: Object.fromEntries(
      sources.flatMap(([verb, source]) => {
        const described = describeVerb(actuator, verb, source, scope);
        return described ? [[verb, described]] : [];
      }),
    ),
    ...(fallback && {
      fallback: {
        means: meansOf(fallback.means, scope),
        ...(fallback.verb === undefined ? {} : { verb: fallback.verb }),
      },
    }),
    minWriteIntervalMs,
    ...(latencyMs === undefined ? {} : { latencyS: latencyMs / 1000 }),
    ...(timeConstantMs === undefined ? {} : { timeConstantS: timeConstantMs / 1000 }),
    verifyS: Math.max(settleMs, ...all.map(({ effect }) => effect?.withinMs ?? 0)) / 1000,
    verification: verificationOf(all),
    ...(watchdogS === undefined ? {} : { watchdogS }),
    isPersistent: all.some(({ steps }) => steps.some((step) => 'point' in step && step.point.source.persistent)),
  };
};
