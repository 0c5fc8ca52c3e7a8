import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../src/model/meta.ts';
import { sharedMeta } from '../../src/model/shared-meta.ts';
import { battery, gridMeter, metaOf } from '../support/site/site-messages.ts';

const partsOf = ([component]: ComponentMeta[]): object[] => {
  assert.ok(component);
  return [component.quantities, component.commands ?? {}];
};

describe('metas that share their parts', () => {
  const commands = { charge: { params: { power: { unit: 'W', min: 0, max: 5000 } } } };

  it('say what they said', () => {
    const meta = metaOf('b1', { ...battery, commands });
    assert.deepEqual(sharedMeta(meta), meta);
    const plain = metaOf('m1', gridMeter);
    assert.deepEqual(sharedMeta(plain), plain);
    assert.ok(!('commands' in (sharedMeta(plain).components[0] ?? {})));
  });

  it('have the same quantities and commands where their content is the same', () => {
    const [one, other] = ['b1', 'b2'].map((device) =>
      sharedMeta(metaOf(device, structuredClone({ ...battery, commands }))),
    );
    assert.notEqual(one?.device, other?.device);
    const [quantities, commandsOfOne] = partsOf(one?.components ?? []);
    const [sameQuantities, sameCommands] = partsOf(other?.components ?? []);
    assert.equal(quantities, sameQuantities);
    assert.equal(commandsOfOne, sameCommands);
  });

  it('do not share what differs', () => {
    const quantities = { power: { unit: 'W' as const, interval_s: 7 } };
    const one = sharedMeta(metaOf('m1', { ...gridMeter, quantities }));
    const other = sharedMeta(
      metaOf('m2', { ...gridMeter, quantities: { power: { ...quantities.power, interval_s: 8 } } }),
    );
    assert.equal(one.components[0]?.quantities.power?.interval_s, 7);
    assert.equal(other.components[0]?.quantities.power?.interval_s, 8);
  });

  it('stay as they are where a flow changes the meta that was given', () => {
    const quantities = { power: { unit: 'W' as const, interval_s: 9 } };
    const given = metaOf('m1', { ...gridMeter, quantities });
    const kept = sharedMeta(given);
    quantities.power.interval_s = 1;
    assert.equal(kept.components[0]?.quantities.power?.interval_s, 9);
    const later = sharedMeta(metaOf('m2', { ...gridMeter, quantities: { power: { unit: 'W', interval_s: 9 } } }));
    assert.equal(later.components[0]?.quantities.power?.interval_s, 9);
  });

  it('are right for more types of devices than are remembered', () => {
    for (let round = 0; round < 2; round++)
      for (let interval_s = 1; interval_s <= 300; interval_s++) {
        const quantities = { power: { unit: 'W' as const, interval_s } };
        const kept = sharedMeta(metaOf('m1', { ...gridMeter, quantities }));
        assert.deepEqual(kept.components[0]?.quantities, quantities);
      }
  });
});
