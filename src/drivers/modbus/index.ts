/**
 * The face of the Modbus driver: all that nodes, the simulator and the SunSpec driver may import.
 *
 * A driver for a protocol on top of Modbus finds here: the bus to read and write registers (discovery), the profile of a
 * device as data and its resolution (models, with their scale factors as points that values name by scaleFrom), the
 * codec between registers and values, the planner that keeps a scale factor in one request with its values, single
 * points read at once, and the driver that polls and controls a resolved profile; and a server
 * of Modbus TCP with the registers of the devices that this package plays itself.
 */

export { decodeBlock, shortestDecimal, textAt, valueAt } from './codec/decode.ts';
export { compileDecodeTable, type DecodeTable } from './codec/decode-table.ts';
export { decodeText } from './codec/decode-text.ts';
export { encodePattern, encodePoint, fits, type Words } from './codec/encode.ts';
export {
  addressRange,
  defaultTimeoutMs,
  isSerialPort,
  modbusClientFields,
  modbusFields,
  mostDumpedRegisters,
  unitRange,
} from './codec/limits.ts';
export { maxReadRegisters } from './codec/pdu-limits.ts';
export { testBus, testLink } from './commissioning/device-test.ts';
export {
  hasIdentity,
  type Identification,
  identifiableProfiles,
  identifyProfile,
  type ProfileFit,
} from './commissioning/identify-profiles.ts';
export { type Preview, readPreview } from './commissioning/read-preview.ts';
export { dumpRegisters } from './commissioning/register-dump.ts';
export type { ModbusDriverOptions } from './device/device-context.ts';
export { type LearntRange, parseLearntRanges } from './device/learnt-ranges.ts';
export { createWriteHabits, type WriteHabits } from './device/write-habits.ts';
export { createModbusDriver } from './driver.ts';
export { isIllegalRequest, ModbusFailure } from './failures.ts';
export { exceptionCodes, type ReadRequest, type Table, type WriteRequest } from './messages.ts';
export { endLostEvents } from './polling/bit-events.ts';
export { createPointReader, type PointReader } from './polling/point-reader.ts';
export { planReads } from './polling/read-plan.ts';
export { inspectProfile } from './profiles/checker.ts';
export {
  type ActuatorSource,
  actuatorSchema,
  type ConfigCommandSource,
  configCommandSchema,
  type Step,
  settingSchema,
} from './profiles/control-schema.ts';
export { findProfile, listProfiles, namesModels, openProfile } from './profiles/library.ts';
export { type Checked, type Mistake, mistakesOf, mistakeText, refuse } from './profiles/mistakes.ts';
export { isTextPoint, type Point } from './profiles/point.ts';
export type { PointType, ProfilePoint } from './profiles/point-schema.ts';
export { type Profile, profileSchema, readProfile } from './profiles/profile-schema.ts';
export { resolvePoint } from './profiles/resolve-point.ts';
export { type ResolvedProfile, resolveProfile } from './profiles/resolve-profile.ts';
export { summarizeProfile } from './profiles/summary.ts';
export type { ProfileChoice } from './profiles/variants.ts';
export type { IncomingRequest } from './server/client-connection.ts';
export { exceptionResponse } from './server/modbus-functions.ts';
export { ModbusServer, type ModbusServerOptions, startModbusServer } from './server/modbus-server.ts';
export { RegisterImage, type UnitImages, type WrittenValues } from './server/register-image.ts';
export { readScanTarget, type ScanRefusal, type ScanTarget } from './transport/address-range.ts';
export type { Bus } from './transport/bus/bus.ts';
export type { UnitLimits } from './transport/bus/bus-unit.ts';
export { createBus } from './transport/bus/link-bus.ts';
export { createLink, type LinkSettings } from './transport/create-link.ts';
export { findListeners, type Listener } from './transport/find-listeners.ts';
export type { ModbusLink } from './transport/modbus-link.ts';
