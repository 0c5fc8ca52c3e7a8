/** The notes of one device: how its list ends, and what is unusual or missing in it. */
import { commonModelId } from '../messages.ts';
import type { Chain, ChainModel } from './discovered-device.ts';
import { createNote, type DiscoveryNote } from './discovery-notes.ts';
import { mostChainRegisters, mostModels, mostWalks } from './walk-chain.ts';

/** Models 101 to 103 and 111 to 113: inverters. */
const inverterModels: readonly number[] = [101, 102, 103, 111, 112, 113];
/** Models 701 to 715: distributed energy resources by IEEE 1547-2018. */
const isDerModel = ({ id }: ChainModel): boolean => id >= 701 && id <= 715;

const endNote = ({ models, end }: Chain): DiscoveryNote | undefined => {
  const { kind, address, code = 0, header = { id: 0, length: 0 } } = end;
  const { id, length } = header;
  switch (kind) {
    case 'end_model':
      return undefined;
    case 'zeros':
      return createNote('end_zeros', { address });
    case 'exception':
      return createNote('end_exception', { address, code });
    case 'silent':
      return createNote('end_silent', { address });
    case 'impossible_length':
      return createNote('impossible_length', { id, name: models.at(-1)?.name ?? id, address, length });
    case 'no_length':
      return createNote('no_length', { id, address });
    case 'beyond_registers':
      return createNote('beyond_registers', { id, address, length });
    case 'too_many_models':
      return createNote('too_many_models', { count: mostModels });
    case 'too_long':
      return createNote('too_long', { count: mostChainRegisters });
    case 'moving':
      return createNote('moving', { count: mostWalks });
  }
};

const identityNote = ([first]: ChainModel[], first1: ChainModel | undefined): DiscoveryNote | undefined => {
  if (first && first.id !== commonModelId) return createNote('no_common_model', { id: first.id });
  return first1?.common?.serial === undefined ? createNote('no_serial') : undefined;
};

/** @returns the notes of a device, the end of its list first */
export const deviceNotes = (chain: Chain): DiscoveryNote[] => {
  const { models, end } = chain;
  const unknown = [...new Set(models.filter(({ name }) => name === undefined).map(({ id }) => id))];
  const hasInverter = models.some(({ id }) => inverterModels.includes(id));
  const notes = [
    models.length === 0 ? createNote('no_models', { address: end.address }) : undefined,
    endNote(chain),
    models.length > 0
      ? identityNote(
          models,
          models.find(({ id }) => id === commonModelId),
        )
      : undefined,
    ...models.map(({ id, address, headerCount }) =>
      headerCount === undefined ? undefined : createNote('longer_header', { id, address, count: headerCount }),
    ),
    unknown.length > 0 ? createNote('unknown_models', { ids: unknown.join(', ') }) : undefined,
    hasInverter && !models.some(isDerModel) ? createNote('no_7xx') : undefined,
  ];
  return notes.filter((note) => note !== undefined);
};
