import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeBlock } from '../../../../src/drivers/modbus/codec/decode.ts';
import { compileDecodeTable } from '../../../../src/drivers/modbus/codec/decode-table.ts';
import { decodeText } from '../../../../src/drivers/modbus/codec/decode-text.ts';
import { encodePoint, fits, holdable } from '../../../../src/drivers/modbus/codec/encode.ts';
import { toValue } from '../../../../src/drivers/modbus/codec/number-meaning.ts';
import { companionOf, type Point } from '../../../../src/drivers/modbus/profiles/point.ts';
import type { ProfilePoint } from '../../../../src/drivers/modbus/profiles/point-schema.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';

const resolve = (...points: Partial<ProfilePoint>[]): Point[] =>
  resolvedPoints(
    points.map((point, i) => ({ name: `p${i}`, quantity: `meter/x_${i}`, addr: 0, type: 'uint16', ...point })),
  ).points;

/** Decodes hexadecimal register content that begins at address 0. */
const decode = (bytes: string, ...points: Partial<ProfilePoint>[]): number[] => {
  const resolved = resolve(...points);
  const data = Buffer.from(bytes.replace(/ /g, ''), 'hex');
  const out = new Float64Array(resolved.length).fill(Number.NaN);
  const companionIndex = (name: string | undefined): object =>
    name === undefined ? {} : { companionIndex: resolved.findIndex((point) => point.name === name) };
  const table = compileDecodeTable(
    resolved.map((point, index) => ({ point, index, ...companionIndex(companionOf(point.source)) })),
    0,
  );
  decodeBlock(table, new DataView(data.buffer, data.byteOffset, data.length), out);
  return [...out];
};

