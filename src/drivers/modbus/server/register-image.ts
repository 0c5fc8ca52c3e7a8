/** The registers of a unit that this machine serves, as its clients and as the device itself see them. */
import type { Table } from '../messages.ts';

const addresses = 65_536;

/** The registers of one unit and one table. A register that was never set does not exist for clients. */
export class RegisterImage {
  readonly #words = new Uint16Array(addresses);
  readonly #isThere = new Uint8Array(addresses);
  readonly #isWritable = new Uint8Array(addresses);
  #isReadOnly = true;

  /** Gives a register a value, 0 to 65535, and makes it readable. */
  set(address: number, word: number): void {
    this.#words[address] = word;
    this.#isThere[address] = 1;
  }

  /** Makes a range readable, both ends included, as devices do that allow reading over gaps. */
  allow(from: number, to: number): void {
    this.#isThere.fill(1, from, to + 1);
  }

  /** @returns the value that a client reads; undefined where the register does not exist */
  get(address: number): number | undefined {
    return this.#isThere[address] === 1 ? this.#words[address] : undefined;
  }

  /** Lets clients write a register. A register that is only written cannot be read by them. */
  allowWrite(address: number): void {
    this.#isWritable[address] = 1;
    this.#isReadOnly = false;
  }

  /** Whether clients may write none of the registers. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** Whether clients may write a register. */
  isWritable(address: number): boolean {
    return this.#isWritable[address] === 1;
  }

  /** Writes on behalf of a client. @returns false where clients may not write */
  write(address: number, word: number): boolean {
    if (!this.isWritable(address)) return false;
    this.#words[address] = word;
    return true;
  }

  /** @returns the value that the device itself finds in the register, whether clients may read it or not */
  peek(address: number): number {
    return this.#words[address] ?? 0;
  }
}

/** A write of a client to neighbouring registers or coils. */
export interface WrittenValues {
  /** holding or coil. */
  table: Table;
  address: number;
  /** Registers as 0 to 65535, coils as 0 or 1. */
  values: readonly number[];
}

/** The tables of one unit. A table that is absent has no registers. */
export type UnitImages = Partial<Record<Table, RegisterImage>> & {
  /**
   * Judges a write to registers that clients may write, before it is carried out.
   * @returns the exception code that refuses it; undefined: it is carried out
   */
  refuse?(write: WrittenValues): number | undefined;
  /** Called after each accepted write of a client. */
  onWritten?(write: WrittenValues): void;
};
