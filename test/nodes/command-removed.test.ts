import assert from 'node:assert/strict';
import { type CommandFlow, startCommandFlow } from '../support/node-red/command-flow.ts';
import { helper } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('a deploy', () => {
  let street: CommandFlow;

  beforeEach(async () => {
    street = await startCommandFlow();
    const { status } = await street.outcome(await street.send('charge', { lease_s: 3600 }));
    assert.equal(status, 'completed');
  });
  afterEach(() => street.close());

  const deploy = (type: 'full' | 'nodes', stays: (id: string) => boolean): Promise<void> =>
    helper.setFlows(
      street.flow.filter(({ id }) => stays(id)),
      type,
    );

  for (const type of ['full', 'nodes'] as const) {
    it(`${type}: a device whose node is gone is in its safe state`, async () => {
      await deploy(type, (id) => id !== 'battery');
      await until(() => street.device.state().mode === 0, 'the safe state');
    });

    it(`${type}: and where its connection goes with it`, async () => {
      await deploy(type, (id) => id === 'broker' || id === 'publish');
      await until(() => street.device.state().mode === 0, 'the safe state');
    });
  }

  it('full, of everything as it was: the lease goes on, and is written once more', async () => {
    const writes = street.device.writes.length;
    await deploy('full', () => true);
    await until(() => street.device.writes.length === writes + 2, 'it is told again');
    assert.deepEqual([street.device.state().mode, street.device.state().powerW], [1, -1000]);
    const modes = street.device.writes.map(({ mode }) => mode);
    assert.ok(!modes.slice(writes).includes(0), 'it was in its safe state in between');
  });

  it('of other nodes: the device is told nothing', async () => {
    const writes = street.device.writes.length;
    await deploy('nodes', (id) => id !== 'meter');
    const { reason } = await street.outcome(await street.send('release', { params: {}, requester: 'nobody' }));
    assert.equal(reason, 'nothing_held');
    assert.equal(street.device.writes.length, writes);
  });
});
