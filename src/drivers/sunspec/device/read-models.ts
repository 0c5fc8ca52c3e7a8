/** Reads the models of a device once: what they hold decides which points are polled, and what they mean. */
import { compileModel, decodeModel, type ModelValues, type PointValue } from '../codec/model-codec.ts';
import type { ChainModel, SunSpecDevice } from '../discovery/discovered-device.ts';
import type { RegisterReader } from '../discovery/register-reader.ts';
import { headerSize, type ModelDefinition } from '../messages.ts';
import { readCounts } from '../models/counting-points.ts';
import { layOutModel, type ModelLayout } from '../models/model-layout.ts';
import { isRefused, numberModels, type ReadModel } from '../quantities/read-model.ts';
import { type RegistersRead, readRegisters } from './refused-registers.ts';

/** The models that could be read; or in words why the device has to be asked again. */
export type ModelsOutcome = { ok: true; models: ReadModel[]; notes: string[] } | { ok: false; reason: string };

/** Which models are read. */
export interface WantedModels {
  isWanted(id: number): boolean;
  findDefinition(id: number): ModelDefinition | undefined;
}

const hasHeader = (words: Buffer, { id, length }: ChainModel): boolean =>
  words.readUInt16BE(0) === id && words.readUInt16BE(2) === length;

/** @returns the values without those that the device refuses, in whole or in part, or whose scale factor it refuses */
const withoutRefused = (values: ModelValues, { points }: ModelLayout, refused: ReadonlySet<number>): ModelValues => {
  return new Map(
    [...values].map(([path, value]): [string, PointValue] => {
      const point = points.get(path);
      const { scaleFactor } = point ?? {};
      const isLost =
        point && [point, scaleFactor].some((each) => typeof each === 'object' && isRefused({ refused }, each));
      return [path, isLost ? null : value];
    }),
  );
};

const decode = (
  definition: ModelDefinition,
  { address, length, trustedLength }: ChainModel,
  { words, refused }: RegistersRead,
) => {
  const counts = readCounts(definition, words);
  const layout = layOutModel({ definition, address, length: trustedLength, counts });
  const values = decodeModel(compileModel(layout), words);
  return {
    layout,
    toldLength: length,
    values: refused.size > 0 ? withoutRefused(values, layout, refused) : values,
    refused,
  };
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
    const outcome = await readRegisters(reader, model.address, headerSize + model.trustedLength);
    const place = `model ${model.id} at ${model.address}`;
    if (outcome.kind === 'exception')
      notes.push(`${place} is left out: the device refuses to give it (exception ${outcome.code})`);
    else if (outcome.kind !== 'words') return { ok: false, reason: outcome.reason };
    else if (hasHeader(outcome.words, model)) {
      const decoded = decode(definition, model, outcome);
      const { lengthFault, notes: peculiar } = decoded.layout;
      read.push(decoded);
      notes.push(...(lengthFault === undefined ? [] : [lengthFault]), ...peculiar);
    } else return { ok: false, reason: `${place} is not there any more: the models of the device are moving` };
  }
  return { ok: true, models: numberModels(read), notes };
};
