/** Models at a place in a device, for tests. */
import assert from 'node:assert/strict';
import type { ModelDefinition, PointGroup } from '../../../src/drivers/sunspec/messages.ts';
import { findModelDefinition } from '../../../src/drivers/sunspec/models/model-definitions.ts';
import { layOutModel, type ModelLayout } from '../../../src/drivers/sunspec/models/model-layout.ts';

/** @throws AssertionError if the package does not have the model */
export const definitionOf = (id: number): ModelDefinition => {
  const definition = findModelDefinition(id);
  assert.ok(definition, `no model ${id}`);
  return definition;
};

/** @returns registers of one instance of a group, with all groups within it. @param countOf how often each of these repeats */
export const sizeOfGroup = ({ points, groups }: PointGroup, countOf: (group: PointGroup) => number): number =>
  points.reduce((sum, { size }) => sum + size, 0) +
  groups.reduce((sum, group) => sum + countOf(group) * sizeOfGroup(group, countOf), 0);

/** A model, by its id or its definition, with what a device tells of it. */
interface Told {
  length: number;
  counts?: Record<string, number>;
  address?: number;
}

/** @returns the model as a device lists it, at 40000 if no address is given */
export const placeModel = (
  model: number | ModelDefinition,
  { length, counts = {}, address = 40_000 }: Told,
): ModelLayout =>
  layOutModel({
    definition: typeof model === 'number' ? definitionOf(model) : model,
    address,
    length,
    counts: new Map(Object.entries(counts)),
  });
