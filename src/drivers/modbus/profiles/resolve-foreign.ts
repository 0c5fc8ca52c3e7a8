/** The part of others in an actuator: the registers that they set as well, checked against the points of the profile. */
import { knownWords } from '../../../common/did-you-mean.ts';
import { ownBits } from '../codec/encode.ts';
import type { ForeignSource } from './control-schema.ts';
import type { ResolvedActuator, ResolvedForeign } from './controls.ts';
import type { Point } from './point.ts';
import { type ControlContext, ControlFault, checkCondition, checkNames } from './resolve-actions.ts';

const addressOf = ({ words: [first = 0] }: Point): number => first;

/**
 * @returns the guards right in front of some points, which lie in the same part of the register map as these: two
 *   neighbours at most, as SunSpec has them with ID and L
 */
const guardsBefore = (points: readonly Point[], { guards, points: all }: ControlContext): ResolvedForeign['guards'] => {
  const first = Math.min(...points.map(addressOf));
  const before = guards.flatMap(({ point: name, is }) => {
    const point = all.get(name);
    return point && point.table === points[0]?.table && addressOf(point) < first ? [{ point, is }] : [];
  });
  const last = Math.max(...before.map(({ point }) => addressOf(point)));
  return before.filter(({ point }) => addressOf(point) >= last - 1);
};

/** @throws ControlFault if the words of the point cannot be written back as they were */
const keptPoint = (name: string, { points, where }: ControlContext): Point => {
  const point = points.get(name);
  if (!point) throw new ControlFault(`${where}: "${name}" is no point${knownWords(name, [...points.keys()])}`);
  if (!point.isReadable || point.source.access !== 'rw')
    throw new ControlFault(`${where}: ${name} has to be read and written back: it needs "access": "rw"`);
  if (ownBits(point))
    throw new ControlFault(`${where}: ${name} is a part of its register, of which the whole has to be kept`);
  return point;
};

const checkKept = (names: readonly string[], { kept, where }: ControlContext): void => {
  for (const name of names)
    if (!kept.includes(name)) throw new ControlFault(`${where}: ${name} is not among the points that are kept`);
};

/** @throws ControlFault at the first fault */
export const resolveForeign = (
  source: ForeignSource,
  { limits, context }: { limits: ResolvedActuator['limits']; context: ControlContext },
): ResolvedForeign => {
  const { keep, switches = [], limits: found = {}, yields, timer, expired = {} } = source;
  const points = keep.map((name) => keptPoint(name, context));
  checkKept([...switches, ...Object.keys(expired), ...(timer === undefined ? [] : [timer])], context);
  for (const [verb, limit] of Object.entries(found)) {
    if (!Object.hasOwn(limits, verb))
      throw new ControlFault(`${context.where}: there is no limit "${verb}"${knownWords(verb, Object.keys(limits))}`);
    checkNames(limit.value, context);
    checkKept([limit.while.point], context);
    checkCondition(limit.while, context);
  }
  if (yields) {
    checkKept([yields.point], context);
    checkCondition(yields, context);
  }
  for (const value of Object.values(expired)) checkNames(value, context);
  return { source, points, guards: guardsBefore(points, context) };
};
