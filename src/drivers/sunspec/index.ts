/**
 * The face of the SunSpec driver: all that nodes and the simulator may import. The simulator and the SunSpec face of a
 * site find here the definitions of models, their layout, and the codec of whole models.
 */

export {
  compileModel,
  decodeModel,
  encodeModel,
  type ModelCodec,
  type ModelValues,
  type PointValue,
} from './codec/model-codec.ts';
export { symbolOf, symbolsIn } from './codec/symbols.ts';
export type { ModelDefinition, PointDefinition, PointGroup } from './messages.ts';
export { findModelDefinition, modelIds } from './models/model-definitions.ts';
export type { Counts, ModelInstance } from './models/model-instance.ts';
export { layOutModel, type ModelLayout, type PlacedPoint } from './models/model-layout.ts';
export { readVendorModels } from './models/sunspec-json.ts';
