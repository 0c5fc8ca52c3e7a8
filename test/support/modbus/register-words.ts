/** Values as the registers of a device hold them, in hexadecimal, for images of devices. */

const hexOf = (bytes: Buffer): string => bytes.toString('hex');

/** A text of so many registers, filled up with NUL. */
export const text = (value: string, registers: number): string =>
  hexOf(Buffer.from(value.padEnd(registers * 2, '\0'), 'latin1'));

/** One register for each number, signed ones as two's complement. */
export const words = (...numbers: number[]): string =>
  numbers.map((number) => (number & 0xffff).toString(16).padStart(4, '0')).join(' ');

const inOrder = (bytes: Buffer, wordOrder: 'big' | 'little'): string => {
  const each = hexOf(bytes).match(/.{4}/g) ?? [];
  return (wordOrder === 'big' ? each : each.reverse()).join(' ');
};

/** A number of 32 bits in two registers, signed ones as two's complement. */
export const long = (number: number, wordOrder: 'big' | 'little' = 'big'): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number >>> 0);
  return inOrder(bytes, wordOrder);
};

/** A number of 64 bits in four registers, signed ones as two's complement. */
export const longLong = (number: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(number));
  return inOrder(bytes, 'big');
};

/** A float32 in two registers. */
export const float = (value: number, wordOrder: 'big' | 'little' = 'big'): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return inOrder(bytes, wordOrder);
};
