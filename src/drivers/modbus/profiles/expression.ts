/** The small arithmetic of profiles: products and quotients of numbers, $names and @points, with a sign. */

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
