/** Reads the models of a device once: what they hold decides which points are polled, and what they mean. */
import { maxReadRegisters } from '../../modbus/index.ts';
import { compileModel, decodeModel } from '../codec/model-codec.ts';
import type { ChainModel, SunSpecDevice } from '../discovery/discovered-device.ts';
import type { ReadOutcome, RegisterReader } from '../discovery/register-reader.ts';
import { headerSize, type ModelDefinition } from '../messages.ts';
import { readCounts } from '../models/counting-points.ts';
import { layOutModel } from '../models/model-layout.ts';
import { numberModels, type ReadModel } from '../quantities/read-model.ts';

/** The models that could be read; or in words why the device has to be asked again. */
export type ModelsOutcome = { ok: true; models: ReadModel[]; notes: string[] } | { ok: false; reason: string };

/** Which models are read. */
export interface WantedModels {
  isWanted(id: number): boolean;
  findDefinition(id: number): ModelDefinition | undefined;
}

/** Reads registers in as many requests as they need. */
const readAll = async (reader: RegisterReader, address: number, count: number): Promise<ReadOutcome> => {
  const parts: Buffer[] = [];
  for (let at = 0; at < count; at += maxReadRegisters) {
    const outcome = await reader.read(address + at, Math.min(maxReadRegisters, count - at));
    if (outcome.kind !== 'words') return outcome;
    parts.push(outcome.words);
  }
  return { kind: 'words', words: Buffer.concat(parts) };
};

const hasHeader = (words: Buffer, { id, length }: ChainModel): boolean =>
  words.readUInt16BE(0) === id && words.readUInt16BE(2) === length;

const decode = (definition: ModelDefinition, { address, length, trustedLength }: ChainModel, words: Buffer) => {
  const counts = readCounts(definition, words);
  const layout = layOutModel({ definition, address, length: trustedLength, counts });
  return { layout, toldLength: length, values: decodeModel(compileModel(layout), words) };
};

/** @param device as its discovery found it */
export const readModels = async (
  reader: RegisterReader,
  device: SunSpecDevice,
  { isWanted, findDefinition }: WantedModels,
): Promise<ModelsOutcome> => {
  const read: ReturnType<typeof decode>[] = [];
  const notes: string[] = [];
  for (const model of device.models) {
    const definition = isWanted(model.id) && model.trustedLength > 0 ? findDefinition(model.id) : undefined;
    if (!definition) continue;
    const outcome = await readAll(reader, model.address, headerSize + model.trustedLength);
    const place = `model ${model.id} at ${model.address}`;
    if (outcome.kind === 'exception')
      notes.push(`${place} is left out: the device refuses to give it (exception ${outcome.code})`);
    else if (outcome.kind !== 'words') return { ok: false, reason: outcome.reason };
    else if (hasHeader(outcome.words, model)) {
      const decoded = decode(definition, model, outcome.words);
      const { lengthFault, notes: peculiar } = decoded.layout;
      read.push(decoded);
      notes.push(...(lengthFault === undefined ? [] : [lengthFault]), ...peculiar);
    } else return { ok: false, reason: `${place} is not there any more: the models of the device are moving` };
  }
  return { ok: true, models: numberModels(read), notes };
};
