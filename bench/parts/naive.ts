/** The decoding that people write into a function node: a Buffer per value, an object per point. */
import { blockPoints } from './block.ts';

interface Named {
  name: string;
  value: number | null;
}

/** Modbus libraries push word after word, as modbus-serial does. */
export const wordsIn = (data: Buffer): number[] => {
  const words: number[] = [];
  for (let i = 0; i < data.length; i += 2) words.push(data.readUInt16BE(i));
  return words;
};

/** @param words registers as a list of numbers, which is what Modbus libraries hand out */
export const naiveDecode = (words: number[]): Named[] => {
  const result: Named[] = [];
  for (const { name, addr, type } of blockPoints) {
    let value: number | null;
    if (type === 'float32') {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt16BE(words[addr] as number, 0);
      bytes.writeUInt16BE(words[addr + 1] as number, 2);
      value = bytes.readFloatBE(0);
    } else if (type === 'int32') {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt16BE(words[addr + 1] as number, 0);
      bytes.writeUInt16BE(words[addr] as number, 2);
      value = bytes.readInt32BE(0) * 0.1;
    } else {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16BE(words[addr] as number, 0);
      if (type === 'int16') value = -bytes.readInt16BE(0) * 0.1;
      else value = bytes.readUInt16BE(0) === 0xffff ? null : bytes.readUInt16BE(0) * 0.01;
    }
    result.push({ name, value });
  }
  return result;
};
