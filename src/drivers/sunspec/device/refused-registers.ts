/** Reads the registers of a model in as many requests as they need, and around those that the device refuses. */
import { maxReadRegisters } from '../../modbus/index.ts';
import type { FailedRead, RegisterReader } from '../discovery/register-reader.ts';
import { headerSize } from '../messages.ts';

/** Registers, big-endian. */
export interface RegistersRead {
  kind: 'words';
  /** 0 in place of refused ones. */
  words: Buffer;
  /** Addresses that the device refuses: SMA leaves out single registers of 126, 129 to 132 and 160. */
  refused: ReadonlySet<number>;
}

/** Requests that are spent on one model: one that is refused as a whole would cost two for each of its registers. */
const mostRequests = 60;

/** The reading of one model. */
class ModelReading {
  readonly words: Buffer;
  readonly refused = new Set<number>();
  readonly #reader: RegisterReader;
  readonly #address: number;
  #requests = 0;

  constructor(reader: RegisterReader, address: number, count: number) {
    this.#reader = reader;
    this.#address = address;
    this.words = Buffer.alloc(count * 2);
  }

  /** @returns why a part could not be read; undefined if it could, refused registers apart */
  async read(address: number, count: number): Promise<FailedRead | undefined> {
    this.#requests++;
    const outcome = await this.#reader.read(address, count);
    if (outcome.kind === 'words') {
      outcome.words.copy(this.words, (address - this.#address) * 2);
      return undefined;
    }
    const isHeader = address < this.#address + headerSize && count <= headerSize;
    if (outcome.kind !== 'exception' || isHeader || this.#requests >= mostRequests) return outcome;
    if (count > 1) return this.#readHalves(address, count);
    this.refused.add(address);
    return undefined;
  }

  async #readHalves(address: number, count: number): Promise<FailedRead | undefined> {
    // The header comes first: a device that refuses that as well gives nothing of the model.
    const half = address === this.#address ? headerSize : count >> 1;
    return (await this.read(address, half)) ?? this.read(address + half, count - half);
  }
}

/**
 * Reads the registers of a model from its point ID on.
 * @param count registers, header included
 */
export const readRegisters = async (
  reader: RegisterReader,
  address: number,
  count: number,
): Promise<RegistersRead | FailedRead> => {
  const reading = new ModelReading(reader, address, count);
  for (let at = 0; at < count; at += maxReadRegisters) {
    const failure = await reading.read(address + at, Math.min(maxReadRegisters, count - at));
    if (failure) return failure;
  }
  const { words, refused } = reading;
  return { kind: 'words', words, refused };
};
