import assert from 'node:assert/strict';
import { compactModel, readCompactModel } from '../../../../src/drivers/sunspec/models/compact-model.ts';
import { definitionMistakes } from '../../../../src/drivers/sunspec/models/definition-mistakes.ts';
import { modelIds } from '../../../../src/drivers/sunspec/models/model-definitions.ts';
import { readVendorModels } from '../../../../src/drivers/sunspec/models/sunspec-json.ts';
import { definitionOf, placeModel } from '../../../support/sunspec/placed-models.ts';

const head = [
  { name: 'ID', type: 'uint16', value: 64_901, mandatory: 'M', static: 'S', label: 'Model ID' },
  { name: 'L', type: 'uint16', mandatory: 'M', static: 'S' },
];
const power = { name: 'P', type: 'int32', sf: 'P_SF', units: 'W', access: 'RW', desc: 'Power' };
const factor = { name: 'P_SF', type: 'sunssf', mandatory: 'M' };
const state = {
  name: 'St',
  type: 'enum16',
  symbols: [
    { name: 'OFF', value: 0 },
    { name: 'ON', value: 1, label: 'On' },
  ],
};
const groupOf = (points: object[], more: object = {}) => ({ name: 'acme', points: [...head, ...points], ...more });
const model = (group: object = groupOf([power, factor, state])) => ({ id: 64_901, group });

const reasonOf = (json: unknown): string => {
  const read = readVendorModels(JSON.stringify(json));
  return read.ok ? '' : read.reason;
};

describe('the model of a vendor', () => {
  it('is read from the JSON format of the SunSpec Alliance', () => {
    const cells = { name: 'cell', count: 'N', points: [{ name: 'V', type: 'uint16', sf: -3, units: 'V' }] };
    const text = JSON.stringify(
      model(groupOf([{ name: 'N', type: 'count' }, power, factor, state], { label: 'Acme', groups: [cells] })),
    );
    const read = readVendorModels(text);
    assert.ok(read.ok);
    const definition = read.value.get(64_901);
    assert.ok(definition);
    assert.deepEqual([definition.id, definition.label], [64_901, 'Acme']);
    assert.deepEqual(definition.group.points[3], {
      name: 'P',
      type: 'int32',
      size: 2,
      scaleFactor: 'P_SF',
      units: 'W',
      isMandatory: false,
      isStatic: false,
      isWritable: true,
    });
    assert.deepEqual(definition.group.points[5]?.symbols, { 0: 'OFF', 1: 'ON' });
    const layout = placeModel(definition, { length: 7, counts: { N: 2 } });
    assert.deepEqual([...layout.points.keys()].slice(-2), ['cell.1.V', 'cell.2.V']);
  });

  it('may stand in a list of models, each of them once', () => {
    const other = { id: 64_902, group: { name: 'b', points: [{ name: 'ID', type: 'uint16' }, head[1]] } };
    const read = readVendorModels(JSON.stringify([model(), other]));
    assert.deepEqual(read.ok && [...read.value.keys()], [64_901, 64_902]);
    assert.equal(reasonOf([model(), model()]), '[1]: model 64901 is there twice');
  });

  it('keeps the length that it fixes', () => {
    const fixed = [head[0], { ...head[1], value: 4 }, power, factor, state].filter((point) => point !== undefined);
    const read = readVendorModels(JSON.stringify(model({ name: 'acme', points: fixed })));
    assert.equal(read.ok && read.value.get(64_901)?.length, 4);
  });
});

