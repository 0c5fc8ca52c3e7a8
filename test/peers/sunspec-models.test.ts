import assert from 'node:assert/strict';
import { corrections, sourceDefinitions } from '../../scripts/sunspec-models.ts';
import { createBus, createLink } from '../../src/drivers/modbus/index.ts';
import { compileModel, decodeModel, type PointValue } from '../../src/drivers/sunspec/codec/model-codec.ts';
import { isBitField } from '../../src/drivers/sunspec/codec/symbols.ts';
import { headerSize, type PointGroup } from '../../src/drivers/sunspec/messages.ts';
import { readCounts } from '../../src/drivers/sunspec/models/counting-points.ts';
import { findModelDefinition, modelIds } from '../../src/drivers/sunspec/models/model-definitions.ts';
import { layOutModel, type PlacedPoint } from '../../src/drivers/sunspec/models/model-layout.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { createImage, type DeviceImage, type ImageKind } from '../support/sunspec/model-images.ts';
import { definitionOf } from '../support/sunspec/placed-models.ts';
import {
  type PeerGroup,
  type PeerModel,
  type PeerValue,
  peerTables,
  readAsPeer,
  serveImages,
} from '../support/sunspec/pysunspec.ts';

/** @returns our group in the form of pysunspec2's */
const tableOf = ({ name, type, count, points, groups }: PointGroup): PeerGroup => ({
  name,
  type,
  count: count ?? null,
  points: points.map(({ scaleFactor = null, units = null, symbols = {}, ...point }) => ({
    ...point,
    scaleFactor,
    units,
    symbols: { ...symbols },
  })),
  groups: groups.map(tableOf),
});

describe('the model tables of pysunspec2', () => {
  let tables: Awaited<ReturnType<typeof peerTables>>;
  before(async () => {
    tables = await peerTables();
  });

  it('are those of this package, model by model', () => {
    assert.deepEqual(
      tables.map(({ id }) => id),
      modelIds(),
    );
    for (const { id, label, group } of tables) {
      const definition = definitionOf(id);
      assert.equal(definition.label, label);
      assert.deepEqual(tableOf(definition.group), group, String(id));
    }
  });

  it('differ from the published models in what this package corrects, and in nothing else', () => {
    assert.deepEqual(
      corrections.map(({ model, point, units }) => [model, point, units]),
      [[122, 'WAval', 'W']],
    );
    for (const { model, point, units } of corrections) {
      const known = tables.find(({ id }) => id === model)?.group.points.find(({ name }) => name === point);
      assert.equal(known?.units, units);
    }
    assert.equal(sourceDefinitions().length, tables.length);
  });
});

/** A value that both have read. */
interface Read {
  point: PlacedPoint;
  ours: PointValue;
  raw: PeerValue;
  scaled: PeerValue;
  /** The power of ten as pysunspec2 read it; null: not implemented. */
  exponent: PeerValue | undefined;
}

const isNumber = (value: PeerValue): value is number => typeof value === 'number';

/**
 * Where the two clients may differ, and why ours is right. Every line has to be met by an image.
 */
const differences: { what: string; reason: string; holds(read: Read): boolean }[] = [
  {
    what: 'a value whose scale factor is not implemented',
    reason: 'pysunspec2 gives the number without its scale; a number of unknown magnitude is no value',
    holds: ({ ours, raw, exponent }) => ours === null && raw !== null && exponent === null,
  },
  {
    what: 'a value whose scale factor is beyond -10 to 10',
    reason: 'the specification of sunssf ends there; registers of a device that has none hold anything',
    holds: ({ ours, exponent = null }) => ours === null && isNumber(exponent) && Math.abs(exponent) > 10,
  },
  {
    what: 'a mandatory accumulator of 0',
    reason: 'pysunspec2 takes it as not implemented; a new device has produced 0 Wh',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type.startsWith('acc') && definition.isMandatory && ours === 0 && raw === null,
  },
  {
    what: 'a bit field with its highest bit set',
    reason: 'the specification takes it as not implemented; pysunspec2 does so only if all bits are set',
    holds: ({ point: { definition }, ours, raw }) =>
      isBitField(definition) && ours === null && isNumber(raw) && raw >= 2 ** (definition.size * 16 - 1),
  },
  {
    what: 'an accumulator of all ones',
    reason: 'pysunspec2 takes it as a value; a Sunny Boy 3.6 gives it for the energy of a module at night',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type.startsWith('acc') && ours === null && isNumber(raw) && raw >= 2 ** (definition.size * 16) - 1,
  },
  {
    what: 'an infinite number',
    reason: 'pysunspec2 hands it on; no measurement is infinite',
    holds: ({ ours, raw }) => ours === null && (raw === 'inf' || raw === '-inf'),
  },
  {
    what: 'blanks at the end of a string',
    reason: 'devices fill strings up with NUL or with blanks',
    holds: ({ point: { definition }, ours, raw }) =>
      definition.type === 'string' && typeof raw === 'string' && raw !== raw.trim() && ours === raw.trim(),
  },
];

