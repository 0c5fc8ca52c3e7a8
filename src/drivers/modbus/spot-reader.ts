/** A look at a few points right now, beside the polls: what a command has to know before and after it writes. */
import type { Value } from '../../model/reading.ts';
import type { Bus } from './bus.ts';
import { isTextPoint } from './decode-text.ts';
import { compileBlock } from './op-table.ts';
import { planReads } from './plan.ts';
import type { Point } from './point.ts';
import type { ResolvedProfile } from './resolve.ts';
import { createSampler } from './sampler.ts';

export interface Spots {
  /** A register or bit as it was read. */
  word(table: Point['table'], address: number): number | undefined;
  /** The point's value in its unit; null where the device does not tell. */
  value(point: Point): Value;
}

/** @returns the points of now; rejects with a ModbusFailure */
export type SpotReader = (points: Point[]) => Promise<Spots>;

export const createSpotReader = ({ profile, points: all }: ResolvedProfile, bus: Bus, unit: number): SpotReader => {
  const byName = new Map(all.map((point) => [point.name, point]));

  return async (wanted) => {
    const factors = wanted
      .map(({ source }) => byName.get(source.scaleFrom ?? ''))
      .filter((point) => point !== undefined);
    const points = [...new Set([...wanted, ...factors])];
    const indexOf = new Map(points.map((point, index) => [point.name, index]));
    const sampler = createSampler({ points, channelPoints: [], derived: [], alive: [], refused: new Set() });
    const words = new Map<string, number>();

    for (const { table, address, count, points: inside } of planReads(points, profile)) {
      const data = await bus.read({ unit, table, address, count });
      const isBits = table === 'coil' || table === 'discrete';
      for (let i = 0; i < count; i++)
        words.set(`${table} ${address + i}`, isBits ? ((data[i >> 3] ?? 0) >> (i & 7)) & 1 : data.readUInt16BE(i * 2));
      const entries = inside.map((point) => {
        const scaleIndex = indexOf.get(point.source.scaleFrom ?? '');
        return { point, index: indexOf.get(point.name) ?? 0, ...(scaleIndex === undefined ? {} : { scaleIndex }) };
      });
      const view = new DataView(data.buffer, data.byteOffset, data.length);
      sampler.decode(compileBlock(entries, address), inside.filter(isTextPoint), address, view);
    }
    return { word: (table, address) => words.get(`${table} ${address}`), value: sampler.valueOf };
  };
};
