import assert from 'node:assert/strict';
import fc from 'fast-check';
import { shortestDecimal } from '../../../../src/drivers/modbus/codec/decode.ts';
import { decodeNumber, withoutBinaryResidue } from '../../../../src/drivers/modbus/codec/number-formats.ts';

const floatOf = (hex: string): number => Buffer.from(hex.replace(' ', ''), 'hex').readFloatBE();

describe('a float32 as it is told', () => {
  const cases: [bytes: string, scale: number, expected: number][] = [
    ['3f7d 70a4', 1, 0.99],
    ['4366 3333', 1, 230.2],
    ['c0b3 3333', 1, -5.6],
    ['4640 e6b6', 1, 12345.678],
    // 7 digits are not enough here: 1234567.5 and 1234568 are different numbers.
    ['4996 b43c', 1, 1234567.5],
    ['3d23 d70a', 1, 0.04],
    ['3a83 126f', 1, 0.001],
    ['0000 0000', 1, 0],
    ['4b18 9680', 1, 10_000_000],
    ['3f80 a3d7', 1000, 1005],
    ['3f80 a3d7', 0.001, 0.001005],
    ['3f80 a3d7', -1, -1.005],
  ];
  for (const [bytes, scale, expected] of cases)
    it(`${bytes} times ${scale} is ${expected}`, () =>
      assert.equal(shortestDecimal(floatOf(bytes) * scale, scale), expected));

  it('is the same float32 again, in 9 digits at most (fast-check)', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(float, fc.constantFrom(1, 1000, 0.1, -1), (raw, scale) => {
        if (Math.abs(raw) < 1e-12) return;
        const value = shortestDecimal(raw * scale, scale);
        assert.equal(Math.fround(value / scale), raw);
        if (!Number.isInteger(value)) assert.equal(Number(value.toPrecision(9)), value);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('numbers that were calculated', () => {
  it('have no dust', () => {
    assert.equal(withoutBinaryResidue(0.1 + 0.2), 0.3);
    assert.equal(withoutBinaryResidue(12), 12);
    assert.equal(withoutBinaryResidue(2 ** 40 + 0.5), 2 ** 40 + 0.5);
  });

  it('a float16 has 11 bits', () => assert.equal(decodeNumber('float16', 0, 0x2e66), 0.099976));
});
