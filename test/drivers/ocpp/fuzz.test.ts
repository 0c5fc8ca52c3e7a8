import assert from 'node:assert/strict';
import { runCampaign } from '../../fuzz/campaign.ts';

describe('OCPP: hostile stations, the short form', () => {
  it('2000 cases: nobody gets in wrongly, nothing dies or leaks, an honest station does not notice', async () => {
    const { faults, handshakes, frames, letIn, answered } = await runCampaign(2000, 4711);
    assert.deepEqual(faults, []);
    assert.equal(handshakes + frames, 2000);
    // The shots do hit: some came in, and behind most of them stations were answered.
    assert.ok(letIn > 20 && answered > 20, `${letIn} came in, ${answered} answered`);
  }).timeout(300_000);
});