describe('registers to numbers', () => {
  const cases: [name: string, bytes: string, point: Partial<ProfilePoint>, expected: number][] = [
    ['uint16', 'fffe', { type: 'uint16' }, 65534],
    ['int16', 'fffe', { type: 'int16' }, -2],
    ['uint32, high word first', '0001 0002', { type: 'uint32' }, 65538],
    ['uint32, low word first', '0002 0001', { type: 'uint32', wordOrder: 'little' }, 65538],
    ['uint32, bytes swapped', '0100 0200', { type: 'uint32', byteOrder: 'little' }, 65538],
    ['uint32, all swapped', '0200 0100', { type: 'uint32', wordOrder: 'little', byteOrder: 'little' }, 65538],
    ['int32', 'ffff fff6', { type: 'int32' }, -10],
    ['uint64', '0000 0000 0001 0000', { type: 'uint64' }, 65536],
    ['int64', 'ffff ffff ffff ffff', { type: 'int64' }, -1],
    ['uint64 beyond 2^53 keeps its size', '0100 0000 0000 0000', { type: 'uint64' }, 2 ** 56],
    ['float32 (an SDM630 at 230.2 V)', '4366 3333', { type: 'float32' }, 230.2],
    ['float64', '4034 8000 0000 0000', { type: 'float64' }, 20.5],
    ['float16', '4d00', { type: 'float16' }, 20],
    ['bcd16', '1234', { type: 'bcd16' }, 1234],
    ['bcd32', '0012 3456', { type: 'bcd32' }, 123_456],
    ['high byte', 'a501', { type: 'u8h' }, 165],
    ['low byte', 'a501', { type: 'u8l' }, 1],
    ['a bit field', '0340', { type: 'uint16', mask: '0x0f00', shift: 8 }, 3],
    ['scale and unit', '0019', { type: 'uint16', scale: 0.1, unit: 'kW' }, 2500],
    ['offset', '0064', { type: 'int16', scale: 0.1, offset: -40 }, -30],
    ['sign', '0064', { type: 'int16', sign: -1 }, -100],
    ['float32, low word first', '3333 4366', { type: 'float32', wordOrder: 'little' }, 230.2],
    ['a bit field without its top bit', '7fff ffff', { type: 'uint32', nanBits: '0x80000000' }, 0x7fffffff],
    ['words that lie apart in order', '0001 ffff 0002', { type: 'uint32', addr: [0, 2] }, 65538],
    ['words that do not lie together', '0002 ffff 0001', { type: 'uint32', addr: [0, 2], wordOrder: 'little' }, 65538],
  ];
  for (const [name, bytes, point, expected] of cases)
    it(name, () => {
      const [value] = decode(bytes, point);
      assert.ok(Math.abs((value ?? Number.NaN) - expected) <= Math.abs(expected) * 1e-6, String(value));
    });

  const nothing: [name: string, bytes: string, point: Partial<ProfilePoint>][] = [
    ['a sentinel', '8000 0000', { type: 'int32', nan: ['0x80000000'] }],
    ['the second of two sentinels', '7fff ffff', { type: 'int32', nan: ['0x80000000', '0x7fffffff'] }],
    ['IEEE NaN', '7fc0 0000', { type: 'float32' }],
    ['another NaN', 'ffff ffff', { type: 'float32' }],
    ['infinity', '7f80 0000', { type: 'float32' }],
    ['infinity, low word first', '0000 ff80', { type: 'float32', wordOrder: 'little' }],
    ['a float that stands for nothing', 'c47a 0000', { type: 'float32', nan: ['0xc47a0000'] }],
    ['the lowest number of 16 bits', '8000', { type: 'int16', nan: ['0x8000'] }],
    ['no decimal digits', '12ab', { type: 'bcd16' }],
    ['the top bit of a bit field', '8000 0001', { type: 'uint32', nanBits: '0x80000000' }],
    ['the top bit of 64 bits', '8000 0000 0000 0000', { type: 'uint64', nanBits: '0x8000000000000000' }],
    ['a fault bit beside a mask', '0105', { type: 'uint16', mask: '0xff', nanBits: '0x100' }],
    ['a sentinel of 64 bits', 'ffff ffff ffff ffff', { type: 'uint64', nan: ['0xffffffffffffffff'] }],
  ];
  for (const [name, bytes, point] of nothing)
    it(`${name} is no value, and not 0`, () => assert.ok(Number.isNaN(decode(bytes, point)[0])));

  it('0 has no sign', () => assert.ok(Object.is(decode('0000', { type: 'int16', sign: -1 })[0], 0)));

  it('scales by another register, and refuses a nonsensical power of ten', () => {
    const points = [{ scaleFrom: 'p1' }, { addr: 1, type: 'int16' as const }];
    assert.equal(decode('04d2 fffe', ...points)[0], 12.34);
    assert.ok(Number.isNaN(decode('04d2 8000', ...points)[0]));
  });

  it('takes the sign from another register, whatever sign the number has', () => {
    const value = { type: 'int16' as const, scale: 0.1, negativeWhile: { point: 'p1', is: [0] } };
    const teller = { addr: 1, type: 'uint16' as const, nan: ['0xffff'] };
    for (const number of ['04d2', 'fb2e']) {
      assert.equal(decode(`${number} 0000`, value, teller)[0], -123.4);
      assert.equal(decode(`${number} 0001`, value, teller)[0], 123.4);
      assert.ok(Number.isNaN(decode(`${number} ffff`, value, teller)[0]));
    }
    assert.ok(Object.is(decode('0000 0000', value, teller)[0], 0), 'no -0');
  });

  it('adds an offset after the power of ten of the device, in the unit of the quantity', () => {
    const exponent = { addr: 1, type: 'int16' as const };
    const kelvin = { type: 'int16' as const, quantity: 'battery/temperature', unit: 'K', scaleFrom: 'p1' };
    assert.equal(decode('0ba6 ffff', kelvin, exponent)[0], 25.05);
    assert.equal(decode('0ba6 ffff', { scaleFrom: 'p1', offset: -100 }, exponent)[0], 198.2);
  });
});

