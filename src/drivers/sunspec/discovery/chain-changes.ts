/**
 * Changes of a list of models while a device runs: models move (Fronius Verto and Tauro), appear, or change their length
 * with daylight (SMA Tripower X, model 714). A driver compares headers that it reads with its values, and scans again.
 */
import { headerSize } from '../messages.ts';
import type { ChainModel, SunSpecDevice } from './discovered-device.ts';

/** A difference between the list as it was discovered and as it is now. */
export type ChainChange =
  /** Another model begins where this one was. */
  | { kind: 'moved'; model: ChainModel; id: number }
  /** The model has another length, and whatever follows lies elsewhere. */
  | { kind: 'length_changed'; model: ChainModel; length: number }
  /** The device refuses to give the header: the list has become shorter. */
  | { kind: 'gone'; model: ChainModel }
  /** A model begins where the list ended. */
  | { kind: 'grown'; address: number; id: number };

/** Registers of a header that are to be read anew. */
export interface WatchedHeader {
  address: number;
  count: number;
}

const endIds: readonly number[] = [0, 0xffff];

/** Whether the end of a list is a register that can be read. */
const hasReadableEnd = ({ end: { kind } }: SunSpecDevice): boolean => kind === 'end_model' || kind === 'zeros';

/**
 * @returns the headers of a device by which a change shows, the end of its list included. A list that ends with 0x0000 may
 * end with that single register.
 */
export const watchedHeaders = (device: SunSpecDevice): WatchedHeader[] => {
  const headers = device.models.map(({ address, headerCount = headerSize }) => ({ address, count: headerCount }));
  return hasReadableEnd(device) ? [...headers, { address: device.end.address, count: 1 }] : headers;
};

/** A register that was read anew; refused: with an exception; undefined: not read, which shows nothing. */
export type RereadWord = number | 'refused' | undefined;

const changeOf = (model: ChainModel, wordAt: (address: number) => RereadWord): ChainChange | undefined => {
  const [id, length] = [wordAt(model.address), wordAt(model.address + 1)];
  if (id === 'refused' || length === 'refused') return { kind: 'gone', model };
  if (id !== undefined && id !== model.id) return { kind: 'moved', model, id };
  if (length !== undefined && length !== model.length) return { kind: 'length_changed', model, length };
  return undefined;
};

/**
 * Compares a device with headers that were read anew.
 * @returns the first change; undefined if none shows
 */
export const findChainChange = (
  device: SunSpecDevice,
  wordAt: (address: number) => RereadWord,
): ChainChange | undefined => {
  for (const model of device.models) {
    const change = changeOf(model, wordAt);
    if (change) return change;
  }
  const { address } = device.end;
  const id = hasReadableEnd(device) ? wordAt(address) : undefined;
  return typeof id !== 'number' || endIds.includes(id) ? undefined : { kind: 'grown', address, id };
};
