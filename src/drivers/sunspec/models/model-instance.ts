/** A model as one device has it: its definition, and what the device tells of its place and size. */
import { headerSize, type ModelDefinition } from '../messages.ts';

/** Values of counting points (NPt, NCrv, NPrt, …) by their names. A point that tells no number is left out. */
export type Counts = ReadonlyMap<string, number>;

/** A model as a device lists it. */
export interface ModelInstance {
  definition: ModelDefinition;
  /** Address of its point ID. */
  address: number;
  /** Registers after ID and L, as the point L tells it. */
  length: number;
  /** Values of the points that say how often groups repeat. */
  counts?: Counts;
}

/** @returns the address after the last register of a model: the point ID of the next one */
export const endOf = ({ address, length }: Pick<ModelInstance, 'address' | 'length'>): number =>
  address + headerSize + length;

/** @returns "Model 103 (Inverter (Three Phase)) at 40070" */
export const nameOfModel = ({ definition, address }: ModelInstance): string =>
  `Model ${definition.id} (${definition.label}) at ${address}`;
