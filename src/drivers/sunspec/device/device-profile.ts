/** One look at a device: its list of models, what they hold, and the profile that follows. */
import type { Clock, Result } from '../../../model/time.ts';
import type { DeviceDescription } from '../../driver.ts';
import {
  type Bus,
  defaultTimeoutMs,
  type Profile,
  type ProfileChoice,
  type ProfilePoint,
  type ResolvedProfile,
  resolveProfile,
} from '../../modbus/index.ts';
import type { ProfileControls } from '../controls/compose-controls.ts';
import { settingValues } from '../controls/setting-values.ts';
import type { Brand } from '../discovery/candidate-units.ts';
import type { SunSpecDevice } from '../discovery/discovered-device.ts';
import { type DiscoveryNote, discoverySentenceOf } from '../discovery/discovery-notes.ts';
import { RegisterReader } from '../discovery/register-reader.ts';
import { scanForDevices } from '../discovery/scan.ts';
import type { ScanResult } from '../discovery/scan-result.ts';
import type { ModelDefinition } from '../messages.ts';
import { findModelDefinition } from '../models/model-definitions.ts';
import { knownModelOf } from '../models/model-lengths.ts';
import type { SignChoices } from '../quantities/candidates.ts';
import { composeProfile } from '../quantities/compose-profile.ts';
import { locateNamedPoints } from '../quantities/named-points.ts';
import { quantityMap, type SideName } from '../quantities/quantity-map.ts';
import type { ReadModel } from '../quantities/read-model.ts';
import { withRefusedRanges } from '../quantities/refused-ranges.ts';
import type { CompositionMemory } from '../quantities/select-candidates.ts';
import { offeredChoices } from '../quantities/sign-params.ts';
import { readModels } from './read-models.ts';

/** A device as the integrator describes it. */
export interface DeviceWish {
  unit: number;
  brand?: Brand;
  /** Models of vendors, by their ids. */
  vendorModels?: ReadonlyMap<number, ModelDefinition>;
  /** Signs that the models leave open, by the name of the param. */
  choices?: SignChoices;
  /** The kind of the device, if the integrator knows better than its models. */
  side?: SideName;
  /** Further points, which may name points of models: "103:VA". */
  extraPoints?: readonly ProfilePoint[];
  /** Commands in place of those of the models; their points are among the further ones. */
  controls?: ProfileControls;
  /** A profile that names points of models; nothing but its own points is polled then. */
  named?: { profile: Profile; choice?: ProfileChoice };
}

/** A device with the profile that its driver polls. */
export interface ProfiledDevice {
  device: SunSpecDevice;
  resolved: ResolvedProfile;
  /** Numbers that commands need, by the names of the points that tell them. */
  known: ReadonlyMap<string, number>;
  /** The same for two looks after which nothing else is to be polled. */
  signature: string;
  /** Points of the integrator that the device does not have, in words. */
  missing: string[];
  /** Models that were left out, what is peculiar about the others, and what the commands refer to, in words. */
  notes: string[];
  /** All that was found, for people: the list of models, and what is to be said about it. */
  facts: NonNullable<DeviceDescription['facts']>;
}

/** The place of a device. */
export interface LookContext {
  bus: Bus;
  clock: Clock;
  /** Ends a look. */
  signal: AbortSignal;
  memory: CompositionMemory;
  /** Whether other units are asked where this one has no device: one of them may answer. */
  isThorough?: boolean;
  /** @returns a note of the discovery in the language of this machine; by default in English */
  say?(note: DiscoveryNote): string;
}

const definitionFinder =
  ({ vendorModels }: DeviceWish) =>
  (id: number): ModelDefinition | undefined =>
    findModelDefinition(id, vendorModels);

/** @returns ids of models that points of the integrator name */
const namedIds = (points: readonly ProfilePoint[]): number[] =>
  points.flatMap(({ addr, type }) => (type === 'sunspec' ? [Number.parseInt(String(addr), 10)] : []));

const wantedIds = ({ extraPoints = [], named }: DeviceWish): Set<number> =>
  named
    ? new Set(namedIds(named.profile.points))
    : new Set([...quantityMap().families.flatMap(({ models }) => models), ...namedIds(extraPoints)]);

