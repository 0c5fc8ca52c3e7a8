/** Derived points of a profile with their terms resolved: sums, and the first of several sources. */

import { didYouMean } from '../../../common/did-you-mean.ts';
import type { Result } from '../../../model/time.ts';
import { conversion, isUnit } from '../../../model/units.ts';
import { conditionFault } from './condition.ts';
import { namesIn } from './expression.ts';
import { type DerivedPoint, isTextPoint, type Point, type PollGroup, type Target, type Term } from './point.ts';
import type { ProfilePoint } from './point-schema.ts';
import { resolveTarget, unitFault, unitOfQuantity } from './quantity-target.ts';

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });

const isWord = (point: Point): boolean => isTextPoint(point) || Boolean(point.source.enum || point.source.bits);

/** @returns factor and offset that bring the value of a term to the unit of the derived point */
const scalingTo = (point: Point, whole: ProfilePoint, target: Target): Result<{ factor: number; offset: number }> => {
  const { source, target: own } = point;
  const from = own?.unit ?? source.unit ?? whole.unit;
  // The decoder applies the sign of points that feed a quantity only.
  const sign = own ? 1 : (source.sign ?? 1);
  if (from === undefined || from === null || target.unit === undefined || !isUnit(target.unit))
    return { ok: true, value: { factor: sign, offset: 0 } };
  const convert = conversion(from, target.unit);
  if (!convert) return refuse(`${point.name}: ${unitFault(from, target.unit, whole.quantity ?? whole.name)}`);
  return { ok: true, value: { factor: convert.factor * sign, offset: convert.offset } };
};

/** @param text name of the point, with "-" before it to subtract */
const resolveTerm = (
  text: string,
  { whole, target, points }: { whole: ProfilePoint; target: Target; points: ReadonlyMap<string, Point> },
): Result<Term> => {
  const name = text.replace(/^-/, '');
  const verb = whole.sum ? 'sums' : whole.product ? 'multiplies' : 'takes';
  const point = points.get(name);
  if (!point)
    return refuse(`${verb} "${name}", which is not a point with a register${didYouMean(name, [...points.keys()])}`);
  if (!point.isReadable) return refuse(`${verb} ${name}, which cannot be read`);
  if (isWord(point)) return refuse(`${verb} ${name}, which is a word`);
  const isOptional = point.source.optional === true;
  if (whole.product) return { ok: true, value: { name, factor: 1, offset: 0, isOptional } };
  const scaling = scalingTo(point, whole, target);
  if (!scaling.ok) return scaling;
  const { factor, offset } = scaling.value;
  if (whole.sum && offset !== 0) return refuse(`sums ${name}, whose unit has a zero of its own`);
  const sign = (text.startsWith('-') ? -1 : 1) * (whole.sign ?? 1);
  return {
    ok: true,
    value: { name, factor: factor * sign, offset: offset * sign, isOptional },
  };
};

const groupOf = (terms: Term[], points: ReadonlyMap<string, Point>): PollGroup => {
  const groups = terms.map(({ name }) => points.get(name)?.group);
  return (['fast', 'slow', 'once'] as const).find((group) => groups.includes(group)) ?? 'fast';
};

/**
 * @param points the points with registers of their own, by name
 * @param instance number of the connector, battery or the like, counted from 1
 * @returns the derived point, or in words why it cannot be made
 */
export const resolveDerived = (
  source: ProfilePoint,
  points: ReadonlyMap<string, Point>,
  instance: number,
): Result<DerivedPoint> => {
  const { name, sum, firstOf, product, zeroWhile, voidWhile, quantity } = source;
  if ([sum, firstOf, product].filter(Boolean).length > 1)
    return refuse('is either a sum, a product, or the firstOf several points');
  const factors = product === undefined ? undefined : namesIn(product);
  const [parameter] = factors?.names ?? [];
  if (parameter !== undefined) return refuse(`takes $${parameter}: a product is made of @points and numbers only`);
  if (factors && factors.found.length > 0) return refuse(`takes found@${factors.found[0]}, which only commands know`);
  const list = sum ?? firstOf ?? [...new Set(factors?.points)];
  if (source.addr !== undefined || source.type !== undefined)
    return refuse(`has no register of its own: its value is made from ${list.join(', ')}`);
  if (quantity === undefined) return refuse('needs a quantity: a value made from others is for nothing else');
  if (list.length === 0) return refuse('has no term left');
  // The terms of a sum carry their own units and scales, so that it is in the unit of the quantity already.
  const ownUnit = unitOfQuantity(source, instance) ?? source.unit ?? '1';
  const unit = product === undefined ? ownUnit : (source.unit ?? ownUnit);
  const resolved = resolveTarget({ ...source, unit, scale: 1, offset: 0 }, instance);
  if (!resolved.ok) return resolved;
  const target = resolved.value;
  if (target.value !== 'number' && target.value !== 'integer') return refuse(`is a number; ${quantity} is not`);
  const terms: Term[] = [];
  for (const text of list) {
    const term = resolveTerm(text, { whole: source, target, points });
    if (!term.ok) return term;
    terms.push(term.value);
  }
  if (zeroWhile && !(sum && terms.every(({ isOptional }) => isOptional)))
    return refuse('zeroWhile is for a sum of optional points only');
  for (const condition of [zeroWhile, voidWhile]) {
    const fault = condition && conditionFault(condition, points);
    if (fault !== undefined) return refuse(fault);
  }
  const shared = {
    name,
    target,
    terms,
    group: groupOf(terms, points),
    ...(voidWhile && { voidWhile }),
  };
  if (product !== undefined) return { ok: true, value: { kind: 'product', ...shared, expression: product } };
  return {
    ok: true,
    value: sum ? { kind: 'sum', ...shared, ...(zeroWhile && { zeroWhile }) } : { kind: 'first', ...shared },
  };
};
