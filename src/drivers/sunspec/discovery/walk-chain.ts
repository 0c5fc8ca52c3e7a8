/**
 * Walks the list of models of a device: each header leads to the next one. Nothing is believed that follows a length
 * which cannot be right, and every list ends, whatever the device answers.
 */
import { headerSize } from '../messages.ts';
import { endOf } from '../models/model-instance.ts';
import { type FindModel, isPossibleLength, leastLength } from '../models/model-lengths.ts';
import type { ChainReader, ModelHeader } from './chain-reader.ts';
import type { Chain, ChainEnd, ChainModel } from './discovered-device.ts';

/** More models than any device has. */
export const mostModels = 100;
/** More registers than the models of any device take. */
export const mostChainRegisters = 30_000;
const registerCount = 65_536;
const endModelId = 0xffff;
/** Walks until a list that changes all the time is given up. */
export const mostWalks = 4;

interface Step {
  model?: ChainModel;
  /** Absent: the walk goes on behind the model. */
  end?: ChainEnd;
}

const modelAt = (address: number, { id, length }: ModelHeader, findModel: FindModel): Step => {
  const header = { id, length };
  const known = findModel(id);
  // A register for the end of the list has to be left.
  if (address + headerSize + length >= registerCount) return { end: { kind: 'beyond_registers', address, header } };
  if (!known) {
    if (length === 0) return { end: { kind: 'no_length', address, header } };
    return { model: { id, address, length, trustedLength: 0 } };
  }
  const { name, lengths } = known;
  if (isPossibleLength(id, lengths, length)) return { model: { id, address, length, name, trustedLength: length } };
  // The header is where a model was expected, so that the points which every model of this id has are behind it.
  const model = { id, address, length, name, trustedLength: Math.min(length, leastLength(id, lengths)) };
  return { model, end: { kind: 'impossible_length', address, header } };
};

const stepAt = async (address: number, reader: ChainReader, findModel: FindModel): Promise<Step> => {
  const outcome = await reader.header(address);
  if (outcome.kind === 'exception') return { end: { kind: 'exception', address, code: outcome.code } };
  if (outcome.kind !== 'header') return { end: { kind: 'silent', address } };
  if (outcome.id === endModelId) return { end: { kind: 'end_model', address } };
  if (outcome.id === 0) return { end: { kind: 'zeros', address } };
  const step = modelAt(address, outcome, findModel);
  const headerCount = reader.headerCount(address);
  if (step.model && headerCount !== undefined) step.model.headerCount = headerCount;
  return step;
};

/**
 * Walks a list once.
 * @param first address behind the marker
 */
const walkOnce = async (first: number, reader: ChainReader, findModel: FindModel): Promise<Chain> => {
  const models: ChainModel[] = [];
  for (let address = first; ; ) {
    if (models.length === mostModels) return { models, end: { kind: 'too_many_models', address } };
    if (address - first > mostChainRegisters) return { models, end: { kind: 'too_long', address } };
    const { model, end } = await stepAt(address, reader, findModel);
    if (model) models.push(model);
    if (end) return { models, end };
    if (model) address = endOf(model);
  }
};

const isSameModel = (a: ChainModel | undefined, b: ChainModel | undefined): boolean =>
  a?.id === b?.id && a?.address === b?.address && a?.length === b?.length;

/** @returns the models with which both lists begin */
const commonModels = (a: ChainModel[], b: ChainModel[]): ChainModel[] => {
  const different = a.findIndex((model, n) => !isSameModel(model, b[n]));
  return different < 0 ? a : a.slice(0, different);
};

/**
 * Walks a list until two walks in a row agree: models of some inverters move, appear and grow while they run, and headers
 * that were read before and after such a moment lead to models that never were.
 * @param first address behind the marker
 */
export const walkChain = async (first: number, reader: ChainReader, findModel: FindModel): Promise<Chain> => {
  let before = await walkOnce(first, reader, findModel);
  if (before.end.kind === 'silent') return before;
  // An exception may have had another reason than the end of the list.
  if (reader.isOfOneMoment && before.end.kind !== 'exception') return before;
  for (let walks = 2; ; walks++) {
    const { end } = before;
    reader.startAgain(end.address);
    const again = await walkOnce(first, reader, findModel);
    const stayed = commonModels(before.models, again.models);
    const isSame = stayed.length === before.models.length && stayed.length === again.models.length;
    if (isSame && again.end.kind === end.kind && again.end.address === end.address) return again;
    if (again.end.kind === 'silent') return { models: stayed, end: again.end };
    if (walks === mostWalks) {
      const last = stayed.at(-1);
      return { models: stayed, end: { kind: 'moving', address: last ? endOf(last) : first } };
    }
    before = again;
  }
};
