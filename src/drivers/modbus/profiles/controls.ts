/** The controls of a profile with the points of their steps resolved, ready for the actuators of a device. */
import type { Action, ActuatorSource, Effect, ForeignSource, RangeSource, Watchdog } from './control-schema.ts';
import { namesIn, type Source } from './expression.ts';
import type { Point } from './point.ts';
import type { Profile } from './profile-schema.ts';

/** One write with its point looked up; ifGiven: the parameter without which the write is left out. */
export interface ResolvedWrite {
  point: Point;
  value: Source;
  ifGiven?: string;
}

/** One step of a command. */
export type ResolvedStep = ResolvedWrite | { waitMs: number } | { together: ResolvedWrite[] };

/** @returns the writes of steps, in their order */
export const writesOf = (steps: readonly ResolvedStep[]): ResolvedWrite[] =>
  steps.flatMap((step) => ('together' in step ? step.together : 'point' in step ? [step] : []));

/** Registers that others set as well, with their points looked up. */
export interface ResolvedForeign {
  source: ForeignSource;
  points: Point[];
}

/** A command with the points of its steps looked up. */
export interface ResolvedAction {
  params: Record<string, RangeSource>;
  steps: ResolvedStep[];
  effect?: Effect;
  requires: NonNullable<Action['requires']>;
}

/** An actuator of one instance of a profile. A config command is an actuator with one verb and no safe state. */
export interface ResolvedActuator {
  /** Unique within the device: "battery", "battery#2", "battery#set_reserve_soc". */
  key: string;
  type: string;
  index?: number;
  /** Setpoints and config commands, by verb. */
  actions: Record<string, ResolvedAction>;
  limits: NonNullable<ActuatorSource['limits']>;
  fallback?: ResolvedAction & { means: ActuatorSource['fallback']['means']; verb?: string };
  foreign?: ResolvedForeign;
  advice?: string;
  setup: ResolvedStep[];
  watchdog: Watchdog[];
  minWriteIntervalMs: number;
  settleMs: number;
  latencyMs?: number;
  timeConstantMs?: number;
}

/** Everything that one instance of a profile can be told. */
export interface ResolvedControls {
  actuators: ResolvedActuator[];
  /** Components of actuators whose points are known only after a SunSpec discovery. */
  undecoded: string[];
}

/** Every action of an actuator, its safe state included. */
export const actionsOf = ({ actions, fallback }: ResolvedActuator): ResolvedAction[] => [
  ...Object.values(actions),
  ...(fallback ? [fallback] : []),
];

const valuesOf = (steps: ResolvedStep[]): Source[] => writesOf(steps).map(({ value }) => value);

const boundsOf = (params: Record<string, RangeSource>): (Source | undefined)[] =>
  Object.values(params).flatMap(({ min, max }) => [min, max]);

const expressionsOf = (actuator: ResolvedActuator): (Source | undefined)[] => [
  ...actionsOf(actuator).flatMap(({ steps, params, effect }) => [
    ...valuesOf(steps),
    ...boundsOf(params),
    effect?.value,
  ]),
  ...Object.values(actuator.limits).flatMap(({ params, unlimited }) => [unlimited, ...boundsOf(params)]),
  ...valuesOf(actuator.setup),
  ...Object.values(actuator.foreign?.source.limits ?? {}).map(({ value }) => value),
];

/** @returns names of the points whose values commands need; they are polled, whether they are readings or not */
export const pointsNeeded = ({ controls, profile }: { controls: ResolvedControls; profile: Profile }): Set<string> => {
  const inExpressions = controls.actuators
    .flatMap(expressionsOf)
    .flatMap((source) => (source === undefined ? [] : namesIn(source).points));
  const ofSettings = Object.values(profile.settings ?? {}).flatMap(({ point }) => (point === undefined ? [] : [point]));
  return new Set([...inExpressions, ...ofSettings]);
};

const pointsOfAction = ({ steps, requires, effect }: ResolvedAction): string[] => [
  ...writesOf(steps).map(({ point }) => point.name),
  ...requires.map(({ point }) => point),
  ...(effect ? [effect.point, ...(effect.unless ?? []).map(({ point }) => point)] : []),
];

/** @returns names of the points that commands write or look at */
export const pointsOfControls = ({ actuators }: ResolvedControls): string[] =>
  actuators.flatMap((actuator) => [
    ...actionsOf(actuator).flatMap(pointsOfAction),
    ...pointsOfAction({ params: {}, steps: actuator.setup, requires: [] }),
    ...actuator.watchdog.flatMap(({ point }) => (point === undefined ? [] : [point])),
    ...(actuator.foreign?.source.keep ?? []),
  ]);
