import assert from 'node:assert/strict';
import type { ForkedProcess } from '../support/forked-process.ts';
import { startLocalBroker } from '../support/node-red/killable-site.ts';
import { type SimulatedGarage, startSimulatedGarage } from '../support/ocpp/simulated-garage.ts';

describe('Node-RED is killed in the middle of ten charging sessions', () => {
  let broker: ForkedProcess;
  let garage: SimulatedGarage;

  before(async () => {
    broker = await startLocalBroker();
    garage = await startSimulatedGarage(broker.port);
  });
  after(async () => {
    await garage?.close();
    await broker?.close();
  });

  it('no session is lost or doubled, each energy is right, and limits come back', async () => {
    await garage.playRound();
    const { sessions, problems } = await garage.settle();
    assert.deepEqual(problems, []);
    assert.ok(sessions > 10);
  }).timeout(180_000);
});
