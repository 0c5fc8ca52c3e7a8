/** Registers of SunSpec models to values: the compiled table against pysunspec2, which decodes the same registers. */
import { decodeText, isTextPoint } from '../src/drivers/modbus/index.ts';
import { compileModel, decodeModel, decodeNumbers, type ModelCodec } from '../src/drivers/sunspec/codec/model-codec.ts';
import { headerSize } from '../src/drivers/sunspec/messages.ts';
import { createImage } from '../test/support/sunspec/model-images.ts';
import { hasPySunSpec, startPeerDecoder } from '../test/support/sunspec/pysunspec.ts';
import { compare, printRatio, printTable, timed } from './parts/measure.ts';

/** A hybrid inverter with a meter that has the old models and the new ones. */
const models = [1, 103, 120, 121, 122, 123, 124, 160, 203, 701, 702, 703, 704, 713, 714, 802];

/** A model with its registers, and a place for its numbers. */
interface Decoded {
  codec: ModelCodec;
  data: Buffer;
  view: DataView;
  numbers: Float64Array;
}

export const benchSunSpec = async (isShort: boolean): Promise<void> => {
  if (!hasPySunSpec()) {
    console.log('\nSunSpec models: pysunspec2 is not there, npm run test:peers installs it');
    return;
  }
  const image = createImage({ seed: 1, scaleFactor: -1, absent: 0.1, mostRepeats: 2 }, models);
  const decoded = image.layouts.map((layout): Decoded => {
    const codec = compileModel(layout);
    const from = layout.address - image.address;
    const data = Buffer.alloc((headerSize + layout.length) * 2);
    image.words.slice(from, from + headerSize + layout.length).forEach((word, n) => {
      data.writeUInt16BE(word, n * 2);
    });
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return { codec, data, view, numbers: new Float64Array(codec.points.length) };
  });
  const texts = decoded.map(({ codec }) => codec.points.map(({ point }) => point).filter(isTextPoint));
  const points = decoded.reduce((sum, { codec }) => sum + codec.points.length, 0);
  let kept = 0;

  const each = (times: number, decode: (model: Decoded, n: number) => number) => () =>
    timed(() => {
      for (let i = 0; i < times; i++) for (const [n, model] of decoded.entries()) kept += decode(model, n);
      return times * points;
    });

  const peer = startPeerDecoder(image, isShort ? 20 : 60);
  const figures = await compare(
    [
      { name: 'pysunspec2: set_mb, get_dict(computed)', round: () => peer.round() },
      {
        name: 'numbers into a typed array, as a poll does',
        round: each(isShort ? 5000 : 20_000, ({ codec, data, numbers }) => {
          decodeNumbers(codec, data, numbers);
          return numbers[0] as number;
        }),
      },
      {
        name: 'numbers into a typed array, and texts',
        round: each(isShort ? 1000 : 4000, ({ codec, data, view, numbers }, n) => {
          decodeNumbers(codec, data, numbers);
          for (const point of texts[n] ?? []) kept += decodeText(point, codec.layout.address, view)?.length ?? 0;
          return numbers[0] as number;
        }),
      },
      {
        name: 'a map of all values by name',
        round: each(isShort ? 200 : 800, ({ codec, data }) => decodeModel(codec, data).size),
      },
    ],
    isShort ? 3 : 7,
  );
  await peer.close();
  if (Number.isNaN(kept)) throw new Error('decoded nothing');
  const [reference, ...ours] = figures;
  printTable(
    `Decode ${models.length} SunSpec models, ${points} points`,
    ['', 'points/s', 'CPU us/point', 'x pysunspec2'],
    figures.map(({ name, perSecond, cpuUs }) => [name, perSecond, cpuUs, perSecond / (reference?.perSecond ?? 1)]),
  );
  for (const [n, { name, perSecond }] of ours.entries())
    printRatio(
      `${name}, to pysunspec2`,
      perSecond / (reference?.perSecond ?? 1),
      n === 0 ? { atLeast: 20 } : { onlyAs: 'as a further figure' },
    );
};