/** Mistakes, and what the integrator is told of them. */
const mistakes: [name: string, json: unknown, words: RegExp][] = [
  ['a model without a group', { id: 64_901 }, /^group: is missing$/],
  ['an id that ends the chain', { ...model(), id: 65_535 }, /^id: .*65534/],
  [
    'a type that does not exist',
    model(groupOf([{ name: 'A', type: 'uint8' }])),
    /^group\.points\[2\]\.type \(A\): "uint8" is none of int16, uint16/,
  ],
  [
    'a key with a spelling mistake',
    model(groupOf([{ ...power, SF: 'P_SF' }, factor])),
    /^group\.points\[2\] \(P\): there is no key "SF" here/,
  ],
  [
    'a string without its size',
    model(groupOf([{ name: 'S', type: 'string' }])),
    /\(S\): a string needs size, its registers/,
  ],
  [
    'a size that is not that of the type',
    model(groupOf([{ ...power, size: 1 }, factor])),
    /\.size \(P\): int32 has 2 registers, not 1/,
  ],
  [
    'a scale factor that is not there',
    model(groupOf([power])),
    /^group\.points\[2\]\.sf \(P\): "P_SF" is no point of this group or of one around it/,
  ],
  [
    'a scale factor with a spelling mistake',
    model(groupOf([{ ...power, sf: 'P_Sf' }, factor])),
    /"P_Sf" is no point of .*"P_SF"/,
  ],
  [
    'a scale factor of another type',
    model(groupOf([{ ...power, sf: 'St' }, state])),
    /"St" is of type enum16; a scale factor is a sunssf/,
  ],
  ['a power of ten beyond 10', model(groupOf([{ ...power, sf: 11 }])), /a scale factor lies between -10 and 10/],
  ['a name used twice', model(groupOf([state, state])), /^group: acme has two points or groups of the name St$/],
  [
    'two symbols of one value',
    model(
      groupOf([
        {
          ...state,
          symbols: [
            { name: 'A', value: 1 },
            { name: 'B', value: 1 },
          ],
        },
      ]),
    ),
    /\.symbols \(St\): two symbols have the value 1/,
  ],
  [
    'a model that does not begin with ID',
    model({ name: 'acme', points: [head[1]] }),
    /point 1 of a model is ID, a uint16/,
  ],
  [
    'the id of another model',
    { ...model(), id: 64_902 },
    /^id: the model has the id 64902, and its point ID the value 64901$/,
  ],
  [
    'a count that is not there',
    model(groupOf([], { groups: [{ name: 'g', count: 'N', points: [state] }] })),
    /^group\.groups\[0\]\.count \(g\): "N" is no uint16 or count of the model itself/,
  ],
  [
    'two groups that share the rest of the length',
    model(
      groupOf([], {
        groups: [
          { name: 'g', count: 0, points: [state] },
          { name: 'h', count: 0, points: [state] },
        ],
      }),
    ),
    /one group at most, the last one, can have the count 0/,
  ],
  [
    'a model that repeats',
    model(groupOf([state], { count: 2 })),
    /^group\.count( \(acme\))?: the group of the model itself does not repeat$/,
  ],
  [
    'a group without points',
    model(groupOf([], { groups: [{ name: 'g', count: 0 }] })),
    /the group has neither points nor groups/,
  ],
  [
    'a group that fills the length before another one',
    model(
      groupOf([], {
        groups: [
          { name: 'g', count: 0, points: [state] },
          { name: 'h', points: [state] },
        ],
      }),
    ),
    /one group at most, the last one, can have the count 0/,
  ],
  [
    'an inner group that fills the length',
    model(
      groupOf([], { groups: [{ name: 'g', points: [state], groups: [{ name: 'h', count: 0, points: [state] }] }] }),
    ),
    /only a group of the model itself can repeat as often/,
  ],
  ['a point with a count', model(groupOf([{ ...state, count: 3 }])), /a point with a count is not supported/],
];

describe('a mistake in the model of a vendor is told with its place', () => {
  for (const [name, json, words] of mistakes) it(name, () => assert.match(reasonOf(json), words));

  it('a text that is no JSON', () => {
    const read = readVendorModels('{');
    assert.match(read.ok ? '' : read.reason, /^not JSON: /);
  });
});

describe('every model of the package', () => {
  it('has types that exist', () => {
    for (const type of ['string', 'string0', 'int8', 'uint16 ']) {
      const text = JSON.stringify({ id: 1, label: 'A', group: { name: 'a', points: [['A', type]] } });
      assert.throws(() => readCompactModel(text), /is no type/, type);
    }
  });

  for (const id of modelIds())
    it(String(id), () => {
      const definition = definitionOf(id);
      assert.equal(definition.id, id);
      assert.deepEqual(definitionMistakes(definition), []);
      assert.deepEqual(readCompactModel(compactModel(definition)), definition);
    });
});
