/** The profile of a SunSpec device, written by its discovery: from what the device lists to what a Modbus driver polls. */
import { type Checked, type Profile, type ProfilePoint, readProfile, refuse } from '../../modbus/index.ts';
import {
  type ComposedControls,
  composeControls,
  noControls,
  type ProfileControls,
} from '../controls/compose-controls.ts';
import type { SunSpecDevice } from '../discovery/discovered-device.ts';
import { candidatesOf, type SignChoices } from './candidates.ts';
import { componentsOf } from './component-facts.ts';
import { sideOf } from './device-side.ts';
import { MappedPoints } from './mapped-points.ts';
import { completePoints, type PlacedProfilePoint } from './poll-groups.ts';
import { quantityMap, type SideName } from './quantity-map.ts';
import type { ReadModel } from './read-model.ts';
import { type CompositionMemory, createMemory, type Selection, selectCandidates } from './select-candidates.ts';
import { type SignedPoint, signParams } from './sign-params.ts';

/** The facts and wishes that a profile is composed from. */
export interface Composition {
  device: SunSpecDevice;
  models: readonly ReadModel[];
  /** Choices of the integrator about signs, by the name of the param. */
  choices?: SignChoices;
  /** The kind of the device, if the integrator knows better than its models. */
  side?: SideName;
  /** Further points of the integrator; a quantity that they give is not looked for in the models. */
  extraPoints?: readonly ProfilePoint[];
  /** Commands in place of those of the models; their points are among the further ones. */
  controls?: ProfileControls;
  memory?: CompositionMemory;
}

/** Registers that may be read along: no more than a small model has. */
const maxGap = 30;
const mostTitle = 100;
/** Below this frequency in Hz no inverter runs. */
const leastFrequency = 40;

const classes = { solar: 'inverter', hybrid: 'hybrid', battery: 'battery' } as const;

const classOf = (side: SideName | undefined, quantities: readonly string[]): Profile['class'] => {
  if (side !== undefined) return classes[side];
  if (quantities.some((path) => path.startsWith('meter'))) return 'meter';
  return quantities.some((path) => path.startsWith('battery')) ? 'battery' : 'other';
};

/** While the inverter runs, modules that tell nothing give nothing. */
const withZero = (point: ProfilePoint, registers: readonly ProfilePoint[]): ProfilePoint => {
  const frequency = registers.find(({ quantity = '' }) => /^(inverter|solar|battery)\/frequency$/.test(quantity));
  if (point.quantity !== 'solar/dc_power' || !frequency) return point;
  return { ...point, zeroWhile: { point: frequency.name, min: leastFrequency } };
};

const headingOf = ({ common, unit }: SunSpecDevice): Pick<Profile, 'title' | 'vendor' | 'model'> => {
  const { manufacturer, model } = common;
  const title = [manufacturer, model].filter((text) => text !== undefined && text !== '').join(' ');
  return {
    title: (title || `SunSpec device, unit ${unit}`).slice(0, mostTitle),
    ...(manufacturer ? { vendor: manufacturer } : {}),
    ...(model ? { model } : {}),
  };
};

const nothingMeant = ({ models }: SunSpecDevice): string =>
  `the device lists the models ${models.map(({ id }) => id).join(', ')}, and tells no value that has a meaning here: name its points yourself`;

/** @returns the selection as points, without the quantities that the integrator gives by other points */
const mapPoints = ({ byTarget, events }: Selection, own: ReadonlySet<string>): MappedPoints => {
  const mapped = new MappedPoints(quantityMap());
  for (const [target, candidate] of byTarget) if (!own.has(target)) mapped.add(candidate);
  for (const candidate of events) mapped.addEvents(candidate);
  return mapped;
};

const placedPoints = ({ points, terms }: MappedPoints): PlacedProfilePoint[] =>
  [...points.values()].flatMap((profilePoint) => {
    const term = terms.get(profilePoint.name);
    return term ? [{ model: term.model, point: term.point, profilePoint, group: term.group }] : [];
  });

const signedPoints = ({ points }: MappedPoints, { byTarget }: Selection): SignedPoint[] =>
  [...points.values()].flatMap(({ name, quantity = '' }) => {
    const sign = byTarget.get(quantity)?.sign;
    return sign === undefined ? [] : [{ name, sign }];
  });

const selectionOf = (composition: Composition): { selection: Selection; side: SideName | undefined } => {
  const { models, choices = {}, memory = createMemory() } = composition;
  const map = quantityMap();
  const found = composition.side ?? sideOf(models, map);
  // A battery that tells nothing for a moment does not make a solar inverter of a hybrid.
  if (found !== undefined && (found !== 'solar' || memory.side === undefined)) memory.side = found;
  const { side } = memory;
  return { side, selection: selectCandidates(candidatesOf(models, map, { side, choices }), memory) };
};

/** @returns the commands that the integrator gives, or else those of the models */
const commandsOf = (
  { controls, models, device }: Composition,
  { side, memory }: { side: SideName | undefined; memory: CompositionMemory },
): ComposedControls =>
  controls
    ? { ...noControls, controls }
    : composeControls({ models, side, manufacturer: device.common.manufacturer, memory });

/**
 * Composes the profile of a device.
 * @returns the profile as data, as it could stand in a file; points of an integrator that name points of models are not
 *   located yet. Or the mistakes in it, which these points may have
 */
export const composeProfile = (composition: Composition): Checked<Profile> => {
  const { device, models, extraPoints = [], memory = createMemory() } = composition;
  const { selection, side } = selectionOf({ ...composition, memory });
  const commands = commandsOf(composition, { side, memory });
  const mapped = mapPoints(selection, new Set(extraPoints.map(({ quantity = '' }) => quantity)));
  const { points: registers, guards } = completePoints([...placedPoints(mapped), ...commands.points]);
  const isThere = new Set(registers.map(({ name }) => name));
  const derived = [...mapped.points.values()].flatMap((point) => {
    if (point.product !== undefined) return [point];
    const sum = point.sum?.filter((term) => isThere.has(term.replace(/^-/, ''))) ?? [];
    return sum.length > 0 ? [withZero({ ...point, sum }, registers)] : [];
  });
  const points = [...registers, ...derived];
  if (points.length + extraPoints.length === 0) return refuse([{ path: ['points'], text: nothingMeant(device) }]);
  const quantities = points.flatMap(({ quantity }) => quantity ?? []);
  const signed = signedPoints(mapped, selection).filter(({ name }) => points.some((point) => point.name === name));
  const read = readProfile({
    schema: 'profile/1',
    id: 'sunspec-device',
    ...headingOf(device),
    class: classOf(side, quantities),
    sources: ['the list of models that the device tells', ...quantityMap().sources, ...commands.origin.sources],
    unsure: commands.origin.unsure,
    notes: commands.notes,
    connection: { unitId: device.unit },
    limits: { maxGap },
    components: componentsOf(quantities, { models, side }),
    ...signParams(signed, quantityMap()),
    guards,
    ...commands.controls,
    points: [...points, ...extraPoints],
  });
  if (!read.ok) return read;
  return { ok: true, value: read.value };
};
