/** The lengths that a model can have by its definition. A length that it cannot have leads into the middle of something. */
import { commonModelId, firstVendorModel, headerSize, type ModelDefinition, type PointGroup } from '../messages.ts';

/** The lengths of one model: registers behind ID and L. */
export interface ModelLengths {
  /** Registers of all groups that are there once. */
  fixed: number;
  /** Registers of which repeating groups take a multiple; 0: no group repeats. */
  step: number;
}

/** A model that this package, or a file of the integrator, has a definition of. */
export interface KnownModel {
  /** A few words for people: "Inverter (Three Phase)". */
  name: string;
  lengths: ModelLengths;
}

/** @returns undefined for a model without a definition */
export type FindModel = (id: number) => KnownModel | undefined;

/** The common model with and without its last point, Pad. SolarEdge and Fronius leave the Pad out. */
const commonModelLengths = [65, 66];

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

const sizeOf = ({ points }: PointGroup): number => points.reduce((sum, { size }) => sum + size, 0);

/** Adds the registers of a group, and of the groups in it, to those that are there once or to those that repeat. */
const addGroup = (sum: ModelLengths, group: PointGroup, times: number | undefined): ModelLengths => {
  const size = sizeOf(group);
  const own =
    times === undefined
      ? { fixed: sum.fixed, step: greatestDivisor(sum.step, size) }
      : { fixed: sum.fixed + size * times, step: sum.step };
  return group.groups.reduce((all, inner) => {
    const { count = 1 } = inner;
    const isCounted = typeof count === 'string' || count === 0;
    return addGroup(all, inner, isCounted || times === undefined ? undefined : times * count);
  }, own);
};

/** @param group the group of a model's definition, with the points ID and L at its beginning */
export const modelLengthsOf = (group: PointGroup): ModelLengths => {
  const { fixed, step } = addGroup({ fixed: 0, step: 0 }, group, 1);
  return { fixed: fixed - headerSize, step };
};

/** @returns a model as discovery knows it by its definition */
export const knownModelOf = ({ label, group }: ModelDefinition): KnownModel => ({
  name: label,
  lengths: modelLengthsOf(group),
});

/** @returns registers behind ID and L that every model of this id has */
export const leastLength = (id: number, { fixed }: ModelLengths): number =>
  id === commonModelId ? Math.min(...commonModelLengths) : fixed;

/** @returns whether a model can have the length that a device tells */
export const isPossibleLength = (id: number, { fixed, step }: ModelLengths, length: number): boolean => {
  if (id === commonModelId) return commonModelLengths.includes(length);
  const more = length - fixed;
  if (more <= 0) return more === 0;
  // OutBack's models 64110 to 64114 grew with the firmware.
  return id >= firstVendorModel || (step > 0 && more % step === 0);
};
