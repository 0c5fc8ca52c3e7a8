/** Points that an integrator names in the form, before any device is asked. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sunspecFields } from '../../../../src/drivers/sunspec/codec/limits.ts';
import { brandPlaces, usualUnit } from '../../../../src/drivers/sunspec/discovery/candidate-units.ts';
import { findModelDefinition, readOwnModels, readOwnPoints } from '../../../../src/drivers/sunspec/index.ts';

const vendorModel = (id: number, point = 'Boost'): object => ({
  id,
  group: {
    name: 'acme',
    type: 'group',
    points: [
      { name: 'ID', type: 'uint16', value: id },
      { name: 'L', type: 'uint16' },
      { name: point, type: 'uint16', units: 'W' },
    ],
  },
});

const faultOf = (point: string, quantity: string): string => {
  const read = readOwnPoints([{ point, quantity }], (id) => findModelDefinition(id));
  return read.ok ? '' : read.reason;
};

describe('SunSpec: the rows of the form', () => {
  it('become points of a profile', () => {
    const rows = [
      { point: '103:VA', quantity: 'solar/apparent_power' },
      { point: '160:2:DCW', quantity: 'solar/2/x_string' },
      { point: '705:Crv.1.Pt.2.V', quantity: 'inverter/x_curve' },
      { point: '203#2:W', quantity: 'meter/2/power' },
    ];
    assert.deepEqual(
      readOwnPoints(rows, (id) => findModelDefinition(id)),
      {
        ok: true,
        value: rows.map(({ point, quantity }, n) => ({ name: `own.${n + 1}`, type: 'sunspec', addr: point, quantity })),
      },
    );
  });

  it('are refused with the row, and what would be right', () => {
    assert.match(
      faultOf('103', 'solar/power'),
      /^further point 1 \(103\): a point is written model:point, like 103:VA/,
    );
    assert.match(faultOf('9999:W', 'solar/power'), /model 9999 is not known here: give the JSON file of its vendor/);
    assert.match(faultOf('103:PhVphaA', 'solar/voltage/l1'), /no point PhVphaA; did you mean "PhVphA"/);
    assert.match(faultOf('103:W', ''), /the quantity is missing/);
    assert.match(faultOf('103:W', 'solar'), /solar/);
    assert.match(faultOf('103:W', 'solar/voltage/l1'), /W cannot be converted to V/);
    assert.match(faultOf('103:St', 'solar/power'), /solar\/power is a number in W/);
    const twice = readOwnPoints(
      [
        { point: '103:W', quantity: 'solar/power' },
        { point: '101:W', quantity: 'solar/power' },
      ],
      (id) => findModelDefinition(id),
    );
    assert.match(twice.ok ? '' : twice.reason, /further point 2 \(101:W\): solar\/power is there twice/);
  });
});

describe('SunSpec: models of vendors', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ems-models-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are read from files, and from the form, which goes before them', () => {
    writeFileSync(join(folder, 'b.json'), JSON.stringify([vendorModel(64_901), vendorModel(64_902)]));
    writeFileSync(join(folder, 'notes.txt'), 'no model');
    const read = readOwnModels(folder, JSON.stringify(vendorModel(64_902, 'Typed')));
    assert.ok(read.ok);
    const { models, faults } = read.value;
    assert.deepEqual([[...models.keys()], faults], [[64_901, 64_902], []]);
    assert.equal(models.get(64_902)?.group.points.at(-1)?.name, 'Typed');
    const points = readOwnPoints([{ point: '64901:Boost', quantity: 'solar/x_boost' }], (id) => models.get(id));
    assert.ok(points.ok);
  });

  it('that are wrong are told: a file is left out, the form is refused', () => {
    writeFileSync(join(folder, 'a.json'), '{');
    writeFileSync(join(folder, 'b.json'), JSON.stringify(vendorModel(64_901)));
    const read = readOwnModels(folder, '');
    assert.ok(read.ok);
    assert.deepEqual([...read.value.models.keys()], [64_901]);
    assert.match(read.value.faults.join(), /^a\.json: not JSON/);
    const typed = readOwnModels(folder, '{"id": 64901}');
    assert.match(typed.ok ? '' : typed.reason, /^the models typed in: group: is missing/);
    assert.ok(readOwnModels(join(folder, 'nowhere'), ' ').ok);
  });
});

describe('SunSpec: the brands of the form', () => {
  it('are those whose places are known, each with its unit', () => {
    assert.deepEqual(sunspecFields.brand.values.slice(1), Object.keys(brandPlaces).sort());
    assert.deepEqual([usualUnit(undefined), usualUnit('sma'), usualUnit('kostal'), usualUnit('abb')], [1, 126, 71, 2]);
  });
});
