import assert from 'node:assert/strict';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, collect, collectErrors, helper, stopRuntime } from '../support/node-red/test-helper.ts';
import { createPointClient, units } from '../support/sunspec/house-devices.ts';
import { until } from '../support/until.ts';

describe('the simulator node with SunSpec devices', () => {
  let ports: number[];
  beforeEach(async () => {
    ports = await freePorts(4);
    await new Promise<void>((resolve) => helper.startServer(resolve));
  });
  afterEach(() => stopRuntime());

  const load = async (fields: object): Promise<ReturnType<typeof collect>> => {
    const [gridPort, hybridPort, storagePort] = ports;
    const node = { id: 'sim', type: 'ems-simulator', gridPort, hybridPort, storagePort, every: 1, wires: [['truth']] };
    await helper.load(allNodes, [
      { ...node, ...fields },
      { id: 'truth', type: 'helper' },
    ]);
    return collect('truth');
  };

  it('serves them on the port of the form, and tells of their faults', async () => {
    const truth = await load({ sunspecPort: String(ports[3]) });
    await until(() => truth.length > 0, 'the true state');
    const client = createPointClient(ports[3] ?? 0);
    assert.equal((await client.readModel(units.hybrid, 1)).Md, 'Hybrid 10');
    await client.close();
    helper.getNode('sim').receive({ payload: { faults: { sunspec_der: 'dead' } } });
    await until(() => JSON.stringify(truth.at(-1)?.payload).includes('"sunspec_der":"dead"'), 'the fault');
  });

  it('has none where the field is empty, as in flows of earlier versions', async () => {
    for (const fields of [{}, { sunspecPort: '' }]) {
      const truth = await load(fields);
      const errors = collectErrors('sim');
      await until(() => truth.length > 0, 'the true state');
      helper.getNode('sim').receive({ payload: { faults: { sunspec_der: 'dead' } } });
      await until(() => errors.length > 0, 'the error');
      assert.match(errors[0] ?? '', /no sunspec_der/);
      await helper.unload();
    }
  });
});
