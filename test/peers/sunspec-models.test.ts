import assert from 'node:assert/strict';
import { createBus, createLink, maxReadRegisters } from '../../src/drivers/modbus/index.ts';
import { compileModel, decodeModel, type ModelLayout, symbolsIn } from '../../src/drivers/sunspec/index.ts';
import { headerSize } from '../../src/drivers/sunspec/messages.ts';
import { readCounts } from '../../src/drivers/sunspec/models/counting-points.ts';
import { modelIds } from '../../src/drivers/sunspec/models/model-definitions.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { observeDriver } from '../support/sunspec/driven-device.ts';
import { createImage, type DeviceImage, type ImageKind } from '../support/sunspec/model-images.ts';
import { profileOfAllPoints, quantityOfPoint } from '../support/sunspec/named-images.ts';
import { differences, isSame, type TwoReads } from '../support/sunspec/peer-differences.ts';
import { placeModel } from '../support/sunspec/placed-models.ts';
import {
  type PeerModel,
  type PeerValue,
  readAsPeer,
  type ServedImages,
  serveImages,
} from '../support/sunspec/pysunspec.ts';

/** The scale factors that images have: every one, and the values of devices that have none. */
const kinds: ImageKind[] = [
  ...Array.from({ length: 21 }, (_, n) => ({
    seed: 100 + n,
    scaleFactor: n - 10,
    absent: 0.1,
    mostRepeats: (n % 4) + 1,
  })),
  ...Array.from({ length: 3 }, (_, n) => ({ seed: 200 + n, absent: 0.2, mostRepeats: 2 })),
  { seed: 300, absent: 1, mostRepeats: 2 },
];

/** All models, in parts that a device can list: the common model, and some others. */
const partSize = 28;
const others = modelIds().filter((id) => id !== 1);
const parts = Array.from({ length: others.length / partSize + 1 }, (_, n) => [
  1,
  ...others.slice(n * partSize, (n + 1) * partSize),
]);

/** Devices by their units: each kind of image in parts. */
const images = new Map(
  kinds
    .flatMap((kind) => parts.map((ids) => createImage(kind, ids)))
    .map((image, n): [number, DeviceImage] => [n + 1, image]),
);

/** A value of each point of a device, by model and path. */
type Values = ReadonlyMap<string, PeerValue>;

const keyOf = ({ definition: { id }, address }: Pick<ModelLayout, 'definition' | 'address'>, path: string): string =>
  `${id} at ${address}: ${path}`;

/** Texts that no request can carry are not polled: nine of model 64411. */
const isTooLong = ({ definition }: TwoReads['point']): boolean => definition.size > maxReadRegisters;

/** The words that our driver makes of the number of an enumeration or a bit field. */
const wordsOf = ({ definition }: TwoReads['point'], raw: PeerValue): PeerValue => {
  const { type, symbols } = definition;
  if (!symbols || typeof raw !== 'number') return raw;
  if (!type.startsWith('bitfield')) return symbols[raw] ?? String(raw);
  return symbolsIn(definition, raw)
    .filter((name) => !/^bit \d+$/.test(name))
    .join(', ');
};

