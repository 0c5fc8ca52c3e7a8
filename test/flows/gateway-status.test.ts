import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { startGateway, statusCases } from '../support/node-red/gateway-status.ts';
import type { NodeRed } from '../support/node-red/node-red.ts';

describe('the local broker retains that a gateway is offline', () => {
  let broker: TestBroker;
  let red: NodeRed;

  before(async () => {
    broker = await startBroker();
    red = await startGateway(broker.port);
  });
  after(async () => {
    await red?.remove();
    await broker?.close();
  });

  for (const [name, run] of Object.entries(statusCases)) it(name, () => run(red, broker.port));
});