/** @param units that are asked; absent: the likely ones */
const scan = (
  wish: DeviceWish,
  { bus, clock, signal }: LookContext,
  units?: readonly number[],
): Promise<ScanResult> => {
  const { unit, brand } = wish;
  const definitionOf = definitionFinder(wish);
  return scanForDevices(bus, {
    findModel(id) {
      const definition = definitionOf(id);
      return definition && knownModelOf(definition);
    },
    clock,
    unit,
    signal,
    ...(units === undefined ? {} : { units }),
    ...(brand === undefined ? {} : { brand }),
  });
};

const findDevice = async (wish: DeviceWish, context: LookContext): Promise<Result<SunSpecDevice>> => {
  const { unit } = wish;
  const result = await scan(wish, context, [unit]);
  const [device] = result.devices;
  if (device && device.models.length > 0) return { ok: true, value: device };
  const isElsewhere = context.isThorough === true && result.units.every(({ kind }) => kind !== 'lost');
  const wider = isElsewhere && !device ? await scan(wish, context) : result;
  const { notes, units } = wider.devices.length > 0 ? wider : result;
  const [note] = [...notes, ...(device?.notes ?? [])];
  const reason = note ? discoverySentenceOf(note) : `unit ${unit} was ${units[0]?.kind ?? 'not'} asked`;
  return { ok: false, reason };
};

const factsOf = (device: SunSpecDevice, notes: readonly string[]): ProfiledDevice['facts'] => ({
  unit: device.unit,
  base: device.base,
  models: device.models.map(({ id }) => id),
  ...(notes.length > 0 ? { notes: [...notes] } : {}),
});

/** Changes from which no other poll follows. */
const signatureOf = ({ points, ...rest }: Profile): string =>
  JSON.stringify({ ...rest, notes: [], points: points.map((point) => ({ ...point, modulus: undefined })) });

const profileOf = (
  wish: DeviceWish,
  { device, models }: { device: SunSpecDevice; models: ReadModel[] },
  memory: CompositionMemory,
): Result<Omit<ProfiledDevice, 'device' | 'facts'>> => {
  const { named, choices = {}, side, extraPoints = [], controls } = wish;
  const composed = named
    ? ({ ok: true, value: named.profile } as const)
    : composeProfile({
        device,
        models,
        choices,
        extraPoints,
        ...(controls && { controls }),
        memory,
        ...(side === undefined ? {} : { side }),
      });
  if (!composed.ok) return composed;
  const { profile, missing } = locateNamedPoints(composed.value, {
    models,
    listed: device.models.map(({ id }) => id),
  });
  const choice = named ? named.choice : { params: offeredChoices(profile, choices) };
  const resolved = resolveProfile(withRefusedRanges(profile, models), choice);
  if (!resolved.ok) return resolved;
  // The notes of a given profile are for its author.
  const notes = named ? [] : (profile.notes ?? []);
  const known = settingValues(profile, models);
  return { ok: true, value: { resolved: resolved.value, known, signature: signatureOf(profile), missing, notes } };
};

/**
 * Looks at a device. The unit is attached to the bus for that time.
 * @returns the device with its profile; or in words why there is none at the moment
 * @throws the reason of the signal, if that is aborted
 */
export const lookAtDevice = async (wish: DeviceWish, context: LookContext): Promise<Result<ProfiledDevice>> => {
  const { bus, clock, signal, memory, say = discoverySentenceOf } = context;
  const found = await findDevice(wish, context);
  signal.throwIfAborted();
  if (!found.ok) return found;
  const device = found.value;
  const detach = bus.attach(wish.unit, { timeoutMs: defaultTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    const reader = new RegisterReader(bus, wish.unit, { now: () => clock.monotonic(), signal });
    const ids = wantedIds(wish);
    const read = await readModels(reader, device, {
      isWanted: (id) => ids.has(id),
      findDefinition: definitionFinder(wish),
    });
    if (!read.ok) return read;
    const profiled = profileOf(wish, { device, models: read.models }, memory);
    if (!profiled.ok) return profiled;
    const { missing } = profiled.value;
    const notes = [...read.notes, ...profiled.value.notes];
    const facts = factsOf(device, [...device.notes.map(say), ...notes, ...missing]);
    return { ok: true, value: { ...profiled.value, device, notes, facts } };
  } finally {
    detach();
  }
};
