/** The controls of a profile made ready: its actuators and config commands, each checked as a whole. */
import { knownWords } from '../../../common/did-you-mean.ts';
import { carTimeConstantS } from '../../car.ts';
import type { ActuatorSource, ConfigCommandSource, Step, Watchdog } from './control-schema.ts';
import type { ResolvedActuator, ResolvedControls } from './controls.ts';
import { type Checked, type Mistake, refuse } from './mistakes.ts';
import type { Point } from './point.ts';
import type { Profile } from './profile-schema.ts';
import {
  type ControlContext,
  ControlFault,
  checkNames,
  checkReadable,
  checkVerb,
  resolveAction,
  resolveSteps,
} from './resolve-actions.ts';
import { resolveForeign } from './resolve-foreign.ts';

/** Shortest time between two different values, ms: a storm of commands becomes its newest one. */
const defaultWriteIntervalMs = 100;
/** Time until a written register shows its value, ms. */
const defaultSettleMs = 1000;

/** An actuator among its siblings. */
interface Place {
  instance: number;
  /** Actuators of the same component before this one. */
  nth: number;
}

const parseComponent = (path: string): { type: string; index?: number } => {
  const [type = '', index] = path.split('/');
  return { type, ...(index === undefined ? {} : { index: Number(index) }) };
};

const pathOfComponent = (component: string, instance: number): string => component.replace('{i}', String(instance));

const stepPoints = (steps: Step[] = []): string[] =>
  steps.flatMap((step) =>
    'together' in step ? step.together.map(({ point }) => point) : 'point' in step ? [step.point] : [],
  );

const pointsOfActuator = ({ setpoints = {}, fallback, setup }: ActuatorSource): string[] => [
  ...Object.values(setpoints).flatMap(({ steps }) => stepPoints(steps)),
  ...stepPoints(fallback.steps),
  ...stepPoints(setup),
];

const checkLimits = (type: string, limits: ResolvedActuator['limits'], context: ControlContext): void => {
  for (const [name, { params, unlimited }] of Object.entries(limits)) {
    const at = { ...context, where: `${context.where} ${name}` };
    checkVerb({ type, name, kind: 'limit' }, { ...params }, at.where);
    for (const bound of [unlimited, ...Object.values(params).flatMap(({ min, max }) => [min, max])])
      if (bound !== undefined) checkNames(bound, at);
  }
};

const resolveSetpoints = (
  type: string,
  { setpoints = {}, limits = {} }: ActuatorSource,
  context: ControlContext,
): ResolvedActuator['actions'] =>
  Object.fromEntries(
    Object.entries(setpoints).map(([name, action]) => {
      const at = { ...context, where: `${context.where} ${name}` };
      checkVerb({ type, name, kind: 'setpoint' }, action.params ?? {}, at.where);
      for (const { limitedBy } of Object.values(action.params ?? {}))
        if (limitedBy !== undefined && !Object.hasOwn(limits, limitedBy))
          throw new ControlFault(
            `${at.where}: there is no limit "${limitedBy}"${knownWords(limitedBy, Object.keys(limits))}`,
          );
      return [name, resolveAction(action, at)];
    }),
  );

const resolveFallback = (
  { steps = [], effect, means, verb }: ActuatorSource['fallback'],
  context: ControlContext,
): ResolvedActuator['fallback'] => {
  if (steps.length === 0 && context.kept.length === 0)
    throw new ControlFault(`${context.where} needs steps: nothing is known that others have set (foreign)`);
  for (const meaning of Object.values(means))
    if (typeof meaning === 'string' && meaning.startsWith('$')) checkNames(meaning, context);
  return { ...resolveAction({ steps, effect }, context), means, ...(verb === undefined ? {} : { verb }) };
};

const checkWatchdogs = (watchdogs: Watchdog[], context: ControlContext): void => {
  for (const { point, value, timeoutS, kind } of watchdogs) {
    if (kind === 'write' || kind === 'count') resolveSteps([{ point: point ?? '', value: value ?? 0 }], context);
    if (timeoutS !== undefined) checkNames(timeoutS, context);
  }
};

