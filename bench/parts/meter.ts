/** A meter of 100 points in one block of 125 registers, as a profile and as people decode it in a function node. */
import { blockLength } from './block.ts';

interface MeterPoint {
  /** Topic below the device. */
  topic: string;
  addr: number;
  type: 'float32' | 'int16';
  unit: 'W' | 'V' | '1';
}

const floats = 25;
const known: [topic: string, unit: 'W' | 'V'][] = [
  ['meter/power', 'W'],
  ['meter/power/l1', 'W'],
  ['meter/power/l2', 'W'],
  ['meter/power/l3', 'W'],
  ['meter/voltage/l1', 'V'],
  ['meter/voltage/l2', 'V'],
  ['meter/voltage/l3', 'V'],
];

export const meterPoints: MeterPoint[] = [
  ...Array.from({ length: floats }, (_, i): MeterPoint => {
    const [topic, unit] = known[i] ?? [`meter/x_f${i}`, 'V'];
    return { topic, unit, addr: i * 2, type: 'float32' };
  }),
  ...Array.from(
    { length: blockLength - floats * 2 },
    (_, i): MeterPoint => ({ topic: `meter/x_i${i}`, unit: '1', addr: floats * 2 + i, type: 'int16' }),
  ),
];

export const meterProfile: object = {
  schema: 'profile/1',
  id: 'bench-meter',
  title: 'A meter of 100 points',
  class: 'meter',
  points: meterPoints.map(({ topic, addr, type, unit }, i) => ({
    name: `p${i}`,
    quantity: topic,
    addr,
    type,
    unit,
    ...(type === 'int16' ? { scale: 0.1 } : {}),
  })),
};

/** @param words registers as a list of numbers */
export const decodeMeter = (words: number[]): { topic: string; value: number; unit: string }[] =>
  meterPoints.map(({ topic, addr, type, unit }) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(words[addr] as number, 0);
    if (type === 'int16') return { topic, unit, value: bytes.readInt16BE(0) * 0.1 };
    bytes.writeUInt16BE(words[addr + 1] as number, 2);
    return { topic, unit, value: bytes.readFloatBE(0) };
  });
