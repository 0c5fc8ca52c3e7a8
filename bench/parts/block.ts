/** The registers that the benchmarks read: a block of 125 with the types that meters have, every value changing. */

interface BlockPoint {
  name: string;
  addr: number;
  type: 'float32' | 'int32' | 'uint16' | 'int16';
}

export const blockLength = 125;

/** 29 floats, 12 swapped 32-bit integers, 22 unsigned with a sentinel, 21 signed: 84 points in 125 registers. */
export const blockPoints: BlockPoint[] = (() => {
  const points: BlockPoint[] = [];
  let addr = 0;
  const add = (count: number, type: BlockPoint['type'], words: number): void => {
    for (let i = 0; i < count; i++, addr += words) points.push({ name: `p${points.length}`, addr, type });
  };
  add(29, 'float32', 2);
  add(12, 'int32', 2);
  add(22, 'uint16', 1);
  add(21, 'int16', 1);
  return points;
})();

const firstInt32 = 58;
const firstUint16 = 82;

/** Content of a register at a tick: floats around 230, integers that count. */
export const wordAt = (address: number, tick: number): number => {
  if (address < firstInt32) return address % 2 === 0 ? 0x4366 : (tick * 7 + address) & 0xffff;
  if (address < firstUint16) return address % 2 === 0 ? (tick * 3 + address) & 0xffff : 0;
  return (tick + address) & 0x7fff;
};

export const fillBlock = (data: Buffer, address: number, count: number, tick: number): void => {
  for (let i = 0; i < count; i++) data.writeUInt16BE(wordAt(address + i, tick), i * 2);
};

const encodings = {
  float32: { type: 'float32', unit: 'V' },
  int32: { type: 'int32', wordOrder: 'little', scale: 0.1, unit: 'W' },
  uint16: { type: 'uint16', scale: 0.01, unit: 'A', nan: ['0xffff'] },
  int16: { type: 'int16', scale: 0.1, unit: 'W', sign: -1 },
} as const;

/**
 * The block as a profile.
 * @param count points of it
 */
export const profileOf = (count = blockPoints.length, maxInFlight = 1): object => ({
  schema: 'profile/1',
  id: 'bench-block',
  title: 'A block of registers',
  class: 'other',
  connection: { maxInFlight },
  defaults: { table: 'holding', wordOrder: 'big' },
  points: blockPoints.slice(0, count).map(({ name, addr, type }) => ({
    name,
    addr,
    quantity: `x_bench/x_${name}`,
    ...encodings[type],
  })),
});
