import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compileModel,
  decodeModel,
  encodeModel,
  type ModelCodec,
  type PointValue,
} from '../../../../src/drivers/sunspec/codec/model-codec.ts';
import { symbolOf, symbolsIn } from '../../../../src/drivers/sunspec/codec/symbols.ts';
import { registersOf, type SunSpecType, sunSpecTypes } from '../../../../src/drivers/sunspec/messages.ts';
import { readSunSpecJson } from '../../../../src/drivers/sunspec/models/sunspec-json.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** @returns the codec of a model of these points, as many registers long */
const codecOf = (points: object[], registers: number): ModelCodec => {
  const head = [
    { name: 'ID', type: 'uint16' },
    { name: 'L', type: 'uint16' },
  ];
  const read = readSunSpecJson({ id: 64_901, group: { name: 'acme', points: [...head, ...points] } });
  assert.ok(read.ok, read.ok ? '' : read.reason);
  return compileModel(placeModel(read.value, { length: registers }));
};

/** Decodes one point from its registers. */
const decode = (point: object, hex: string): PointValue | undefined => {
  const data = bytes(`0000 0000 ${hex}`);
  const codec = codecOf([{ name: 'X', ...point }], data.length / 2 - 2);
  return decodeModel(codec, data).get('X');
};

/** Values of each type, with the pattern of a point that is not implemented. */
const types: Record<SunSpecType, { good: [hex: string, value: PointValue][]; absent: string[]; size?: number }> = {
  int16: {
    good: [
      ['ffff', -1],
      ['7fff', 32_767],
      ['8001', -32_767],
    ],
    absent: ['8000'],
  },
  uint16: {
    good: [
      ['0000', 0],
      ['fffe', 65_534],
      ['8000', 32_768],
    ],
    absent: ['ffff'],
  },
  count: {
    good: [
      ['0003', 3],
      ['0000', 0],
    ],
    absent: ['ffff'],
  },
  acc16: {
    good: [
      ['0001', 1],
      ['fffe', 65_534],
    ],
    absent: ['0000', 'ffff'],
  },
  enum16: {
    good: [
      ['0000', 0],
      ['8000', 32_768],
    ],
    absent: ['ffff'],
  },
  bitfield16: {
    good: [
      ['0000', 0],
      ['7fff', 32_767],
    ],
    absent: ['ffff', '8000', '8001'],
  },
  raw16: {
    good: [
      ['0000', 0],
      ['ffff', 65_535],
      ['8000', 32_768],
    ],
    absent: [],
  },
  pad: { good: [], absent: [] },
  int32: {
    good: [
      ['ffffffff', -1],
      ['7fffffff', 2_147_483_647],
    ],
    absent: ['80000000'],
  },
  uint32: {
    good: [
      ['80000000', 2_147_483_648],
      ['fffffffe', 4_294_967_294],
    ],
    absent: ['ffffffff'],
  },
  acc32: {
    good: [
      ['00000001', 1],
      ['fffffffe', 4_294_967_294],
    ],
    absent: ['00000000', 'ffffffff'],
  },
  enum32: {
    good: [
      ['00000000', 0],
      ['80000000', 2_147_483_648],
    ],
    absent: ['ffffffff'],
  },
  bitfield32: {
    good: [
      ['00000000', 0],
      ['40000001', 1_073_741_825],
    ],
    absent: ['ffffffff', '80000001'],
  },
  ipaddr: {
    good: [
      ['c0a80114', '192.168.1.20'],
      ['ffffffff', '255.255.255.255'],
    ],
    absent: ['00000000'],
  },
  int64: {
    good: [
      ['ffffffffffffffff', -1],
      ['001fffffffffffff', 9_007_199_254_740_991],
      ['ffe0000000000001', -9_007_199_254_740_991],
    ],
    absent: ['8000000000000000'],
  },
  uint64: {
    good: [
      ['001fffffffffffff', 9_007_199_254_740_991],
      ['8000000000000000', 2 ** 63],
      ['0020000000000003', 9_007_199_254_740_996],
    ],
    absent: ['ffffffffffffffff'],
  },
  acc64: { good: [['0000000000000001', 1]], absent: ['0000000000000000', 'ffffffffffffffff'] },
  bitfield64: { good: [['4000000000000001', '4000000000000001']], absent: ['ffffffffffffffff', '8000000000000000'] },
  ipv6addr: {
    good: [['20010db8000000000000000000000001', '2001:db8::1']],
    absent: ['00000000000000000000000000000000'],
  },
  eui48: {
    good: [['0000001dc0123456', '00:1d:c0:12:34:56']],
    absent: ['0000ffffffffffff', 'ffffffffffffffff', '0000000000000000'],
  },
  float32: {
    good: [
      ['3f7d70a4', 0.99],
      ['c2c80000', -100],
      ['00000000', 0],
    ],
    absent: ['7fc00000', 'ffffffff', '7f800000'],
  },
  float64: { good: [['3fefae147ae147ae', 0.99]], absent: ['7ff8000000000000', 'fff0000000000000'] },
  sunssf: {
    good: [
      ['fffe', -2],
      ['0000', 0],
    ],
    absent: ['8000'],
  },
  string: {
    good: [
      ['5344 4d36 0000', 'SDM6'],
      ['4142 2020 2000', 'AB'],
    ],
    absent: ['0000 0000 0000'],
    size: 3,
  },
};

