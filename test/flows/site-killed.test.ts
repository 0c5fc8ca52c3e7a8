import assert from 'node:assert/strict';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { every } from '../support/site/played-site.ts';
import { openPublisher, type Publisher, summedFlow } from '../support/site/summed-site.ts';

describe('Node-RED is killed while it sums up a site', () => {
  let broker: TestBroker;
  let publisher: Publisher;
  let red: NodeRed;
  let sending: NodeJS.Timeout;

  before(async () => {
    broker = await startBroker();
    publisher = await openPublisher(broker.port);
    await publisher.meta('grid', every(1, { type: 'meter', role: 'grid' }));
    sending = setInterval(() => void publisher.reading('grid/meter/power', 36_000, Date.now()), 500);
    red = await startNodeRed(summedFlow(broker.port));
  });
  after(async () => {
    clearInterval(sending);
    await red?.remove();
    await publisher?.close();
    await broker?.close();
  });

  it('no energy goes back that somebody has heard of', async () => {
    for (let round = 0; round < 2; round++) {
      const before = await publisher.nextEnergy();
      await red.stop('SIGKILL');
      await red.start();
      const after = await publisher.nextEnergy();
      assert.equal(after.since, before.since);
      for (const name of ['grid_import_wh', 'consumption_wh'] as const)
        assert.ok((after[name] ?? -1) >= (before[name] ?? 0), `${name}: ${after[name]} after ${before[name]}`);
      assert.ok((after.grid_import_wh ?? 0) > (before.grid_import_wh ?? 0));
    }
  });
});
