import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PointGroup } from '../../../../src/drivers/sunspec/messages.ts';
import {
  countingPoints,
  readCounts,
  registersUntilCounts,
} from '../../../../src/drivers/sunspec/models/counting-points.ts';
import { findModelDefinition, modelIds } from '../../../../src/drivers/sunspec/models/model-definitions.ts';
import type { ModelLayout } from '../../../../src/drivers/sunspec/models/model-layout.ts';
import { readSunSpecJson } from '../../../../src/drivers/sunspec/models/sunspec-json.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

const addressOf = ({ points }: ModelLayout, path: string): number | undefined => points.get(path)?.address;
const lastOf = ({ points }: ModelLayout): string | undefined => [...points.keys()].at(-1);

describe('where the points of a model lie', () => {
  it('one after the other, from the point ID on', () => {
    const inverter = placeModel(103, { length: 50, address: 40_070 });
    assert.equal(inverter.lengthFault, undefined);
    assert.deepEqual(inverter.notes, []);
    assert.deepEqual(
      ['ID', 'L', 'A', 'W', 'WH', 'Evt1', 'EvtVnd4'].map((path) => addressOf(inverter, path)),
      [40_070, 40_071, 40_072, 40_084, 40_094, 40_110, 40_120],
    );
  });

  it('a common model of 65 registers has no pad', () => {
    assert.equal(lastOf(placeModel(1, { length: 66 })), 'Pad');
    const short = placeModel(1, { length: 65 });
    assert.deepEqual([lastOf(short), short.lengthFault], ['DA', undefined]);
    assert.deepEqual(short.notes, [], 'nobody misses a pad');
  });

  it('a group repeats as often as the length has room for, where the definition says 0', () => {
    const mppt = placeModel(160, { length: 88, address: 40_122 });
    assert.equal(mppt.repeats.get('module'), 4);
    assert.equal(addressOf(mppt, 'module.1.ID'), 40_132);
    assert.equal(addressOf(mppt, 'module.4.DCEvt'), 40_132 + 3 * 20 + 18);
    for (const length of [8, 6]) assert.equal(placeModel(160, { length }).repeats.get('module'), 0);
  });

  it('a group repeats as often as a point tells', () => {
    const meter = placeModel(714, { length: 18 + 3 * 25, counts: { NPrt: 3 }, address: 41_161 });
    assert.deepEqual([meter.repeats.get('Prt'), meter.lengthFault, meter.notes], [3, undefined, []]);
    assert.equal(addressOf(meter, 'Prt.3.PrtTyp'), 41_161 + 20 + 2 * 25);
  });

  it('groups lie within groups: curves of points', () => {
    const curves = placeModel(705, { length: 13 + 2 * (10 + 4 * 2), counts: { NCrv: 2, NPt: 4 } });
    assert.equal(curves.lengthFault, undefined);
    assert.deepEqual(Object.fromEntries(curves.repeats), { Crv: 2, 'Crv.1.Pt': 4, 'Crv.2.Pt': 4 });
    assert.equal(addressOf(curves, 'Crv.2.ActPt'), 40_000 + 15 + 18);
    assert.equal(addressOf(curves, 'Crv.2.Pt.4.Var'), 40_000 + 15 + 18 + 10 + 3 * 2 + 1);
  });

  it('trip curves have three groups of points, each with a name of its own', () => {
    const trips = placeModel(707, { length: 7 + 2 * (1 + 3 * (1 + 5 * 3)), counts: { NCrvSet: 2, NPt: 5 } });
    assert.equal(trips.lengthFault, undefined);
    const second = 40_000 + 9 + (1 + 3 * 16);
    assert.equal(addressOf(trips, 'Crv.2.ReadOnly'), second);
    assert.equal(addressOf(trips, 'Crv.2.MayTrip.ActPt'), second + 1 + 16);
    assert.equal(addressOf(trips, 'Crv.2.MomCess.Pt.5.Tms'), second + 1 + 2 * 16 + 1 + 4 * 3 + 1);
  });

  it('groups that do not repeat have no number', () => {
    const control = placeModel(704, { length: 65 });
    assert.equal(addressOf(control, 'PFWAbsRvrt.Ext'), 40_000 + 59 + 7);
    assert.deepEqual([...control.repeats], []);
  });

  it('a scale factor is a constant, a point of the same group, or one of the model', () => {
    const factorOf = (layout: ModelLayout, path: string): unknown => {
      const factor = layout.points.get(path)?.scaleFactor;
      return typeof factor === 'object' ? factor.path : factor;
    };
    assert.equal(factorOf(placeModel(304, { length: 6 }), 'incl.1.Inclx'), -2);
    assert.equal(factorOf(placeModel(160, { length: 48 }), 'module.2.DCW'), 'DCW_SF');
    assert.equal(factorOf(placeModel(63_001, { length: 134 + 36 }), 'repeating.2.int16_11'), 'repeating.2.sunssf_8');
    assert.equal(factorOf(placeModel(103, { length: 50 }), 'St'), undefined);
  });
});

