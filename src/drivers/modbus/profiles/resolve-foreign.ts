/** The part of others in an actuator: the registers that they set as well, checked against the points of the profile. */
import { knownWords } from '../../../common/did-you-mean.ts';
import type { ForeignSource } from './control-schema.ts';
import type { ResolvedActuator, ResolvedForeign } from './controls.ts';
import type { Point } from './point.ts';
import { type ControlContext, ControlFault, checkCondition, checkNames } from './resolve-actions.ts';

/** @throws ControlFault if the words of the point cannot be written back as they were */
const keptPoint = (name: string, { points, where }: ControlContext): Point => {
  const point = points.get(name);
  if (!point) throw new ControlFault(`${where}: "${name}" is no point${knownWords(name, [...points.keys()])}`);
  if (!point.isReadable || point.source.access !== 'rw')
    throw new ControlFault(`${where}: ${name} has to be read and written back: it needs "access": "rw"`);
  if (point.source.mask !== undefined || point.type === 'u8h' || point.type === 'u8l')
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
  const { keep, switches = [], limits: found = {}, yields, timers = [], expired = {} } = source;
  const points = keep.map((name) => keptPoint(name, context));
  checkKept([...switches, ...Object.keys(expired), ...timers], context);
  for (const [verb, limit] of Object.entries(found)) {
    if (!Object.hasOwn(limits, verb))
      throw new ControlFault(`${context.where}: there is no limit "${verb}"${knownWords(verb, Object.keys(limits))}`);
    checkNames(limit.value, context);
    checkKept([limit.while.point], context);
    checkCondition(limit.while, context);
  }
  for (const condition of yields?.any ?? []) {
    checkKept([condition.point], context);
    checkCondition(condition, context);
  }
  for (const value of Object.values(expired)) checkNames(value, context);
  return { source, points };
};
