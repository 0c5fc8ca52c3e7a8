/**
 * The small arithmetic of profiles: products and quotients of numbers, $names and @points, with a sign; and the values of
 * the names: parameters of a command, limits in force, and settings.
 */
import type { Order } from '../../driver.ts';

const term = '(?:\\d+(?:\\.\\d+)?|\\$[a-z][a-z0-9_]*|@[a-z][a-z0-9_.]*)';
/** A product as a profile writes it: "-1 * $power_w / @battery.voltage". */
export const expressionPattern = new RegExp(`^-?${term}(?:\\s*[*/]\\s*${term})*$`);

/** The value of a name. */
export type Operand = number | string | boolean;

/** The values of the names in an expression; undefined for a name whose value is not known (yet). */
export interface Scope {
  /** A parameter of the command, a limit, or a setting. */
  name(name: string): Operand | undefined;
  /** The last value read from a point, in its unit. */
  point(name: string): number | undefined;
}

/** A number, a product, or a table from the words of a parameter to numbers and products. */
export type Source = number | string | { param: string; map: Record<string, number | string> };

interface Names {
  names: string[];
  points: string[];
}

const tokensOf = (text: string): string[] => text.match(/[*/]|[^*/\s]+/g) ?? [];

const evaluateTerm = (text: string, scope: Scope): number | undefined => {
  if (text.startsWith('@')) return scope.point(text.slice(1));
  if (!text.startsWith('$')) return Number(text);
  const value = scope.name(text.slice(1));
  return typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : undefined;
};

const evaluateProduct = (text: string, scope: Scope): number | undefined => {
  const isNegative = text.startsWith('-');
  const [first = '', ...rest] = tokensOf(isNegative ? text.slice(1) : text);
  let result = evaluateTerm(first, scope);
  for (let i = 0; i < rest.length; i += 2) {
    const operand = evaluateTerm(rest[i + 1] ?? '', scope);
    if (result === undefined || operand === undefined) return undefined;
    result = rest[i] === '*' ? result * operand : result / operand;
  }
  if (result === undefined || !Number.isFinite(result)) return undefined;
  return isNegative ? -result : result;
};

/** @returns undefined if a name in the expression has no value, or the result is no finite number */
export const evaluate = (source: Source, scope: Scope): number | undefined => {
  if (typeof source === 'number') return source;
  if (typeof source === 'string') return evaluateProduct(source, scope);
  const value = scope.name(source.param);
  const chosen =
    value !== undefined && Object.hasOwn(source.map, String(value)) ? source.map[String(value)] : undefined;
  return chosen === undefined ? undefined : evaluate(chosen, scope);
};

/** @returns every $name and @point of an expression, without these signs */
export const namesIn = (source: Source): Names => {
  if (typeof source === 'number') return { names: [], points: [] };
  if (typeof source !== 'string') {
    const below = Object.values(source.map).map(namesIn);
    return {
      names: [source.param, ...below.flatMap(({ names }) => names)],
      points: below.flatMap(({ points }) => points),
    };
  }
  const found = source.match(/[$@][a-z][a-z0-9_.]*/g) ?? [];
  return {
    names: found.filter((each) => each.startsWith('$')).map((each) => each.slice(1)),
    points: found.filter((each) => each.startsWith('@')).map((each) => each.slice(1)),
  };
};

/** A setting of a profile: the point that the device tells the number by, and the number without either. */
interface KnownSetting {
  point?: string | undefined;
  default?: number | undefined;
}

/**
 * The scope of settings. A setting that the integrator entered comes first, then the value that the device tells, then
 * the default of the profile.
 * @param point the last polled value of a point, in its unit
 */
export const createSettingScope = (
  settings: Readonly<Record<string, KnownSetting>>,
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

/** A limit of an actuator, as far as its value while nobody limits. */
interface KnownLimit {
  unlimited?: Source | undefined;
  params: Readonly<Record<string, { max?: Source | undefined }>>;
}

/** The defaults of a command's parameters, by name. */
type KnownParameters = Readonly<Record<string, { default?: Source | undefined }>>;

/** @returns the value of a limit while nobody limits */
const unlimitedValue = (limit: KnownLimit | undefined, settings: Scope): number | undefined => {
  const source = limit && (limit.unlimited ?? Object.values(limit.params)[0]?.max);
  return source === undefined ? undefined : evaluate(source, settings);
};

/** The scope of an order: its parameters with their defaults, the limits in force, the settings. */
export const createOrderScope = (
  {
    actuator,
    action,
  }: { actuator: { limits: Readonly<Record<string, KnownLimit>> }; action: { params: KnownParameters } },
  order: Order,
  settings: Scope,
): Scope => ({
  point: settings.point,
  name(name): Operand | undefined {
    const given = order.params[name];
    if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean') return given;
    if (Object.hasOwn(actuator.limits, name))
      return order.limits[name] ?? unlimitedValue(actuator.limits[name], settings);
    const fallback = action.params[name]?.default;
    if (typeof fallback === 'string' && !expressionPattern.test(fallback)) return fallback;
    return fallback === undefined ? settings.name(name) : evaluate(fallback, settings);
  },
});