describe('images of all models on pymodbus', function () {
  this.timeout(400_000);
  let server: ServedImages;
  let peers: Map<number, PeerModel[]>;
  before(async () => {
    server = await serveImages(images);
    peers = new Map((await readAsPeer(server.port, [...images.keys()])).map(({ unit, models }) => [unit, models]));
  });
  after(() => server.close());

  /** Compares the values of all devices with those of pysunspec2, and prints how many there are. */
  const compare = (oursOf: (unit: number) => Values, form: 'numbers' | 'words'): void => {
    let [count, values] = [0, 0];
    const met = new Set<string>();
    for (const [unit, { layouts }] of images) {
      const ours = oursOf(unit);
      for (const [n, { id, error, points }] of (peers.get(unit) ?? []).entries()) {
        const layout = layouts[n];
        assert.ok(layout?.definition.id === id && error === '', `unit ${unit}: model ${id} ${error}`);
        const rawOf = new Map(points.map(([path, raw]) => [path, raw]));
        for (const [path, raw, scaled] of points) {
          const point = layout.points.get(path);
          assert.ok(point, path);
          if (point.definition.type === 'pad' || (form === 'words' && isTooLong(point))) continue;
          const own = ours.get(keyOf(layout, path));
          assert.notEqual(own, undefined, `unit ${unit} ${keyOf(layout, path)} was not read`);
          const { scaleFactor } = point;
          const exponent = typeof scaleFactor === 'object' ? rawOf.get(scaleFactor.path) : scaleFactor;
          const read = {
            point,
            ours: own ?? null,
            raw,
            scaled: form === 'words' ? wordsOf(point, scaled) : scaled,
            exponent,
          };
          count++;
          if (read.ours !== null) values++;
          if (isSame(read)) continue;
          const difference = differences.find(({ holds }) => holds(read));
          assert.ok(difference, `unit ${unit} ${keyOf(layout, path)}: ${own}, not ${raw} * 10^${exponent} = ${scaled}`);
          met.add(difference.what);
        }
      }
      assert.equal(peers.get(unit)?.length, layouts.length);
    }
    assert.deepEqual([...met].sort(), differences.map(({ what }) => what).sort());
    assert.ok(count > 100_000 && values > count / 2, `${values} of ${count}`);
    console.log(`      ${count} points, ${values} of them with a value`);
  };

  it('hold every model of the package', () => {
    const ids = new Set([...images.values()].flatMap(({ layouts }) => layouts.map(({ definition }) => definition.id)));
    assert.deepEqual(
      [...ids].sort((a, b) => a - b),
      modelIds(),
    );
  });

  it('are decoded alike by pysunspec2 and by our codec, every point of every model', () => {
    const oursOf = (unit: number): Values => {
      const { layouts, words, address: base } = images.get(unit) as DeviceImage;
      return new Map(
        layouts.flatMap(({ definition, address, length }): [string, PeerValue][] => {
          const registers = Buffer.alloc((headerSize + length) * 2);
          for (let n = 0; n < headerSize + length; n++) registers.writeUInt16BE(words[address - base + n] ?? 0, n * 2);
          const counts = Object.fromEntries(readCounts(definition, registers));
          const layout = placeModel(definition, { address, length, counts });
          assert.deepEqual([layout.lengthFault, layout.notes], [undefined, []]);
          return [...decodeModel(compileModel(layout), registers)].map(([path, value]) => [keyOf(layout, path), value]);
        }),
      );
    };
    compare(oursOf, 'numbers');
  });

  it('are read alike by pysunspec2 and by our driver: scan, layout and polls over TCP', async () => {
    const link = createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, systemClock);
    const bus = createBus(link, systemClock);
    const ours = new Map<number, Values>();
    try {
      for (const [unit, { layouts }] of images) {
        const profile = profileOfAllPoints(layouts);
        const observed = observeDriver({ bus, unit, intervalMs: 60_000, named: { profile } }, systemClock);
        await observed.poll(0);
        await observed.driver.close();
        const tooLong = layouts.flatMap(({ points }) => [...points.values()].filter(isTooLong));
        assert.deepEqual([observed.notes.length, observed.cycles[0]?.errors], [tooLong.length, []], `unit ${unit}`);
        const values = observed.values();
        ours.set(
          unit,
          new Map(
            layouts.flatMap((layout) =>
              [...layout.points.values()].map((point): [string, PeerValue] => [
                keyOf(layout, point.path),
                values[quantityOfPoint(point)] as PeerValue,
              ]),
            ),
          ),
        );
      }
    } finally {
      await bus.close();
    }
    compare((unit) => ours.get(unit) ?? new Map(), 'words');
  });
});