const ipv4Of = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
/** @returns the digits of an address, as pysunspec2 groups them */
const digitsOf = (ipv6: string): string => {
  const [head = [], tail = []] = ipv6.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: ipv6.includes('::') ? 8 - head.length - tail.length : 0 }, () => '0');
  const groups = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0').toUpperCase());
  return groups.join('').match(/.{8}/g)?.join(':') ?? '';
};

/** Whether both have the same value, each in its own form. */
const isSame = ({ point: { definition }, ours, raw, scaled }: Read): boolean => {
  if (ours === null || raw === null) return ours === null && raw === null;
  switch (definition.type) {
    case 'ipaddr':
      return isNumber(raw) && ipv4Of(raw) === ours;
    case 'ipv6addr':
      return digitsOf(String(ours)) === raw;
    case 'eui48':
      return String(ours).toUpperCase() === raw;
    case 'float32':
      // The decimal with the fewest digits that is the same float.
      return isNumber(scaled) && Math.fround(Number(ours)) === scaled;
    case 'int64':
    case 'uint64':
    case 'acc64':
      // Beyond 2^53 each of the two rounds once more when it scales.
      return (
        Math.abs(Number(ours) - Number(scaled)) <= Math.abs(Number(scaled)) * (Number.isSafeInteger(raw) ? 0 : 4e-16)
      );
    default:
      return ours === scaled;
  }
};

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

describe('images of all models on pymodbus', function () {
  this.timeout(400_000);
  const images = new Map(kinds.map((kind, n): [number, DeviceImage] => [n + 1, createImage(kind)]));
  let peers: Map<number, PeerModel[]>;
  let ours: Map<number, Buffer>;

  before(async () => {
    const server = await serveImages(images);
    const units = [...images.keys()];
    const bus = createBus(
      createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, systemClock),
      systemClock,
    );
    try {
      ours = new Map();
      for (const [unit, { address, words }] of images) {
        const detach = bus.attach(unit, { timeoutMs: 10_000, maxInFlight: 1, interRequestMs: 0 });
        const parts: Buffer[] = [];
        for (let n = 0; n < words.length; n += 125)
          parts.push(
            await bus.read({ unit, table: 'holding', address: address + n, count: Math.min(125, words.length - n) }),
          );
        ours.set(unit, Buffer.concat(parts));
        detach();
      }
      peers = new Map((await readAsPeer(server.port, units)).map(({ unit, models }) => [unit, models]));
    } finally {
      await bus.close();
      await server.close();
    }
  });

  /** Walks our registers of a unit beside the models that pysunspec2 found. @returns every value that both have read */
  const readsOf = (unit: number): Read[] => {
    const { address: base } = images.get(unit) as DeviceImage;
    const data = ours.get(unit) as Buffer;
    const models = peers.get(unit) ?? [];
    assert.deepEqual(
      models.map(({ id }) => id),
      modelIds(),
    );
    return models.flatMap(({ id, address, length, error, points }) => {
      assert.equal(error, '', String(id));
      const registers = data.subarray((address - base) * 2, (address - base + headerSize + length) * 2);
      assert.deepEqual([registers.readUInt16BE(0), registers.readUInt16BE(2)], [id, length]);
      const definition = findModelDefinition(id);
      assert.ok(definition);
      const layout = layOutModel({ definition, address, length, counts: readCounts(definition, registers) });
      assert.deepEqual([layout.lengthFault, layout.notes], [undefined, []]);
      assert.deepEqual(
        [...layout.points.keys()],
        points.map(([path]) => path),
      );
      const values = decodeModel(compileModel(layout), registers);
      const rawOf = new Map(points.map(([path, raw]) => [path, raw]));
      return points.flatMap(([path, raw, scaled]): Read[] => {
        const point = layout.points.get(path);
        if (!point || point.definition.type === 'pad') return [];
        const { scaleFactor } = point;
        const exponent = typeof scaleFactor === 'object' ? rawOf.get(scaleFactor.path) : scaleFactor;
        return [{ point, ours: values.get(path) ?? null, raw, scaled, exponent }];
      });
    });
  };

  it('are read alike by pysunspec2 and by us, every point of every model', () => {
    let [count, values] = [0, 0];
    const met = new Map<string, number>();
    for (const unit of images.keys())
      for (const read of readsOf(unit)) {
        count++;
        if (read.ours !== null) values++;
        if (isSame(read)) continue;
        const difference = differences.find(({ holds }) => holds(read));
        const { point, ours: value, raw, scaled, exponent } = read;
        assert.ok(
          difference,
          `unit ${unit} ${point.address} ${point.path}: ${value}, not ${raw} * 10^${exponent} = ${scaled}`,
        );
        met.set(difference.what, (met.get(difference.what) ?? 0) + 1);
      }
    assert.deepEqual([...met.keys()].sort(), differences.map(({ what }) => what).sort());
    assert.ok(count > 100_000 && values > count / 2, `${values} of ${count}`);
  });
});
