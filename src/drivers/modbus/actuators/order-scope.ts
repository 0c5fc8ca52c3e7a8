/** The values of names in the expressions of a profile: parameters of a command, limits in force, and settings. */
import type { Order } from '../../driver.ts';
import type { RangeSource } from '../profiles/control-schema.ts';
import type { ResolvedAction, ResolvedActuator } from '../profiles/controls.ts';
import { evaluate, expressionPattern, type Operand, type Scope } from '../profiles/expression.ts';
import type { Profile } from '../profiles/profile-schema.ts';

/**
 * The scope of settings. A setting that the integrator entered comes first, then the value that the device tells, then
 * the default of the profile.
 * @param point the last polled value of a point, in its unit
 */
export const createSettingScope = (
  settings: NonNullable<Profile['settings']>,
  entered: Readonly<Record<string, number>>,
  point: Scope['point'],
): Scope => ({
  point,
  name(name) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (!setting) return undefined;
    const read = setting.point === undefined ? undefined : point(setting.point);
    // A limit of 0 that a device tells at night is no rating.
    return entered[name] ?? (read !== undefined && read > 0 ? read : setting.default);
  },
});

const firstRange = (params: Record<string, RangeSource>): RangeSource | undefined => Object.values(params)[0];

/** @returns the value of a limit while nobody limits */
const unlimitedValue = ({ limits }: ResolvedActuator, verb: string, settings: Scope): number | undefined => {
  const limit = limits[verb];
  const source = limit && (limit.unlimited ?? firstRange(limit.params)?.max);
  return source === undefined ? undefined : evaluate(source, settings);
};

/** The scope of an order: its parameters with their defaults, the limits in force, the settings. */
export const createOrderScope = (
  { actuator, action }: { actuator: ResolvedActuator; action: ResolvedAction },
  order: Order,
  settings: Scope,
): Scope => ({
  point: settings.point,
  name(name): Operand | undefined {
    const given = order.params[name];
    if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean') return given;
    if (Object.hasOwn(actuator.limits, name)) return order.limits[name] ?? unlimitedValue(actuator, name, settings);
    const fallback = action.params[name]?.default;
    if (typeof fallback === 'string' && !expressionPattern.test(fallback)) return fallback;
    return fallback === undefined ? settings.name(name) : evaluate(fallback, settings);
  },
});
