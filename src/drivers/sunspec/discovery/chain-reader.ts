/**
 * Reads the headers of a list of models with as few requests as a device allows: as much ahead as one request can carry,
 * and less where the device refuses that.
 */
import { maxReadRegisters } from '../../modbus/index.ts';
import { headerSize } from '../messages.ts';
import type { FailedRead, ReadOutcome, RegisterReader } from './register-reader.ts';

/** The points ID and L of a model. */
export interface ModelHeader {
  kind: 'header';
  id: number;
  length: number;
}

export type HeaderOutcome = ModelHeader | FailedRead;

/**
 * Registers that are asked for where no more is given: ID and L; the 7 that an SMA device needs for model 11; and the
 * single register with which the list of a Kostal device ends, or ID and L by themselves.
 */
const headerCounts = [headerSize, 7, 1] as const;
/** A device that refuses to be read ahead so often in one walk is not read ahead any more. */
const mostRefusals = 2;
const registerCount = 65_536;
/** IDs that end a list without a length behind them. */
const endIds: readonly number[] = [0, 0xffff];

/** The answer that a device has to give beyond the last address: V1.1b3 §7, illegal data address. */
const noSuchAddress: FailedRead = { kind: 'exception', code: 2 };

interface RegisterWindow {
  address: number;
  words: Buffer;
}

const isWithin = (from: number, to: number, { address, words }: RegisterWindow): boolean =>
  from >= address && to <= address + words.length / 2;

/** The headers of one unit. It remembers over several walks what the device refuses. */
export class ChainReader {
  readonly #reader: RegisterReader;
  /** Registers of this walk. */
  #windows: RegisterWindow[] = [];
  /** Ranges that the device refuses to give at once. */
  readonly #refused: { from: number; to: number }[] = [];
  /** Registers that a header needs, where ID and L alone are refused; 0: refused altogether. By address. */
  readonly #headerCounts = new Map<number, number>();
  #refusals = 0;
  #isReadAhead = true;
  /** Address behind the last register that is asked for ahead of time. */
  #limit = registerCount;

  constructor(reader: RegisterReader) {
    this.#reader = reader;
  }

  /** Whether all registers of this walk came in one response, so that they are of one moment. */
  get isOfOneMoment(): boolean {
    return this.#windows.length <= 1;
  }

  /**
   * Forgets the registers, not what the device refuses.
   * @param end address at which the list ended
   */
  startAgain(end: number): void {
    this.#windows = [];
    this.#refusals = 0;
    this.#limit = end + (this.#headerCounts.get(end) ?? headerSize);
  }

  /** @returns registers that the header at an address needs, if ID and L alone are refused */
  headerCount(address: number): number | undefined {
    const count = this.#headerCounts.get(address);
    return count !== undefined && count > headerSize ? count : undefined;
  }

  /** @returns registers that this walk has read already; undefined if one of them is missing */
  held(address: number, count: number): Buffer | undefined {
    const window = this.#windows.findLast((each) => isWithin(address, address + count, each));
    return window?.words.subarray((address - window.address) * 2, (address - window.address + count) * 2);
  }

  /** Reads a header, in whichever way the device gives it. */
  async header(address: number): Promise<HeaderOutcome> {
    const held = this.#heldHeader(address);
    if (held) return held;
    const ahead = await this.#readAhead(address);
    if (ahead?.kind === 'disconnected') return ahead;
    if (ahead?.kind === 'words') return this.#heldHeader(address) ?? this.#lengthBehind(address, ahead.words);
    return this.#headerAlone(address);
  }

  /** Reads registers that have to come in one response. */
  async words(address: number, count: number): Promise<ReadOutcome> {
    const words = this.held(address, count);
    return words ? { kind: 'words', words } : this.#reader.read(address, count, true);
  }

  #heldHeader(address: number): ModelHeader | undefined {
    const both = this.held(address, headerSize);
    if (both) return { kind: 'header', id: both.readUInt16BE(0), length: both.readUInt16BE(2) };
    const id = this.held(address, 1)?.readUInt16BE(0);
    return id !== undefined && endIds.includes(id) ? { kind: 'header', id, length: 0 } : undefined;
  }

  /** @returns undefined where nothing was asked for */
  async #readAhead(address: number): Promise<ReadOutcome | undefined> {
    const to = Math.min(address + maxReadRegisters, this.#limit);
    const isInVain =
      to - address <= headerSize ||
      this.#refusals >= mostRefusals ||
      this.#refused.some((range) => address <= range.from && to >= range.to);
    if (!this.#isReadAhead || isInVain) return undefined;
    const outcome = await this.#fetch(address, to - address);
    if (outcome.kind === 'exception') {
      this.#refusals++;
      this.#refused.push({ from: address, to });
    }
    // A device that keeps silent about long requests would cost a timeout for each of them.
    if (outcome.kind === 'silent') this.#isReadAhead = false;
    return outcome;
  }

  async #headerAlone(address: number): Promise<HeaderOutcome> {
    let refusal: FailedRead = noSuchAddress;
    for (const count of this.#countsFor(address)) {
      if (address + count > registerCount) continue;
      const outcome = await this.#fetch(address, count, true);
      if (outcome.kind === 'words') {
        if (count !== headerSize) this.#headerCounts.set(address, count);
        return this.#heldHeader(address) ?? this.#lengthBehind(address, outcome.words);
      }
      if (outcome.kind !== 'exception') return outcome;
      refusal = outcome;
    }
    this.#headerCounts.set(address, 0);
    return refusal;
  }

  /** @returns numbers of registers to ask for, the one that was given last time first */
  #countsFor(address: number): readonly number[] {
    const learnt = this.#headerCounts.get(address);
    if (learnt === undefined) return headerCounts;
    return learnt === 0 ? [headerSize] : [learnt, ...headerCounts.filter((count) => count !== learnt)];
  }

  /** The ID was given by itself, and the length follows by itself. */
  async #lengthBehind(address: number, id: Buffer): Promise<HeaderOutcome> {
    if (address + headerSize > registerCount) return noSuchAddress;
    const outcome = await this.#fetch(address + 1, 1, true);
    if (outcome.kind !== 'words') return outcome;
    return { kind: 'header', id: id.readUInt16BE(0), length: outcome.words.readUInt16BE(0) };
  }

  async #fetch(address: number, count: number, mayRepeat = false): Promise<ReadOutcome> {
    const outcome = await this.#reader.read(address, count, mayRepeat);
    if (outcome.kind === 'words') this.#windows.push({ address, words: outcome.words });
    return outcome;
  }
}
