/** The common model (1): manufacturer, model, options, version, serial number and device address. */
import { commonModelId, headerSize } from '../messages.ts';
import type { ChainReader } from './chain-reader.ts';
import type { ChainModel, CommonModel } from './discovered-device.ts';

/** The strings of model 1: offset from its ID, and size in registers. */
const strings = [
  ['manufacturer', 2, 16],
  ['model', 18, 16],
  ['options', 34, 8],
  ['version', 42, 8],
  ['serial', 50, 16],
] as const;
/** The point DA, a uint16. */
const deviceAddressOffset = 66;
const notImplemented = 0xffff;
/** Registers of model 1 from its ID to DA. */
const registersOfCommonModel = deviceAddressOffset + 1;

/** Registers by their offset from the ID of the model; undefined: not given, or beyond the length of the model. */
type Registers = (offset: number, count: number) => Buffer | undefined;

/** @returns the text of a string; empty if the device tells none */
const textAt = (registers: Registers, offset: number, count: number): string => {
  const bytes = registers(offset, count) ?? Buffer.alloc(0);
  const end = bytes.indexOf(0);
  // Strings end at NUL or are padded with blanks, and some devices leave bytes behind that are no UTF-8.
  const text = bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
  return [...text]
    .filter((character) => character >= ' ' && character !== '\ufffd')
    .join('')
    .trim();
};

const decodeCommonModel = (registers: Registers): CommonModel => {
  const common: CommonModel = {};
  for (const [name, offset, count] of strings) {
    const text = textAt(registers, offset, count);
    if (text !== '') common[name] = text;
  }
  const deviceAddress = registers(deviceAddressOffset, 1)?.readUInt16BE(0);
  if (deviceAddress !== undefined && deviceAddress !== notImplemented) common.deviceAddress = deviceAddress;
  return common;
};

/** @returns registers of a common model of the given length, out of one response that begins with its ID */
const within = (words: Buffer, length: number): Registers => {
  const end = Math.min(words.length / 2, headerSize + length);
  return (offset, count) => (offset + count <= end ? words.subarray(offset * 2, (offset + count) * 2) : undefined);
};

/** Reads each point by itself, because the device refuses to give them at once. */
const readPoints = async ({ address, length }: ChainModel, reader: ChainReader): Promise<CommonModel> => {
  const parts = new Map<number, Buffer>();
  for (const [offset, count] of [...strings.map(([, at, size]) => [at, size] as const), [deviceAddressOffset, 1]]) {
    if (offset === undefined || count === undefined || offset + count > headerSize + length) continue;
    const outcome = await reader.words(address + offset, count);
    if (outcome.kind === 'words') parts.set(offset, outcome.words);
    else if (outcome.kind !== 'exception') break;
  }
  return decodeCommonModel((offset) => parts.get(offset));
};

/**
 * Reads one common model.
 * @returns undefined if the model is not where it was, or the device does not answer
 */
const readCommonModel = async (model: ChainModel, reader: ChainReader): Promise<CommonModel | undefined> => {
  const { id, address, length } = model;
  const outcome = await reader.words(address, Math.min(registersOfCommonModel, headerSize + length));
  if (outcome.kind === 'exception') return readPoints(model, reader);
  if (outcome.kind !== 'words') return undefined;
  const { words } = outcome;
  const isThere = words.readUInt16BE(0) === id && words.readUInt16BE(2) === length;
  return isThere ? decodeCommonModel(within(words, length)) : undefined;
};

/** Reads the common models of a list, each into its place. */
export const readCommonModels = async (models: ChainModel[], reader: ChainReader): Promise<void> => {
  for (const model of models) {
    if (model.id !== commonModelId) continue;
    const common = await readCommonModel(model, reader);
    if (common) model.common = common;
  }
};
