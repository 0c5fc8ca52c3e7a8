import assert from 'node:assert/strict';
import { corrections, sourceDefinitions } from '../../scripts/sunspec-models.ts';
import type { PointGroup } from '../../src/drivers/sunspec/messages.ts';
import { modelIds } from '../../src/drivers/sunspec/models/model-definitions.ts';
import { definitionOf } from '../support/sunspec/placed-models.ts';
import { type PeerGroup, peerTables } from '../support/sunspec/pysunspec.ts';

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
