/** The commands of a SunSpec device, from the map of commands and from what the device implements. */
import type { ActuatorSource, ConfigCommandSource, Profile } from '../../modbus/index.ts';
import type { PlacedProfilePoint } from '../quantities/poll-groups.ts';
import type { SideName } from '../quantities/quantity-map.ts';
import type { ReadModel } from '../quantities/read-model.ts';
import type { CompositionMemory } from '../quantities/select-candidates.ts';
import { type ActuatorCandidate, type ControlMap, controlMap, type MappedControl } from './control-map.ts';
import { ControlPoints } from './control-points.ts';
import { pointsIn, pruneActuator } from './prune-actuator.ts';

/** The commands of a profile, with the numbers that they need. */
export type ProfileControls = Pick<Profile, 'actuators' | 'config' | 'settings' | 'commandNote'>;

/** The commands of a device. */
export interface ComposedControls {
  controls: ProfileControls;
  points: PlacedProfilePoint[];
  /** What the integrator has to know of them, in words: the base of each percentage. */
  notes: string[];
  /** Sources of the commands, and what none of them tells for certain. */
  origin: Pick<ControlMap, 'sources' | 'unsure'>;
}

/** The device whose commands are composed. */
interface CommandedDevice {
  models: readonly ReadModel[];
  /** What its AC side carries; undefined: it has none, and takes no commands. */
  side: SideName | undefined;
  manufacturer?: string | undefined;
  memory: CompositionMemory;
}

type Settings = NonNullable<Profile['settings']>;

/** @returns what to switch on at a device of this manufacturer that does not follow */
export const adviceFor = (manufacturer = '', { advice }: ControlMap = controlMap()): string => {
  const given = manufacturer.toLowerCase();
  return advice.brands.find((brand) => given.includes(brand.manufacturer))?.text ?? advice.others;
};

/** @returns whether the device implements, and lets be written, what a candidate needs */
const isAble = ({ needs, verbNeeds = {} }: Pick<ActuatorCandidate, 'needs' | 'verbNeeds'>, points: ControlPoints) => {
  const areThere = (names: readonly string[]): boolean => names.every((name) => points.isWritable(name));
  const verbs = Object.values(verbNeeds);
  return areThere(needs) && (verbs.length === 0 || verbs.some(areThere));
};

/**
 * @param key of the choice, which is kept: an order that is in force must not lose its registers to better ones
 * @returns the first candidate that the device implements, or the one that was chosen before
 */
const choose = <T extends Pick<ActuatorCandidate, 'needs' | 'verbNeeds'>>(
  key: string,
  candidates: readonly T[],
  { points, memory }: { points: ControlPoints; memory: CompositionMemory },
): T | undefined => {
  const able = candidates.filter((each) => isAble(each, points));
  const kept = able.find((each) => String(candidates.indexOf(each)) === memory.chosen.get(key));
  const chosen = kept ?? able[0];
  if (chosen) memory.chosen.set(key, String(candidates.indexOf(chosen)));
  return chosen;
};

const actuatorOf = (
  { name, components, candidates }: MappedControl,
  { side, manufacturer, memory }: CommandedDevice,
  points: ControlPoints,
): ActuatorSource[] => {
  const component = side && components[side];
  const chosen = component === undefined ? undefined : choose(`control ${name}`, candidates, { points, memory });
  const pruned = chosen && pruneActuator(chosen, (point) => points.has(point));
  return component === undefined || !pruned ? [] : [{ ...pruned, component, advice: adviceFor(manufacturer) }];
};

const configOf = (
  map: ControlMap,
  { side, memory }: CommandedDevice,
  points: ControlPoints,
): Record<string, ConfigCommandSource> =>
  Object.fromEntries(
    map.config.flatMap(({ verb, components, candidates }) => {
      const component = side && components[side];
      const chosen = choose(`config ${verb}`, candidates, { points, memory });
      return component === undefined || !chosen ? [] : [[verb, { ...chosen.command, component }]];
    }),
  );

/** @returns the settings that the commands use, each with the point that tells it, and what is told of these */
const settingsOf = (
  map: ControlMap,
  used: string,
  points: ControlPoints,
): { settings: Settings; bases: string[]; notes: string[] } => {
  const settings: Settings = {};
  const [bases, notes]: [string[], string[]] = [[], []];
  for (const [name, { bases: candidates, ...setting }] of Object.entries(map.settings)) {
    if (!new RegExp(`\\$${name}\\b`).test(used)) continue;
    settings[name] = setting;
    if (!candidates) continue;
    const base = candidates.find((each) => (points.value(pointNameOf(each)) ?? 0) > 0);
    if (base === undefined) {
      notes.push(
        `${setting.title}: the device tells none of ${candidates.join(', ')}; enter it, or some commands are missing`,
      );
      continue;
    }
    bases.push(pointNameOf(base));
    settings[name] = { ...setting, point: pointNameOf(base) };
    notes.push(`${setting.title}: ${base}, ${points.value(pointNameOf(base))} ${setting.unit}`);
  }
  return { settings, bases, notes };
};

/** @returns the name for commands of a base: "c121.wmax" of "121:WMax" */
const pointNameOf = (base: string): string => `c${base.replace(':', '.').toLowerCase()}`;

/** The commands of a device that takes none. */
export const noControls: ComposedControls = {
  controls: {},
  points: [],
  notes: [],
  origin: { sources: [], unsure: [] },
};

/** Composes the commands of a device. */
export const composeControls = (device: CommandedDevice): ComposedControls => {
  const map = controlMap();
  const points = new ControlPoints(device.models, device.memory.implemented);
  const actuators = map.controls.flatMap((control) => actuatorOf(control, device, points));
  const config = configOf(map, device, points);
  if (actuators.length === 0 && Object.keys(config).length === 0) return noControls;
  const { settings, bases, notes } = settingsOf(map, JSON.stringify([actuators, config]), points);
  return {
    controls: { settings, actuators, config },
    points: points.placed(new Set([...pointsIn([actuators, config]), ...bases])),
    notes,
    origin: { sources: map.sources, unsure: map.unsure },
  };
};
