/** Leaves out of a command what a device does not implement: steps, timers, parameters. */
import type { ActuatorSource, Step } from '../../modbus/index.ts';
import type { ActuatorCandidate } from './control-map.ts';

type MappedActuator = ActuatorCandidate['actuator'];
type MappedAction = NonNullable<MappedActuator['setpoints']>[string];
type Foreign = NonNullable<MappedActuator['foreign']>;

/** Whether the device has a point, by its name in the map. */
export type HasPoint = (name: string) => boolean;

/** @returns the names of all points that a part of the map mentions */
export const pointsIn = (part: unknown): string[] => [
  ...new Set(JSON.stringify(part ?? null).match(/\bc\d+\.[a-z0-9_.]+/g) ?? []),
];

const pruneSteps = (steps: readonly Step[], isThere: (part: unknown) => boolean): Step[] =>
  steps.flatMap((step): Step[] => {
    if (!('together' in step)) return isThere(step) ? [step] : [];
    const together = step.together.filter(isThere);
    return together.length > 1 ? [{ together }] : together;
  });

/** Whether the steps of a command use one of its parameters. */
const uses = (steps: readonly Step[], name: string): boolean =>
  new RegExp(`\\$${name}\\b|"param":"${name}"`).test(JSON.stringify(steps));

const pruneAction = (action: MappedAction, isThere: (part: unknown) => boolean): MappedAction => {
  const steps = pruneSteps(action.steps, isThere);
  const { params = {}, requires = [] } = action;
  const kept = Object.entries(params).filter(([name]) => uses(steps, name) || !uses(action.steps, name));
  return { ...action, steps, params: Object.fromEntries(kept), requires: requires.filter(isThere) };
};

const pruneForeign = (foreign: Foreign, isThere: (part: unknown) => boolean): Foreign => {
  const { keep, switches = [], limits = {}, yields, timers = [], expired = {} } = foreign;
  const any = yields?.any.filter(isThere) ?? [];
  const timersLeft = timers.filter(isThere);
  const entries = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(isThere));
  return {
    keep: keep.filter(isThere),
    switches: switches.filter(isThere),
    limits: entries(limits),
    ...(yields && any.length > 0 ? { yields: { ...yields, any } } : {}),
    ...(timersLeft.length > 0 ? { timers: timersLeft } : {}),
    expired: entries(expired),
  };
};

const pruneSetpoints = (
  { verbNeeds = {}, actuator: { setpoints = {} } }: ActuatorCandidate,
  { has, isThere }: { has: HasPoint; isThere: (part: unknown) => boolean },
): NonNullable<MappedActuator['setpoints']> =>
  Object.fromEntries(
    Object.entries(setpoints)
      .filter(([verb]) => (verbNeeds[verb] ?? []).every(has))
      .map(([verb, action]) => [verb, pruneAction(action, isThere)]),
  );

/** @returns the actuator as far as the device implements its points; undefined if nothing of it is left */
export const pruneActuator = (
  candidate: ActuatorCandidate,
  has: HasPoint,
): Omit<ActuatorSource, 'component' | 'advice'> | undefined => {
  const isThere = (part: unknown): boolean => pointsIn(part).every(has);
  const { actuator } = candidate;
  const setpoints = pruneSetpoints(candidate, { has, isThere });
  const { limits = {}, fallback, watchdog = [] } = actuator;
  if (Object.keys(setpoints).length + Object.keys(limits).length === 0) return undefined;
  const foreign = actuator.foreign && pruneForeign(actuator.foreign, isThere);
  // An order that no timer of the device ends needs no rewriting.
  const isTimed = actuator.foreign?.timers === undefined || foreign?.timers !== undefined;
  return {
    ...actuator,
    setpoints,
    ...(foreign && { foreign }),
    fallback: { ...fallback, ...(fallback.steps && { steps: pruneSteps(fallback.steps, isThere) }) },
    watchdog: watchdog.filter((each) => isThere(each) && (each.kind !== 'rewrite' || isTimed)),
  };
};
