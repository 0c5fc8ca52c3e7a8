/** The registers of a simulated Modbus unit, as its clients and as the device itself see them. */

/** The tables of the Modbus data model: MODBUS Application Protocol V1.1b3 §4.3. */
export type RegisterTable = 'coil' | 'discrete' | 'holding' | 'input';

/** The registers of one unit and one table. A register that was never set does not exist for clients. */
export class RegisterImage {
  readonly #words = new Uint16Array(65536);
  readonly #isThere = new Uint8Array(65536);
  readonly #isWritable = new Uint8Array(65536);

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
  }

  /** Writes on behalf of a client. @returns false where clients may not write */
  write(address: number, word: number): boolean {
    if (this.#isWritable[address] !== 1) return false;
    this.#words[address] = word;
    return true;
  }

  /** @returns the value that the device itself finds in the register, whether clients may read it or not */
  peek(address: number): number {
    return this.#words[address] ?? 0;
  }
}

/** The tables of one unit. A table that is absent has no registers. */
export type UnitImages = Partial<Record<RegisterTable, RegisterImage>> & {
  /** Called after each accepted write of a client. */
  onWritten?(): void;
};