/** Lengths that a model cannot have, and what is told of them. */
const impossible: [model: number, told: { length: number; counts?: Record<string, number> }, words: RegExp][] = [
  [1, { length: 15 }, /^Model 1 \(Common\) at 40000 has the length 15, which ends in the middle of Mn$/],
  [1, { length: 0 }, /has the length 0, which leaves no room for Mn, a point that every device gives$/],
  [1, { length: 64 }, /has the length 64, which leaves no room for DA$/],
  [1, { length: 67 }, /has the length 67; the definition has 66$/],
  [103, { length: 38 }, /has the length 38, which leaves no room for Evt1/],
  [103, { length: 60 }, /has the length 60; the definition has 50$/],
  [160, { length: 89 }, /has the length 89: 4 times module of 20 registers leave a rest of 1$/],
  [701, { length: 121 }, /has the length 121, and not 153: it is another edition of the model$/],
  [705, { length: 50, counts: { NCrv: 2, NPt: 4 } }, /has the length 50, and not 49, which follows from NCrv = 2$/],
  [714, { length: 94, counts: { NPrt: 3 } }, /has the length 94, and not 93, which follows from NPrt = 3$/],
  [103, { length: 65_535 }, /has the length 65535, which leads beyond the last register|the definition has 50$/],
];

describe('a length that a model cannot have', () => {
  for (const [model, told, words] of impossible)
    it(`${model} ${JSON.stringify(told)}`, () => {
      const { lengthFault = '', notes } = placeModel(model, told);
      assert.match(lengthFault, words);
      assert.deepEqual(notes, []);
    });

  it('leaves only points within it and within the definition', () => {
    assert.equal(lastOf(placeModel(1, { length: 15 })), 'L');
    assert.equal(lastOf(placeModel(103, { length: 60 })), 'EvtVnd4');
    assert.equal(lastOf(placeModel(160, { length: 89 })), 'module.4.DCEvt');
    assert.equal(lastOf(placeModel(714, { length: 94, counts: { NPrt: 3 } })), 'Prt.3.DCAlrm');
    assert.equal(placeModel(714, { length: 17, counts: { NPrt: 2 } }).repeats.get('Prt'), 0);
    assert.equal(lastOf(placeModel(705, { length: 50, counts: { NCrv: 2, NPt: 4 } })), 'RspTms_SF', 'no curve');
    assert.equal(placeModel(701, { length: 121 }).points.size, 0, 'another edition may have other points there');
  });

  it('no point lies beyond the last register', () => {
    const last = placeModel(103, { length: 50, address: 65_500 });
    assert.match(last.lengthFault ?? '', /beyond the last register/);
    for (const { address, definition } of last.points.values()) assert.ok(address + definition.size <= 65_536);
  });
});

describe('a device that tells one number of groups and has room for another', () => {
  const ports = (NPrt: number): ModelLayout => placeModel(714, { length: 18 + 3 * 25, counts: { NPrt } });
  it('has the smaller number', () => {
    assert.equal(ports(2).repeats.get('Prt'), 2);
    assert.equal(ports(6).repeats.get('Prt'), 3);
    assert.equal(lastOf(ports(6)), 'Prt.3.DCAlrm');
    const none = placeModel(714, { length: 18, counts: { NPrt: 2 } });
    assert.deepEqual([none.repeats.get('Prt'), none.lengthFault], [0, undefined]);
    assert.match(ports(6).notes.join(), /room for 3 times Prt; NPrt tells 6$/);
  });

  it('and as many as there is room for, if it tells none', () => {
    assert.equal(placeModel(714, { length: 18 + 3 * 25 }).repeats.get('Prt'), 3);
  });

  it('has no groups whose size it does not tell', () => {
    const curves = placeModel(705, { length: 49, counts: { NCrv: 2 } });
    assert.equal(lastOf(curves), 'RspTms_SF');
    assert.equal(lastOf(placeModel(707, { length: 38, counts: { NCrvSet: 1 } })), 'Tms_SF');
    assert.match(curves.notes.join(), /does not tell how often Crv repeats: its points are left out$/);
  });
});

