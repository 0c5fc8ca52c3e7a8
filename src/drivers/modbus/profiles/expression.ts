/**
 * The small arithmetic of profiles: products and quotients of numbers, $names and @points, with a sign, and the least or
 * the greatest of several; and the values of the names: parameters of a command, limits in force, and settings.
 */
import type { Order } from '../../driver.ts';

const term = '(?:\\d+(?:\\.\\d+)?|\\$[a-z][a-z0-9_]*|(?:found)?@[a-z][a-z0-9_.]*)';
const product = `-?${term}(?:\\s*[*/]\\s*${term})*`;
/** An expression as a profile writes it: "-1 * $power_w / @battery.voltage", "min($revert_s, $lease_s)". */
export const expressionPattern = new RegExp(
  `^(?:${product}|(?:min|max)\\(\\s*${product}(?:\\s*,\\s*${product})+\\s*\\))$`,
);

/** The value of a name. */
export type Operand = number | string | boolean;

/** The values of the names in an expression; undefined for a name whose value is not known (yet). */
export interface Scope {
  /** A parameter of the command, a limit, or a setting. */
  name(name: string): Operand | undefined;
  /** The last value read from a point, in its unit. */
  point(name: string): number | undefined;
  /** The value that a point had before anything of ours was written, in its unit: it is written back. */
  found?(name: string): number | undefined;
}

/** A number, a product, or a table from the words of a parameter to numbers and products. */
export type Source = number | string | { param: string; map: Record<string, number | string> };

interface Names {
  names: string[];
  points: string[];
  /** Points whose value before our own is meant. */
  found: string[];
}

const tokensOf = (text: string): string[] => text.match(/[*/]|[^*/\s]+/g) ?? [];

const evaluateTerm = (text: string, scope: Scope): number | undefined => {
  if (text.startsWith('@')) return scope.point(text.slice(1));
  if (text.startsWith('found@')) return scope.found?.(text.slice('found@'.length));
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

const choicePattern = /^(min|max)\((.*)\)$/;

/** @returns the least or the greatest of several products, or the product itself */
const evaluateText = (text: string, scope: Scope): number | undefined => {
  const [, choice, list = ''] = choicePattern.exec(text) ?? [];
  if (choice === undefined) return evaluateProduct(text, scope);
  const values = list.split(',').map((each) => evaluateProduct(each.trim(), scope));
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return undefined;
  return choice === 'min' ? Math.min(...known) : Math.max(...known);
};

/** @returns undefined if a name in the expression has no value, or the result is no finite number */
export const evaluate = (source: Source, scope: Scope): number | undefined => {
  if (typeof source === 'number') return source;
  if (typeof source === 'string') return evaluateText(source, scope);
  const value = scope.name(source.param);
  const chosen =
    value !== undefined && Object.hasOwn(source.map, String(value)) ? source.map[String(value)] : undefined;
  return chosen === undefined ? undefined : evaluate(chosen, scope);
};

/** @returns every $name and @point of an expression, without these signs */
export const namesIn = (source: Source): Names => {
  if (typeof source === 'number') return { names: [], points: [], found: [] };
  if (typeof source !== 'string') {
    const below = Object.values(source.map).map(namesIn);
    return {
      names: [source.param, ...below.flatMap(({ names }) => names)],
      points: below.flatMap(({ points }) => points),
      found: below.flatMap(({ found }) => found),
    };
  }
  const used = source.match(/(?:\$|(?:found)?@)[a-z][a-z0-9_.]*/g) ?? [];
  const after = (sign: string): string[] =>
    used.filter((each) => each.startsWith(sign)).map((each) => each.slice(sign.length));
  return { names: after('$'), points: after('@'), found: after('found@') };
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
export const unlimitedValue = (limit: KnownLimit | undefined, settings: Scope): number | undefined => {
  const source = limit && (limit.unlimited ?? Object.values(limit.params)[0]?.max);
  return source === undefined ? undefined : evaluate(source, settings);
};

/** What an order has to know beside its parameters and the settings. */
interface OrderSurroundings {
  settings: Scope;
  /** Monotonic ms. */
  now(): number;
  /** What others have set in the same registers; absent: nobody else sets any. */
  foreign?: { isInForce: boolean; found(point: string): number | undefined };
}

/** @returns whole seconds until the order ends, at least 1, because a timer of 0 s never ends; undefined: never */
const secondsLeft = ({ notAfter }: Order, now: number): number | undefined =>
  Number.isFinite(notAfter) ? Math.max(1, Math.ceil((notAfter - now) / 1000)) : undefined;

/**
 * The scope of an order: its parameters with their defaults, the limits in force, the settings; $lease_s, the seconds
 * until the order ends, and $foreign, whether a limit that others have set is in force.
 */
export const createOrderScope = (
  {
    actuator,
    action,
  }: { actuator: { limits: Readonly<Record<string, KnownLimit>> }; action: { params: KnownParameters } },
  order: Order,
  { settings, now, foreign }: OrderSurroundings,
): Scope => ({
  point: settings.point,
  found: (point) => foreign?.found(point),
  name(name): Operand | undefined {
    if (name === 'lease_s') return secondsLeft(order, now());
    if (name === 'foreign' && foreign) return foreign.isInForce;
    const given = order.params[name];
    if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean') return given;
    if (Object.hasOwn(actuator.limits, name))
      return order.limits[name] ?? unlimitedValue(actuator.limits[name], settings);
    const fallback = action.params[name]?.default;
    if (typeof fallback === 'string' && !expressionPattern.test(fallback)) return fallback;
    return fallback === undefined ? settings.name(name) : evaluate(fallback, settings);
  },
});