describe('the types of points', () => {
  for (const type of sunSpecTypes) {
    const { good, absent, size } = types[type];
    const point = { type, ...(size === undefined ? {} : { size }) };
    it(type, () => {
      for (const [hex, value] of good) assert.equal(decode(point, hex), value, hex);
      for (const hex of absent) assert.equal(decode(point, hex), null, hex);
    });
    it(`${type}, written and read again`, () => {
      const codec = codecOf([{ name: 'X', ...point }], size ?? (type === 'string' ? 0 : registersOf[type]));
      const again = (value: PointValue): PointValue | undefined =>
        decodeModel(codec, encodeModel(codec, new Map([['X', value]]))).get('X');
      for (const [, value] of good) assert.equal(again(value), value);
      if (absent.length > 0) assert.equal(again(null), null);
    });
  }

  it('a pad has no value', () => assert.equal(decode({ type: 'pad' }, '8000'), undefined));

  for (const [type, zeros] of [
    ['acc16', '0000'],
    ['acc32', '0000 0000'],
    ['acc64', '0000 0000 0000 0000'],
  ] as const)
    it(`an ${type} of 0 is a value if every device has to give it`, () => {
      assert.equal(decode({ type, mandatory: 'M' }, zeros), 0);
      assert.equal(decode({ type, mandatory: 'O' }, zeros), null);
      assert.equal(decode({ type, mandatory: 'M' }, zeros.replaceAll('0', 'f')), null);
    });
});

describe('scale factors', () => {
  const scaled = (type: string, hex: string): PointValue | undefined => {
    const points = [
      { name: 'X', type, sf: 'X_SF' },
      { name: 'X_SF', type: 'sunssf' },
    ];
    const data = bytes(`0000 0000 ${hex}`);
    return decodeModel(codecOf(points, data.length / 2 - 2), data).get('X');
  };
  const cases: [type: string, hex: string, value: PointValue][] = [
    ['int16', '0901 ffff', 230.5],
    ['int16', '0901 0000', 2305],
    ['int16', 'f6ff 0002', -230_500],
    ['uint32', 'fffffffe fff6', 0.4294967294],
    ['uint32', 'fffffffe 000a', 42_949_672_940_000_000_000],
    ['acc64', '0000000000000005 fffd', 0.005],
    ['uint64', '0020000000000003 fffd', 9_007_199_254_740.996],
  ];
  for (const [type, hex, value] of cases)
    it(`${type} ${hex} is ${value}`, () => assert.equal(scaled(type, hex), value));

  it('one that is not implemented, or beyond 10, leaves no value', () => {
    for (const factor of ['8000', '000b', 'fff5', '7fff']) assert.equal(scaled('int16', `0901 ${factor}`), null);
  });

  it('a value that is not implemented has none, whatever its factor', () => {
    assert.equal(scaled('int16', '8000 ffff'), null);
    assert.equal(scaled('uint16', 'ffff 8000'), null, 'an inverter at night');
  });

  it('may be constants', () => {
    assert.equal(decode({ type: 'int32', sf: -2 }, 'ffff ff9c'), -1);
    assert.equal(decode({ type: 'int32', sf: -7 }, '0000 0001'), 1e-7);
    assert.equal(decode({ type: 'int16', sf: 3 }, '0002'), 2000);
  });
});

