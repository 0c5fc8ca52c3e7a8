/**
 * The face of the SunSpec driver: all that nodes and the simulator may import. The simulator and the SunSpec face of a
 * site find here the definitions of models, their layout, and the codec of whole models.
 */

export { mistakeText } from '../modbus/index.ts';
export { siteServerFields, sunspecFields } from './codec/limits.ts';
export {
  compileModel,
  decodeModel,
  encodeModel,
  type ModelCodec,
  type ModelValues,
  type PointValue,
} from './codec/model-codec.ts';
export { symbolOf, symbolsIn } from './codec/symbols.ts';
export {
  CommissioningScan,
  type ScannedConnection,
  type ScanSource,
  type ScanState,
} from './commissioning/commissioning-scan.ts';
export { readScanRequest, type WantedScan } from './commissioning/scan-request.ts';
export { type DeviceWish, lookAtDevice, type ProfiledDevice } from './device/device-profile.ts';
export type { SunSpecDriverOptions } from './device/driver-options.ts';
export { type Brand, brandPlaces, usualUnit } from './discovery/candidate-units.ts';
export {
  type ChainChange,
  findChainChange,
  type RereadWord,
  type WatchedHeader,
  watchedHeaders,
} from './discovery/chain-changes.ts';
export type { Chain, ChainEnd, ChainModel, CommonModel, SunSpecDevice } from './discovery/discovered-device.ts';
export { isComplete } from './discovery/discovered-device.ts';
export {
  type DiscoveryNote,
  discoveryNoteIn,
  discoverySentenceOf,
  discoverySentences,
} from './discovery/discovery-notes.ts';
export { type ScanOptions, scanForDevices } from './discovery/scan.ts';
export type { ScanProgress, ScanResult, UnitFinding } from './discovery/scan-result.ts';
export { createSunSpecDriver } from './driver.ts';
export type { ModelDefinition, PointDefinition, PointGroup } from './messages.ts';
export { findModelDefinition, modelIds } from './models/model-definitions.ts';
export type { Counts, ModelInstance } from './models/model-instance.ts';
export { layOutModel, type ModelLayout, type PlacedPoint } from './models/model-layout.ts';
export {
  type FindModel,
  type KnownModel,
  knownModelOf,
  type ModelLengths,
  modelLengthsOf,
} from './models/model-lengths.ts';
export { type OwnModels, readOwnModels } from './models/own-models.ts';
export { readVendorModels } from './models/sunspec-json.ts';
export { type OwnPoint, readOwnPoints } from './quantities/own-points.ts';
export { quantityMap, type SideName } from './quantities/quantity-map.ts';
export { type CompositionMemory, createMemory } from './quantities/select-candidates.ts';
export { type Side, type SiteReadings, sides } from './server/site-readings.ts';
export { type SiteServer, type SiteServerOptions, startSiteServer } from './server/site-server.ts';
export { SiteValues } from './server/site-values.ts';