describe('registers to text', () => {
  const text = (bytes: string, point: Partial<ProfilePoint>, address = 0): string | null => {
    const [resolved] = resolve(point);
    const data = Buffer.from(bytes.replace(/ /g, ''), 'hex');
    return decodeText(resolved as Point, address, new DataView(data.buffer, data.byteOffset, data.length));
  };
  it('a padded string', () => assert.equal(text('5344 4d36 3330 0000', { type: 'string', len: 4 }), 'SDM630'));
  it('swapped bytes', () => assert.equal(text('4453 364d', { type: 'string', len: 2, byteOrder: 'little' }), 'SDM6'));
  it('characters beyond ASCII', () => assert.equal(text('c39c 4200', { type: 'string', len: 2 }), 'ÜB'));
  it('without bytes that are no character', () =>
    assert.equal(text('41ff 0742 7f20', { type: 'string', len: 3 }), 'AB\x7f'));
  it('blanks around it', () => assert.equal(text('2041 4220 0000', { type: 'string', len: 3 }), 'AB'));
  it('behind other registers of the same response', () => {
    assert.equal(text('ffff ffff 4142 0000', { type: 'string', addr: 42, len: 2 }, 40), 'AB');
    assert.equal(text('ffff 4142 4344', { type: 'string', addr: 41, len: 2, byteOrder: 'little' }, 40), 'BADC');
  });
  it('words that lie in another order', () => {
    const point: Partial<ProfilePoint> = { type: 'uint32', addr: [2, 0], format: 'hex' };
    assert.equal(text('1234 ffff 5678', point), '56781234');
  });
  it('an empty string is none', () => assert.equal(text('0000 0000', { type: 'string', len: 2 }), null));
  it('hexadecimal', () => assert.equal(text('00a5 1234', { type: 'uint32', format: 'hex' }), '00a51234'));
  it('a time', () => assert.equal(text('6560 0000', { type: 'datetime' }), '2023-11-24T01:44:32.000Z'));
  const network: [name: string, bytes: string, point: Partial<ProfilePoint>, expected: string | null][] = [
    ['an IPv4 address', 'c0a8 0114', { type: 'bytes', len: 2, format: 'ipv4' }, '192.168.1.20'],
    ['an IPv4 address in a uint32', '0a00 00ff', { type: 'uint32', format: 'ipv4' }, '10.0.0.255'],
    ['no IPv4 address', '0000 0000', { type: 'bytes', len: 2, format: 'ipv4', nan: ['0x0'] }, null],
    [
      'an IPv6 address, with the first of its longest runs of zeros shortened',
      '2001 0db8 0000 0000 0001 0000 0000 0001',
      { type: 'bytes', len: 8, format: 'ipv6' },
      '2001:db8::1:0:0:1',
    ],
    [
      'an IPv6 address with a single zero',
      '2001 0db8 0000 0001 0001 0001 0001 0001',
      { type: 'bytes', len: 8, format: 'ipv6' },
      '2001:db8:0:1:1:1:1:1',
    ],
    [
      'a MAC address at the end of 8 bytes',
      '0000 001d c012 3456',
      { type: 'bytes', len: 4, format: 'mac' },
      '00:1d:c0:12:34:56',
    ],
    ['a MAC address of 6 bytes', '001d c012 3456', { type: 'bytes', len: 3, format: 'mac' }, '00:1d:c0:12:34:56'],
    [
      '64 bits that are void',
      '8000 0000 0000 0001',
      { type: 'uint64', format: 'hex', nanBits: '0x8000000000000000' },
      null,
    ],
    ['characters', '5344 4d36', { type: 'bytes', len: 2, format: 'ascii' }, 'SDM6'],
  ];
  for (const [name, bytes, point, expected] of network) it(name, () => assert.equal(text(bytes, point), expected));

  it('the names of the bits of 64, which no number holds exactly', () => {
    const bits = { 0: 'LOW', 1: 'NEXT', 62: 'HIGH' };
    const [point] = resolve({ type: 'uint64', format: 'hex', bits });
    assert.equal(toValue(point as Point, '4000000000000001'), 'LOW, HIGH');
  });

  it('a clock of three registers, and one of six', () => {
    assert.equal(text('1508 0812 2809', { type: 'datetime', len: 3 }), '2021-08-08T18:40:09');
    assert.equal(text('07ea 000b 001e 0000 000a 0010', { type: 'datetime', len: 6 }), '2026-11-30T00:10:16');
    assert.equal(text('001a 000b 001e 0017 003b 003b', { type: 'datetime', len: 6 }), '2026-11-30T23:59:59');
  });
  it('a clock that shows no date, or no time, is none', () => {
    for (const bytes of ['0000 0000 0000', '1a0d 0100 0000', '1a0b 1e18 0000', '1a0b 1e00 3c00', 'ffff ffff ffff'])
      assert.equal(text(bytes, { type: 'datetime', len: 3 }), null, bytes);
  });
  it('no time', () => assert.equal(text('ffff ffff', { type: 'datetime' }), null));
});

