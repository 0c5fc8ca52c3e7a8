import assert from 'node:assert/strict';
import fc from 'fast-check';
import { canonicalUnit, conversion, type Unit, unitCodes } from '../../src/model/units.ts';

const convert = (value: number, from: string, to: Unit): number | undefined => {
  const found = conversion(from, to);
  return found && value * found.factor + found.offset;
};

describe('units', () => {
  const table: [value: number, from: string, to: Unit, expected: number][] = [
    [2.5, 'kW', 'W', 2500],
    [1200, 'mW', 'W', 1.2],
    [0.75, 'MW', 'W', 750_000],
    [12_345.678, 'kWh', 'Wh', 12_345_678],
    [3600, 'J', 'Wh', 1],
    [3.6, 'MJ', 'Wh', 1000],
    [230_000, 'mV', 'V', 230],
    [16_000, 'mA', 'A', 16],
    [50, 'percent', '%', 50],
    [0.5, 'fraction', '%', 50],
    [212, '°F', 'degC', 100],
    [293.15, 'K', 'degC', 20],
    [25, '°C', 'degC', 25],
    [2, 'min', 's', 120],
    [1, 'kvarh', 'varh', 1000],
  ];
  for (const [value, from, to, expected] of table)
    it(`${value} ${from} is ${expected} ${to}`, () => {
      const result = convert(value, from, to);
      assert.ok(result !== undefined && Math.abs(result - expected) < 1e-9 * Math.max(1, Math.abs(expected)));
    });

  it('takes every code of the wire as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...unitCodes), fc.double({ noNaN: true }), (unit, value) => {
        assert.ok(convert(value, unit, unit) === value);
        assert.equal(canonicalUnit(unit), unit);
      }),
    );
  });

  it('converts nothing into another dimension', () => {
    for (const [from, to] of [
      ['kW', 'Wh'],
      ['kWh', 'W'],
      ['V', 'A'],
      ['VA', 'W'],
      ['%', '1'],
      ['bananas', 'W'],
      ['__proto__', 'W'],
      ['constructor', 'W'],
    ] as const)
      assert.equal(conversion(from, to), undefined, `${from} to ${to}`);
  });
});
