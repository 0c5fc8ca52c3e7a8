import assert from 'node:assert/strict';
import { composeSite } from '../../../src/site/sources/composition.ts';
import { battery, gridMeter, metaOf, power } from '../../support/site/site-messages.ts';

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
});