describe('models of vendors', () => {
  it('may be longer than their definition: they grow with the firmware', () => {
    const charger = placeModel(64_111, { length: 100 });
    assert.equal(charger.lengthFault, undefined);
    assert.match(charger.notes.join(), /77 registers more than its definition$/);
  });

  it('may have groups of which there is always the same number', () => {
    const head = ['ID', 'L'].map((name) => ({ name, type: 'uint16' }));
    const phase = { name: 'phase', count: 3, points: [{ name: 'V', type: 'uint16' }] };
    const read = readSunSpecJson({ id: 64_900, group: { name: 'own', points: head, groups: [phase] } });
    assert.ok(read.ok);
    assert.deepEqual([...placeModel(read.value, { length: 3 }).points.keys()].slice(2), [
      'phase.1.V',
      'phase.2.V',
      'phase.3.V',
    ]);
    assert.match(placeModel(read.value, { length: 2 }).lengthFault ?? '', /leaves no room for phase\.3\.V$/);
  });

  it('have no groups where two of them share the length, and the device tells no number', () => {
    const points = ['ID', 'L', 'N', 'M'].map((name) => ({ name, type: 'uint16' }));
    const groupOf = (name: string, count: string) => ({ name, count, points: [{ name: 'V', type: 'uint16' }] });
    const read = readSunSpecJson({
      id: 64_900,
      group: { name: 'own', points, groups: [groupOf('n', 'N'), groupOf('m', 'M')] },
    });
    assert.ok(read.ok);
    assert.equal(placeModel(read.value, { length: 7 }).points.size, 4);
    assert.equal(lastOf(placeModel(read.value, { length: 7, counts: { N: 2 } })), 'm.3.V');
  });

  it('have no value without the scale factor that lies beyond their length', () => {
    const points = [
      { name: 'ID', type: 'uint16' },
      { name: 'L', type: 'uint16' },
      { name: 'P', type: 'int16', sf: 'P_SF' },
      { name: 'Q', type: 'int16' },
      { name: 'P_SF', type: 'sunssf' },
    ];
    const read = readSunSpecJson({ id: 64_900, group: { name: 'own', points } });
    assert.ok(read.ok);
    const layout = placeModel(read.value, { length: 2 });
    assert.deepEqual([...layout.points.keys()], ['ID', 'L', 'Q']);
    assert.match(layout.notes.join(), /P has no value, because its scale factor lies beyond the length of the model$/);
  });
});

describe('the points that count', () => {
  it('are found, with the registers to read before a model can be laid out', () => {
    assert.deepEqual(countingPoints(definitionOf(705)), [
      { name: 'NPt', offset: 5 },
      { name: 'NCrv', offset: 6 },
    ]);
    assert.deepEqual([registersUntilCounts(definitionOf(705)), registersUntilCounts(definitionOf(160))], [7, 0]);
  });

  it('are read from the registers; what is not implemented, or not there, tells nothing', () => {
    const data = Buffer.from('02c1 0031 0001 0000 0001 0004 ffff'.replaceAll(' ', ''), 'hex');
    for (const length of [14, 12])
      assert.deepEqual([...readCounts(definitionOf(705), data.subarray(0, length))], [['NPt', 4]]);
    assert.deepEqual([...readCounts(definitionOf(705), data.subarray(0, 10))], []);
  });
});

describe('every model', () => {
  const groupsOf = (group: PointGroup): PointGroup[] => [group, ...group.groups.flatMap(groupsOf)];

  it('has points in the words of the specification', () => {
    const { points } = definitionOf(103).group;
    const head = { type: 'uint16', size: 1, isMandatory: true, isStatic: true, isWritable: false };
    assert.deepEqual(points.slice(0, 2), [
      { name: 'ID', ...head },
      { name: 'L', ...head },
    ]);
    const common = { isMandatory: true, isStatic: false, isWritable: false };
    assert.deepEqual(
      points.find(({ name }) => name === 'W'),
      {
        name: 'W',
        type: 'int16',
        size: 1,
        scaleFactor: 'W_SF',
        units: 'W',
        ...common,
      },
    );
    assert.deepEqual(
      points.find(({ name }) => name === 'W_SF'),
      { name: 'W_SF', type: 'sunssf', size: 1, ...common },
    );
  });

  it('is parsed when it is asked for, once', () => {
    assert.equal(findModelDefinition(103), findModelDefinition(103));
    assert.equal(findModelDefinition(9999), undefined);
    const own = new Map([[103, { ...definitionOf(103), label: 'Mine' }]]);
    assert.equal(findModelDefinition(103, own)?.label, 'Mine');
  });

  it('has a place for each point within whatever length a device tells, and no place twice (fast-check)', () => {
    const told = fc.record({
      id: fc.constantFrom(...modelIds()),
      length: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 0, max: 400 }) }, fc.constantFrom(1500, 65_535)),
      address: fc.integer({ min: 0, max: 65_535 }),
      count: fc.integer({ min: 0, max: 65_534 }),
      few: fc.integer({ min: 0, max: 4 }),
      isFew: fc.boolean(),
    });
    fc.assert(
      fc.property(told, ({ id, length, address, count, few, isFew }) => {
        const names = groupsOf(definitionOf(id).group).flatMap(({ count: by }) => (typeof by === 'string' ? [by] : []));
        const counts = Object.fromEntries(names.map((name) => [name, isFew ? few : count]));
        const layout = placeModel(id, { length, address, counts });
        let next = address;
        for (const point of layout.points.values()) {
          assert.ok(point.address >= next, point.path);
          next = point.address + point.definition.size;
          const { scaleFactor } = point;
          if (typeof scaleFactor === 'object') assert.ok(layout.points.has(scaleFactor.path), point.path);
        }
        assert.ok(next <= Math.min(65_536, address + 2 + length));
      }),
      { numRuns: 1000 },
    );
  });
});