describe('there and back', () => {
  const integers = { int16: 16, uint16: 16, int32: 32, uint32: 32 } as const;
  it('integers of every order give back what was written (fast-check)', () => {
    const orders = fc.constantFrom<'big' | 'little'>('big', 'little');
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(integers) as (keyof typeof integers)[])),
        orders,
        orders,
        fc.integer({ min: 0, max: 0xffffffff }),
        (type, wordOrder, byteOrder, seed) => {
          const bits = integers[type];
          const unsigned = seed % 2 ** bits;
          const value = type.startsWith('u') ? unsigned : unsigned - 2 ** (bits - 1);
          const [point] = resolve({ type, wordOrder, byteOrder });
          const words = encodePoint(point as Point, value);
          const bytes = Buffer.alloc(bits / 8);
          for (const { address, word } of words) bytes.writeUInt16BE(word, address * 2);
          assert.equal(decode(bytes.toString('hex'), { type, wordOrder, byteOrder })[0], value);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('numbers with a power of ten and an offset give back what was written (fast-check)', () => {
    const integer = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(integer, integer, fc.integer({ min: -3, max: 3 }), (raw, offset, exponent) => {
        const points = [
          { type: 'int16' as const, offset, scaleFrom: 'p1' },
          { addr: 1, type: 'int16' as const },
        ];
        const bytes = Buffer.alloc(4);
        bytes.writeInt16BE(raw, 0);
        bytes.writeInt16BE(exponent, 2);
        const value = decode(bytes.toString('hex'), ...points)[0] as number;
        const [word] = encodePoint(resolve(...points)[0] as Point, value, exponent);
        assert.equal(word?.word, raw & 0xffff);
      }),
    );
  });

  it('addresses of networks give back what was written (fast-check)', () => {
    const points: Partial<ProfilePoint>[] = [
      { type: 'bytes', len: 2, format: 'ipv4' },
      { type: 'bytes', len: 8, format: 'ipv6' },
      { type: 'bytes', len: 3, format: 'mac' },
      { type: 'bytes', len: 4, format: 'mac' },
    ];
    const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.constantFrom(...points), fc.array(word, { minLength: 8, maxLength: 8 }), (point, given) => {
        const length = point.len ?? 0;
        const words = given.slice(0, length);
        if (length === 4) words[0] = 0;
        const data = Buffer.alloc(length * 2);
        words.forEach((each, n) => {
          data.writeUInt16BE(each, n * 2);
        });
        const [resolved] = resolve(point);
        const text = decodeText(resolved as Point, 0, new DataView(data.buffer, data.byteOffset, data.length));
        const written = encodePoint(resolved as Point, text ?? '');
        assert.deepEqual(
          written.map((each) => each.word),
          words,
        );
      }),
    );
  });

  it('a value that 64 bits do not hold does not fit', () => {
    const fitting = (type: 'int64' | 'uint64', value: number): boolean => fits(resolve({ type })[0] as Point, value);
    assert.deepEqual([fitting('int64', 2 ** 63), fitting('uint64', 2 ** 64)], [false, false]);
    assert.deepEqual([fitting('int64', -(2 ** 63)), fitting('uint64', 2 ** 63)], [true, true]);
  });

  it('an order that falls between two register values becomes the smaller one, whatever its sign and scale', () => {
    const settle = (point: Partial<ProfilePoint>, value: number): number =>
      holdable(resolve({ type: 'int16', ...point })[0] as Point, value);
    assert.equal(settle({}, 28.8), 28);
    assert.equal(settle({}, -28.8), -28);
    assert.equal(settle({ scale: -10 }, 109), 100);
    assert.equal(settle({ offset: -1000 }, 28.8), 28);
    assert.equal(settle({ scale: 0.1 }, 0.3), 0.3, 'what binary fractions lose is nothing');
    assert.equal(settle({ type: 'float32' }, 28.8), 28.8);
  });
});