describe('whole models', () => {
  it('of an inverter, as registers and back', () => {
    const codec = compileModel(placeModel(103, { length: 50, address: 40_070 }));
    const given = new Map<string, PointValue>([
      ['W', 1234.5],
      ['W_SF', -1],
      ['PhVphA', 230.5],
      ['V_SF', -1],
      ['WH', 0],
      ['WH_SF', 0],
      ['St', 4],
    ]);
    const data = encodeModel(codec, given);
    assert.equal(data.length, 52 * 2);
    assert.equal(data.subarray(0, 4).toString('hex'), '00670032');
    const values = decodeModel(codec, data);
    for (const [path, value] of given) assert.equal(values.get(path), value, path);
    const others = [...values].filter(([path]) => !given.has(path) && path !== 'ID' && path !== 'L');
    assert.equal(others.length, codec.points.length - given.size - 2);
    for (const [path, value] of others) assert.equal(value, null, path);
  });

  it('write what does not fit as not implemented', () => {
    const codec = compileModel(placeModel(103, { length: 50 }));
    const values = decodeModel(
      codec,
      encodeModel(
        codec,
        new Map([
          ['W', 40_000],
          ['W_SF', 0],
          ['VA', 1],
        ]),
      ),
    );
    assert.equal(values.get('W'), null, 'too large');
    assert.equal(values.get('VA'), null, 'without a scale factor');
  });

  it('of the common model have texts, and a pad', () => {
    const codec = compileModel(placeModel(1, { length: 66 }));
    const data = encodeModel(
      codec,
      new Map<string, PointValue>([
        ['Mn', 'Acme'],
        ['SN', '12/345'],
        ['DA', 126],
      ]),
    );
    const values = decodeModel(codec, data);
    assert.deepEqual(
      ['Mn', 'Md', 'SN', 'DA'].map((path) => values.get(path)),
      ['Acme', null, '12/345', 126],
    );
    assert.equal(data.subarray(-2).toString('hex'), '8000');
  });

  it('are not decoded from less than their registers', () => {
    const codec = compileModel(placeModel(103, { length: 50 }));
    assert.throws(
      () => decodeModel(codec, Buffer.alloc(100)),
      /^RangeError: Model 103 \(Inverter \(Three Phase\)\) at 40000 takes 52 registers, and 50 were read$/,
    );
  });

  it('have no value that the registers do not hold: what is decoded is what was encoded (fast-check)', () => {
    const codec = compileModel(placeModel(714, { length: 18 + 2 * 25, counts: { NPrt: 2 } }));
    const scalable = codec.points.filter(({ placed }) => typeof placed.scaleFactor === 'object');
    assert.ok(scalable.length > 10);
    const raws = fc.array(fc.integer({ min: 1, max: 32_766 }), {
      minLength: scalable.length,
      maxLength: scalable.length,
    });
    fc.assert(
      fc.property(raws, fc.integer({ min: -10, max: 10 }), (numbers, exponent) => {
        const given = new Map<string, PointValue>([['NPrt', 2]]);
        for (const [n, { placed }] of scalable.entries()) {
          if (typeof placed.scaleFactor === 'object') given.set(placed.scaleFactor.path, exponent);
          const raw = numbers[n] ?? 0;
          given.set(placed.path, exponent < 0 ? raw / 10 ** -exponent : raw * 10 ** exponent);
        }
        const values = decodeModel(codec, encodeModel(codec, given));
        for (const [path, value] of given) assert.equal(values.get(path), value, path);
      }),
    );
  });
});

describe('the symbols of a value', () => {
  const point = (id: number, name: string) => {
    const found = definitionOf(id).group.points.find((each) => each.name === name);
    assert.ok(found);
    return found;
  };
  it('of an enumeration', () => {
    assert.equal(symbolOf(point(103, 'St'), 4), 'MPPT');
    assert.equal(symbolOf(point(103, 'St'), 77), '77');
  });
  it('of a bit field', () => {
    assert.deepEqual(symbolsIn(point(103, 'Evt1'), 0), []);
    assert.deepEqual(symbolsIn(point(103, 'Evt1'), 0b1000_0001), ['GROUND_FAULT', 'OVER_TEMP']);
    assert.deepEqual(symbolsIn(point(103, 'EvtVnd1'), 2 ** 30), ['bit 30']);
    assert.deepEqual(symbolsIn(point(103, 'EvtVnd1'), '4000000000000001'), ['bit 0', 'bit 62']);
  });
});
