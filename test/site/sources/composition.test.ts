import assert from 'node:assert/strict';
import { composeSite } from '../../../src/site/sources/composition.ts';
import { battery, charger, gridMeter, metaOf, power, solar } from '../../support/site/site-messages.ts';

describe('the composition of a site', () => {
  it('wants the topics that it uses, and none of what else its devices measure', () => {
    const voltage = { voltage: { unit: 'V', interval_s: 1, max_age_s: 30 } } as const;
    const pump = { type: 'load', quantities: { ...power } } as const;
    const metas = [
      metaOf('grid', { ...gridMeter, quantities: { ...gridMeter.quantities, ...voltage } }),
      metaOf('bat', battery, pump),
    ];
    const { wanted } = composeSite(metas, 50_000);
    assert.deepEqual(
      [...wanted.keys()],
      [
        'devices/grid/meter/power',
        'devices/grid/meter/energy_import',
        'devices/grid/meter/energy_export',
        'devices/bat/battery/power',
        'devices/bat/battery/soc',
      ],
    );
    assert.deepEqual(wanted.get('devices/bat/battery/soc'), {
      device: 'bat',
      gateway: 'gw',
      intervalMs: 1000,
      maxAgeMs: 30_000,
    });
  });

  it('knows the charge of batteries that tell it, and of nothing else', () => {
    const { soc } = battery.quantities;
    const car = { ...charger, quantities: { ...power, ...(soc && { soc }) } };
    const metas = [metaOf('bat', battery), metaOf('old', { ...battery, quantities: power }), metaOf('box', car)];
    assert.deepEqual(
      composeSite(metas, 50_000).socSources.map(({ topic }) => topic),
      ['devices/bat/battery/soc'],
    );
  });

  it('tells a topic to each of the components that share it', () => {
    const twice = metaOf('box', gridMeter, { ...gridMeter, role: 'solar' });
    const uses = composeSite([twice], 50_000).uses.get('devices/box/meter/power');
    assert.deepEqual(
      uses?.map(({ source }) => source.term),
      ['grid', 'solar'],
    );
  });

  it('counts no source that its own kind of meter measures, whatever else that device measures', () => {
    const roles = ['solar', 'battery'] as const;
    for (const order of [roles, roles.toReversed()]) {
      const meters = order.map((role, index) => ({ type: 'meter', index, role, quantities: power }));
      const metas = [metaOf('gen', ...meters), metaOf('pv', { ...solar, parent: 'gen' })];
      const { sources, behind } = composeSite(metas, 50_000);
      assert.deepEqual([sources.map(({ device }) => device), behind.size], [['gen', 'gen'], 0]);
    }
  });
});
