import assert from 'node:assert/strict';
import { emptyReport, runSunSpecCampaign, runSunSpecCase } from '../../../fuzz/sunspec-campaign.ts';
import { imageFaults } from '../../../fuzz/sunspec-images.ts';

describe('SunSpec: devices made by chance, the short form', () => {
  it('400 images: each ends in true models and a reason for the rest', async () => {
    const { faults, cases, mostRequests } = await runSunSpecCampaign(400, 4711);
    assert.deepEqual(faults, []);
    const counts = [...cases.values()].map((sum) => sum.cases);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      400,
    );
    // The images are no empty ones: devices were found, and none of the faults is missing.
    assert.deepEqual([...cases.keys()].sort(), [...imageFaults].sort());
    for (const [fault, { models }] of cases) assert.equal(models > 0, fault !== 'no_marker', fault);
    assert.ok(mostRequests > 100, `${mostRequests} requests`);
  });

  it('the same seed makes the same device', async () => {
    const reports = [emptyReport(), emptyReport()];
    for (const report of reports) await runSunSpecCase(5, report);
    assert.deepEqual(reports[0], reports[1]);
  });
});