const resolveActuator = (source: ActuatorSource, { instance, nth }: Place, base: ControlContext): ResolvedActuator => {
  const { limits = {}, watchdog = [], latencyMs, advice } = source;
  const path = pathOfComponent(source.component, instance);
  const component = parseComponent(path);
  const context = {
    ...base,
    where: path,
    names: new Set([...base.names, ...Object.keys(limits), 'lease_s', ...(source.foreign ? ['foreign'] : [])]),
    kept: source.foreign?.keep ?? [],
  };
  const at = (what: string): ControlContext => ({ ...context, where: `${path} ${what}` });
  const carMs = source.setpoints?.set_current_limit && carTimeConstantS * 1000;
  const { timeConstantMs = carMs } = source;
  checkLimits(component.type, limits, context);
  const actions = resolveSetpoints(component.type, source, context);
  const fallback = resolveFallback(source.fallback, at('fallback'));
  checkWatchdogs(watchdog, at('watchdog'));
  const foreign = source.foreign && resolveForeign(source.foreign, { limits, context: at('foreign') });
  return {
    key: nth === 0 ? path : `${path}#${nth + 1}`,
    ...component,
    actions,
    limits,
    ...(fallback && { fallback }),
    ...(foreign && { foreign }),
    ...(advice === undefined ? {} : { advice }),
    setup: resolveSteps(source.setup ?? [], at('setup')),
    watchdog,
    minWriteIntervalMs: source.minWriteIntervalMs ?? defaultWriteIntervalMs,
    settleMs: source.settleMs ?? defaultSettleMs,
    ...(latencyMs === undefined ? {} : { latencyMs }),
    ...(timeConstantMs === undefined ? {} : { timeConstantMs }),
  };
};

const resolveConfigCommand = (
  verb: string,
  { source, instance }: { source: ConfigCommandSource; instance: number },
  base: ControlContext,
): ResolvedActuator => {
  const { component, ...action } = source;
  const path = pathOfComponent(component, instance);
  const parsed = parseComponent(path);
  checkVerb({ type: parsed.type, name: verb, kind: 'config' }, action.params ?? {}, verb);
  return {
    key: `${path}#${verb}`,
    ...parsed,
    actions: { [verb]: resolveAction(action, { ...base, where: verb }) },
    limits: {},
    setup: [],
    watchdog: [],
    minWriteIntervalMs: defaultWriteIntervalMs,
    settleMs: defaultSettleMs,
  };
};

/** Collects the first fault of each part of the controls. */
const createCollector = () => {
  const mistakes: Mistake[] = [];
  const attempt = <T>(path: Mistake['path'], run: () => T): T[] => {
    try {
      return [run()];
    } catch (error) {
      if (!(error instanceof ControlFault)) throw error;
      mistakes.push({ path, text: error.message });
      return [];
    }
  };
  return { mistakes, attempt };
};

/**
 * @param points the points with registers of their own
 * @param undecoded names of points that are known only after a SunSpec discovery; actuators that need them are left out
 * @returns the actuators of this instance, or the first fault in each of them
 */
export const resolveControls = (
  profile: Profile,
  { points, undecoded, instance }: { points: Point[]; undecoded: string[]; instance: number },
): Checked<ResolvedControls> => {
  const { settings = {}, config = {} } = profile;
  const base: ControlContext = {
    points: new Map(points.map((point) => [point.name, point])),
    where: '',
    names: new Set(Object.keys(settings)),
    kept: [],
  };
  const needsDiscovery = (names: string[]): boolean => names.some((name) => undecoded.includes(name));
  const { mistakes, attempt } = createCollector();

  for (const [name, { point }] of Object.entries(settings))
    if (point !== undefined && !undecoded.includes(point))
      attempt(['settings', name], () => checkReadable(point, { ...base, where: `setting ${name}` }));
  const counts = new Map<string, number>();
  const unknown: string[] = [];
  const actuators = (profile.actuators ?? []).flatMap((source, n) => {
    if (needsDiscovery(pointsOfActuator(source))) {
      unknown.push(source.component);
      return [];
    }
    const nth = counts.get(source.component) ?? 0;
    counts.set(source.component, nth + 1);
    return attempt(['actuators', n], () => resolveActuator(source, { instance, nth }, base));
  });
  const configCommands = Object.entries(config).flatMap(([verb, source]) => {
    if (source === undefined || needsDiscovery(stepPoints(source.steps))) return [];
    return attempt(['config', verb], () => resolveConfigCommand(verb, { source, instance }, base));
  });
  if (mistakes.length > 0) return refuse(mistakes);
  return { ok: true, value: { actuators: [...actuators, ...configCommands], undecoded: unknown } };
};
