import assert from 'node:assert/strict';
import type { PointGroup } from '../../../../src/drivers/sunspec/messages.ts';
import { type MapEntry, quantityMap } from '../../../../src/drivers/sunspec/quantities/quantity-map.ts';
import { findQuantity, isVendorWord } from '../../../../src/model/quantities.ts';
import { definitionOf } from '../../../support/sunspec/placed-models.ts';

const map = quantityMap();

const groupNamed = (id: number, name: string): PointGroup | undefined =>
  definitionOf(id).group.groups.find((group) => group.name === name);

/** Every list of points of the map, with the models that it is for and the types of component that it may belong to. */
const lists = map.families.flatMap(({ models, component, repeat, points, parts = [] }) => {
  const typesOf = (given: string): string[] =>
    given === 'ac' ? Object.values(map.components.ac).map((side) => side.component) : [given.split('/')[0] ?? ''];
  return [
    ...(points ? [{ models, types: typesOf(component), group: undefined, points }] : []),
    ...parts.flatMap(({ component: owner, points: own, products = {} }) => {
      const types = typesOf(owner);
      const factors = Object.entries(products).flatMap(([quantity, names]) =>
        names.map((name) => [name, { quantity }]),
      );
      return [
        { models, types, group: repeat, points: own },
        { models, types, group: repeat, points: Object.fromEntries(factors) as typeof own },
      ];
    }),
  ];
});

const quantitiesOf = ({ quantity, total, otherwise }: MapEntry): string[] =>
  [quantity, total, otherwise].filter((each) => each !== undefined);

describe('the map from points to quantities', () => {
  it('names points that the models have', () => {
    for (const { models, group, points } of lists)
      for (const name of Object.keys(points)) {
        const owners = models.filter((id) => {
          const within = group === undefined ? definitionOf(id).group : groupNamed(id, group);
          return within?.points.some((point) => point.name === name);
        });
        assert.ok(owners.length > 0, `no model of ${models.join(', ')} has ${group ?? ''} ${name}`);
      }
  });

  it('names quantities of the model, or some of its own', () => {
    for (const { types, points } of lists)
      for (const quantity of Object.values(points).flatMap(quantitiesOf)) {
        const [name = ''] = quantity.split('/');
        const known = types.some((type) => {
          const side = Object.values(map.components.ac).find(({ component }) => component === type);
          return findQuantity(type, side?.quantities[name] ?? name) !== undefined;
        });
        assert.ok(known || isVendorWord(name), `${types.join(' or ')} has no quantity ${quantity}`);
      }
  });

  it('has a word of the model for every symbol of a state', () => {
    for (const { models, types, group, points } of lists)
      for (const [name, { words }] of Object.entries(points)) {
        if (words === undefined) continue;
        for (const id of models) {
          const within = group === undefined ? definitionOf(id).group : groupNamed(id, group);
          const { symbols = {} } = within?.points.find((point) => point.name === name) ?? {};
          for (const type of types) {
            const table = map.words[words]?.[type];
            if (!table) continue;
            const members = findQuantity(type, 'status')?.members ?? [];
            for (const symbol of Object.values(symbols))
              assert.ok(members.includes(table[symbol] ?? ''), `${type} ${words} has no word for ${symbol} of ${id}`);
          }
        }
      }
  });

  it('asks the models for a quantity in their order', () => {
    const place = (...ids: number[]): number =>
      map.families.findIndex(
        ({ models, points, parts }) => (points ?? parts) && ids.every((id) => models.includes(id)),
      );
    assert.ok(place(701) < place(103, 113, 101, 111));
    assert.ok(place(714) < place(160));
    assert.ok(place(713) < place(124) && place(802) < place(124));
    const [inverters] = map.families.filter(({ models }) => models.includes(103));
    assert.deepEqual(inverters?.models, [103, 113, 102, 112, 101, 111]);
  });

  it('covers the models that devices list', () => {
    const mapped = new Set(map.families.flatMap(({ models }) => models));
    const wanted = [
      1, 101, 102, 103, 111, 112, 113, 120, 121, 122, 123, 124, 160, 201, 202, 203, 204, 211, 212, 213, 214,
    ];
    for (const id of [...wanted, 701, 702, 703, 704, 713, 714, 715, 802, 803, 804, 805])
      assert.ok(mapped.has(id), `model ${id}`);
  });
});
