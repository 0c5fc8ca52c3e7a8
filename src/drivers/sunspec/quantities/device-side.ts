/**
 * The kind of a device: solar power alone, a hybrid, a battery alone. The power of a hybrid is that of its inverter: solar power is what its modules
 * tell. A plain solar inverter is the solar power itself.
 */
import { partsOf } from './group-parts.ts';
import type { QuantityMap, SideName } from './quantity-map.ts';
import { type ReadModel, readValue, symbolAt } from './read-model.ts';

/** Models that only devices with storage list. */
const storageModels: readonly number[] = [713, 802, 803, 804];
/** Points that a device with a battery implements, by model. Devices without one list model 124 as well. */
const storagePoints: readonly [model: number, path: string][] = [
  [124, 'ChaState'],
  [124, 'ChaSt'],
  [124, 'StorAval'],
  [124, 'InBatV'],
];
/** Ratings that are above 0 in devices with storage alone. */
const storageRatings: readonly [model: number, path: string][] = [
  [702, 'WChaRteMaxRtg'],
  [702, 'WChaRteMax'],
  [120, 'MaxChaRte'],
];

/** Models of an AC side. */
const acModels: readonly number[] = [101, 102, 103, 111, 112, 113, 701];

/** Symbols of 120.DERTyp of devices with solar modules. */
const solarTypes: readonly string[] = ['PV', 'PV_STOR'];

const isAbove0 = (value: unknown): boolean => typeof value === 'number' && value > 0;

const allParts = (models: readonly ReadModel[], map: QuantityMap) =>
  map.families.flatMap((family) =>
    family.repeat === undefined
      ? []
      : models.filter(({ id }) => family.models.includes(id)).flatMap((model) => partsOf(family, model)),
  );

/** @returns whether a device has storage, as far as its models show */
export const hasStorage = (models: readonly ReadModel[], map: QuantityMap): boolean => {
  const some = (points: readonly [number, string][], test: (value: unknown) => boolean): boolean =>
    points.some(([id, path]) => models.some((model) => model.id === id && test(readValue(model, path))));
  return (
    models.some(({ id }) => storageModels.includes(id)) ||
    models.some((model) => model.id === 120 && symbolAt(model, 'DERTyp') === 'PV_STOR') ||
    some(storagePoints, (value) => value !== null) ||
    some(storageRatings, isAbove0) ||
    allParts(models, map).some(({ part }) => part.isBattery)
  );
};

/**
 * @returns what the AC side carries; undefined for a device without one. Storage alone is believed of a device whose
 *   ports are all told, and none is solar: in doubt a device with storage is a hybrid, whose power is no battery power
 */
export const sideOf = (models: readonly ReadModel[], map: QuantityMap): SideName | undefined => {
  if (!models.some(({ id }) => acModels.includes(id))) return undefined;
  if (!hasStorage(models, map)) return 'solar';
  const parts = allParts(models, map);
  const hasPorts = models.some(({ id }) => id === 714) && parts.some(({ part }) => part.isBattery);
  const isSolar =
    parts.some(({ part }) => part.isSolar) ||
    models.some((model) => model.id === 120 && solarTypes.includes(symbolAt(model, 'DERTyp') ?? ''));
  return hasPorts && !isSolar ? 'battery' : 'hybrid';
};
