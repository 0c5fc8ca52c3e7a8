import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { forms } from '../../src/editor/forms/index.ts';
import { migrateNode } from '../../src/editor/migrate-nodes.ts';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { editorNode } from '../support/editor/editor-node.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { complaintsIn, type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { movedToFreePorts } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

/** Exported by the editor of 0.1.0: a house, a meter and a wallbox, with a node of every type. */
const exported: FlowNode[] = JSON.parse(
  readFileSync(new URL('../migrations/exported-0.1.0.json', import.meta.url), 'utf8'),
);

/** Node types that came later. */
const laterTypes = ['ems-sunspec', 'ems-sunspec-server'];

describe('a flow that 0.1.0 exported', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let portOf: (shipped: number) => number;
  const listeners: Observer[] = [];

  before(async () => {
    const moved = await movedToFreePorts(exported);
    portOf = moved.portOf;
    red = await startNodeRed(moved.nodes);
  });
  after(async () => {
    for (const listener of listeners) await listener.close();
    await red?.remove();
  });

  it('holds every node type of then, and no version', () => {
    const types = new Set(exported.map(({ type }) => type));
    assert.deepEqual(
      Object.keys(forms).filter((type) => !types.has(type)),
      laterTypes,
    );
    assert.ok(exported.every((node) => !('configVersion' in node)));
  });

  it('runs: readings reach the site topics of both sites', async () => {
    const house = await listen(portOf(1883));
    const first = await listen(portOf(1884));
    listeners.push(house, first);
    await until(() => house.last('sites/home/power')?.quality === 'good', 'the power of the house');
    await until(() => first.last('sites/first/power')?.quality === 'good', 'the power of the first site');
  });

  it('runs: its wallbox obeys a limit', async () => {
    const [, first] = listeners;
    assert.ok(first);
    const path = 'devices/first-wallbox/ev_charger/1';
    await until(() => first.last(`${path}/status`) !== undefined, 'the wallbox');
    const command = {
      ...{ schema: 'command/1', id: 'exported-1', ts: new Date().toISOString(), ttl_s: 60, lease_s: 120 },
      ...{ params: { current_a: 10 }, requester: 'test' },
    };
    await first.client.publishAsync(`${path}/command/set_current_limit`, JSON.stringify(command), { qos: 1 });
    const response = (): unknown => first.last(`${path}/response/set_current_limit`)?.status;
    await until(() => response() === 'completed', `the response, not ${response()}`, 60_000);
  });

  it('runs without an error and without a warning of ours', () => {
    assert.deepEqual(complaintsIn(red.log()), []);
  });

  it('is brought to this version by the editor: every field of today is there, and right', () => {
    for (const { type, ...given } of exported.filter(({ type }) => type in forms)) {
      const node = editorNode(type);
      for (const name of Object.keys(node._def.defaults)) node[name] = given[name];
      migrateNode(node);
      assert.equal(node.configVersion, currentVersion, type);
      for (const [name, { value }] of Object.entries(node._def.defaults)) {
        assert.notEqual(node[name], undefined, `${type}.${name}`);
        if (!(name in given)) assert.deepEqual(node[name], value, `${type}.${name}`);
      }
    }
  });
});
