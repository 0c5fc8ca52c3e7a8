/** A model of a device as it was read: its layout, and the values of its points at that time. */
import type { ModelValues, PointValue } from '../codec/model-codec.ts';
import { type NameOfPoint, namesOfModel } from '../codec/profile-points.ts';
import { symbolOf } from '../codec/symbols.ts';
import { commonModelId } from '../messages.ts';
import type { ModelLayout, PlacedPoint } from '../models/model-layout.ts';

/** A model that was read. */
export interface ReadModel {
  id: number;
  /** Number among the models of this id, counted from 1. */
  nth: number;
  /** Number of common models up to this one: a device behind another one begins with a common model of its own. */
  section: number;
  layout: ModelLayout;
  /** The length that the device tells, which may be one that the model cannot have. */
  toldLength: number;
  values: ModelValues;
  /** Addresses that the device refuses to give. */
  refused: ReadonlySet<number>;
  /** The names of its points in the profile of the device. */
  nameOf: NameOfPoint;
}

/** @param read models in the order of the device */
export const numberModels = (
  read: readonly Pick<ReadModel, 'layout' | 'toldLength' | 'values' | 'refused'>[],
): ReadModel[] => {
  const counts = new Map<number, number>();
  return read.map((model) => {
    const { id } = model.layout.definition;
    const nth = (counts.get(id) ?? 0) + 1;
    counts.set(id, nth);
    return { ...model, id, nth, section: counts.get(commonModelId) ?? 0, nameOf: namesOfModel(id, nth) };
  });
};

/** @returns whether the device refuses to give a point, or a part of it */
export const isRefused = ({ refused }: Pick<ReadModel, 'refused'>, { address, definition }: PlacedPoint): boolean =>
  refused.size > 0 && Array.from({ length: definition.size }, (_, n) => address + n).some((each) => refused.has(each));

/** @returns the value of a point by its path; null if the device does not implement it */
export const readValue = ({ values }: ReadModel, path: string): PointValue => values.get(path) ?? null;

/** @returns the symbol of an enumeration; undefined if the device does not implement it, or for a number without symbol */
export const symbolAt = (model: ReadModel, path: string): string | undefined => {
  const value = readValue(model, path);
  const point = model.layout.points.get(path);
  return point && typeof value === 'number' ? symbolOf(point.definition, value) : undefined;
};

/** @returns the power of ten that scaled a point when it was read; undefined if it is not a sunssf */
export const exponentOf = (model: ReadModel, { scaleFactor = 0 }: PlacedPoint): number | undefined => {
  if (typeof scaleFactor === 'number') return scaleFactor;
  const exponent = readValue(model, scaleFactor.path);
  return typeof exponent === 'number' && Math.abs(exponent) <= 10 ? exponent : undefined;
};
