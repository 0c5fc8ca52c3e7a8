/** Registers to values: the compiled op table against the parser that people write in a function node. */

import { decodeBlock } from '../src/drivers/modbus/codec/decode.ts';
import { compileDecodeTable } from '../src/drivers/modbus/codec/decode-table.ts';
import { resolvedOf } from '../test/support/modbus/test-profiles.ts';
import { blockLength, blockPoints, fillBlock, profileOf } from './parts/block.ts';
import { compare, printRatio, printTable, timed } from './parts/measure.ts';
import { naiveDecode, wordsIn } from './parts/naive.ts';

export const benchDecode = async (isShort: boolean): Promise<void> => {
  const blocksPerRound = isShort ? 60_000 : 200_000;
  const { points } = resolvedOf(profileOf());
  const table = compileDecodeTable(
    points.map((point, index) => ({ point, index })),
    0,
  );
  const values = new Float64Array(points.length);
  const images = Array.from({ length: 16 }, (_, tick) => {
    const data = Buffer.alloc(blockLength * 2);
    fillBlock(data, 0, blockLength, tick);
    return { data, view: new DataView(data.buffer, data.byteOffset, data.length) };
  });
  const topics = points.map(({ name }) => `devices/1/x_bench/${name}`);
  const units = points.map(({ target }) => target?.unit);
  let kept = 0;

  const each = (decode: (image: (typeof images)[number]) => number) => () =>
    timed(() => {
      for (let i = 0; i < blocksPerRound; i++) kept += decode(images[i & 15] as (typeof images)[number]);
      return blocksPerRound * points.length;
    });

  const figures = await compare(
    [
      {
        name: 'naive parser: word array, Buffer per value',
        round: each(({ data }) => naiveDecode(wordsIn(data)).length),
      },
      {
        name: 'op table into a typed array',
        round: each(({ view }) => {
          decodeBlock(table, view, values);
          return values[3] as number;
        }),
      },
      {
        name: 'op table, then reading objects',
        round: each(({ view }) => {
          decodeBlock(table, view, values);
          const readings = topics.map((topic, i) => ({ topic, value: values[i], unit: units[i], quality: 'good' }));
          return readings.length;
        }),
      },
    ],
    isShort ? 3 : 7,
  );
  if (Number.isNaN(kept)) throw new Error('decoded nothing');
  const [naive, typed, objects] = figures;
  printTable(
    `Decode one block of ${blockLength} registers, ${blockPoints.length} points`,
    ['', 'points/s', 'us/block', 'x naive'],
    figures.map(({ name, perSecond }) => [
      name,
      perSecond,
      (points.length / perSecond) * 1e6,
      perSecond / (naive?.perSecond ?? 1),
    ]),
  );
  printRatio('typed array to naive', (typed?.perSecond ?? 0) / (naive?.perSecond ?? 1), { atLeast: 20 });
  printRatio('reading objects to naive', (objects?.perSecond ?? 0) / (naive?.perSecond ?? 1), {
    onlyAs: 'as a second figure',
  });
};
