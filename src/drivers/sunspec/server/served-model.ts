/** A model that is served: the values of its points in, its registers out. */
import { compileModel, encodeModel, type ModelCodec, type PointValue } from '../codec/model-codec.ts';
import { headerSize, type ModelDefinition } from '../messages.ts';
import { findModelDefinition } from '../models/model-definitions.ts';
import { layOutModel } from '../models/model-layout.ts';
import { ScaleFactors } from './scale-factors.ts';

const definitionOf = (id: number): ModelDefinition => {
  const definition = findModelDefinition(id);
  if (!definition) throw new Error(`the package has lost its definition of SunSpec model ${id}`);
  return definition;
};

/** One model at its place in the list of a unit. Its groups do not repeat. */
export class ServedModel {
  readonly definition: ModelDefinition;
  /** Address of its point ID. */
  readonly address: number;
  /** Registers with ID and L. */
  readonly size: number;
  readonly #codec: ModelCodec;
  readonly #factors: ScaleFactors;

  constructor(id: number, address: number) {
    this.definition = definitionOf(id);
    this.address = address;
    this.size = this.definition.group.points.reduce((sum, { size }) => sum + size, 0);
    const layout = layOutModel({ definition: this.definition, address, length: this.size - headerSize });
    this.#codec = compileModel(layout);
    this.#factors = new ScaleFactors(layout);
  }

  /**
   * @param values scaled values by point; a point without a value is written as not implemented
   * @returns the registers of the model from its point ID on
   */
  encode(values: ReadonlyMap<string, PointValue>): Buffer {
    return encodeModel(this.#codec, this.#factors.scale(values));
  }
}
