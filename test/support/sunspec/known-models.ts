/** The models of this package as discovery knows them, and how long they are in images. */
import { type FindModel, findModelDefinition, knownModelOf, modelIds } from '../../../src/drivers/sunspec/index.ts';

/** Ids of all models of the package. */
export const knownIds = modelIds();

const known = new Map(
  knownIds.flatMap((id) => {
    const definition = findModelDefinition(id);
    return definition ? [[id, knownModelOf(definition)] as const] : [];
  }),
);

export const findModel: FindModel = (id) => known.get(id);

/** @returns the registers that a model of so many repeats has, without ID and L */
export const sizeOfModel = (id: number, repeats = 1): number => {
  const { fixed, step } = known.get(id)?.lengths ?? { fixed: 0, step: 0 };
  return fixed + step * repeats;
};
