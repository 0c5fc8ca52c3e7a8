import assert from 'node:assert/strict';
import { runPollingCampaign } from '../../fuzz/sunspec-polling.ts';

describe('SunSpec: drivers of devices made by chance, the short form', () => {
  it('80 devices: what is told was read in true models, with the factor of the same moment', async () => {
    const { devices, polled, values, faults } = await runPollingCampaign(80, 4711);
    assert.deepEqual(faults, []);
    assert.equal(devices, 80);
    assert.ok(polled > 20 && values > 2000, `${polled} polled, ${values} values`);
  });
});
