/** Discovers the device behind one marker: its list of models, its identity, and the notes on both. */
import { commonModelId, headerSize } from '../messages.ts';
import type { FindModel } from '../models/model-lengths.ts';
import { ChainReader } from './chain-reader.ts';
import { readCommonModels } from './common-model.ts';
import { deviceNotes } from './device-notes.ts';
import type { SunSpecDevice } from './discovered-device.ts';
import { markerSize } from './marker.ts';
import type { RegisterReader } from './register-reader.ts';
import { walkChain } from './walk-chain.ts';

interface DeviceSearch {
  /** Address of the marker. */
  base: number;
  findModel: FindModel;
  /** The openings of devices that are known, by which a device is told that answers on several units. */
  knownOpenings?: ReadonlySet<string>;
}

/** A device, or only the opening of a device that is known already. */
export type Discovery =
  | { kind: 'device'; device: SunSpecDevice; opening?: string }
  | { kind: 'known'; opening: string };

/** Offset of the serial number in model 1, and its registers. */
const [serialOffset, serialSize] = [50, 16];

/**
 * @returns the base, and the registers from the common model to the next header, as text: the same for the same device
 * only, since the serial number is among them; undefined if they did not come in one response, or name no serial number
 */
const openingOf = async (base: number, reader: ChainReader): Promise<string | undefined> => {
  const first = base + markerSize;
  const header = await reader.header(first);
  if (header.kind !== 'header' || header.id !== commonModelId) return undefined;
  const words = reader.held(first, headerSize + header.length + headerSize);
  const serial = words?.subarray(serialOffset * 2, (serialOffset + serialSize) * 2);
  const hasSerial = serial?.some((byte) => byte !== 0 && byte !== 0xff && byte !== 0x20) ?? false;
  return words && hasSerial ? `${base} ${words.toString('hex')}` : undefined;
};

/**
 * Discovers the device behind a marker.
 * @throws the reason of the reader's signal, if that is aborted
 */
export const discoverDevice = async (registers: RegisterReader, search: DeviceSearch): Promise<Discovery> => {
  const { base, findModel, knownOpenings } = search;
  const reader = new ChainReader(registers);
  const opening = await openingOf(base, reader);
  if (opening !== undefined && knownOpenings?.has(opening)) return { kind: 'known', opening };
  const chain = await walkChain(base + markerSize, reader, findModel);
  await readCommonModels(chain.models, reader);
  const common = chain.models.find((model) => model.common)?.common ?? {};
  const device = { unit: registers.unit, base, ...chain, common, notes: deviceNotes(chain), otherUnits: [] };
  return { kind: 'device', device, ...(opening === undefined ? {} : { opening }) };
};
