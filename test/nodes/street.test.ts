import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, collect, collectErrors, collectStatus, helper, objectsOf } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('the street in one runtime', () => {
  let ports: number[];
  let userDir: string;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    ports = await freePorts(4);
    userDir = mkdtempSync(join(tmpdir(), 'ems-nodes-'));
  });
  afterEach(async () => {
    await helper.unload();
    rmSync(userDir, { recursive: true, force: true });
  });

  const street = () => {
    const [gridPort, hybridPort, storagePort, brokerPort] = ports;
    return [
      { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
      { id: 'site', type: 'ems-site', site: 'home', name: 'Home' },
      { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port: gridPort },
      { id: 'local', type: 'ems-local-broker', port: brokerPort, wires: [['clients']] },
      { id: 'sim', type: 'ems-simulator', gridPort, hybridPort, storagePort, every: 1, wires: [['truth']] },
      {
        id: 'meter',
        type: 'ems-modbus',
        client: 'client',
        site: 'site',
        device: 'm1',
        profile: 'eastron-sdm630',
        interval: 0.2,
        role: 'grid',
        wires: [['validate', 'readings'], ['events']],
      },
      { id: 'validate', type: 'ems-validate', wires: [['publish'], ['refused']] },
      { id: 'publish', type: 'ems-publish', broker: 'broker', mirror: 'plain', wires: [] },
      {
        id: 'subscribe',
        type: 'ems-subscribe',
        broker: 'broker',
        what: 'readings',
        wires: [['aggregate'], ['refused']],
      },
      { id: 'aggregate', type: 'ems-aggregate', site: 'site', power: 0.2, wires: [['publish', 'sums'], ['events']] },
      { id: 'heart', type: 'ems-heartbeat', broker: 'broker', period: 1, node: 'n1', wires: [['lost']] },
      {
        id: 'all',
        type: 'ems-subscribe',
        broker: 'broker',
        what: 'pattern',
        pattern: '#',
        wires: [['heard'], ['strange']],
      },
      ...['clients', 'truth', 'readings', 'events', 'refused', 'sums', 'lost', 'heard', 'strange'].map((id) => ({
        id,
        type: 'helper',
      })),
    ];
  };

  it('carries a reading from the wire to its site topic and back', async () => {
    await helper.load(allNodes, street());
    const [readings, refused, sums, heard, truth, events] = [
      'readings',
      'refused',
      'sums',
      'heard',
      'truth',
      'events',
    ].map(collect) as [ReturnType<typeof collect>, ...ReturnType<typeof collect>[]];
    const statuses = collectStatus('meter');
    await until(
      () => objectsOf(heard ?? []).some(({ topic, grid_w }) => topic === 'sites/home/power' && grid_w !== null),
      'the power of the site on the broker',
      60_000,
    );
    const first = objectsOf(readings).map(({ schema }) => schema);
    assert.equal(first[0], 'meta/1', 'meta comes first');
    assert.deepEqual(objectsOf(refused ?? []), []);
    assert.ok(objectsOf(sums ?? []).some(({ topic }) => topic === 'sites/home/status'));
    assert.ok(objectsOf(events ?? []).some(({ name }) => name === 'bridge_online'));
    await until(() => (truth ?? []).length > 0, 'the true state');
    const [{ grid_w: true_w } = {}] = objectsOf((truth ?? []).slice(-1));
    const measured = objectsOf(readings).findLast(({ topic }) => topic === 'devices/m1/meter/power');
    assert.ok(Math.abs((measured?.value as number) - (true_w as number)) < 2500);
    assert.ok(statuses.some(({ fill }) => fill === 'green'));
  });

  it('shows the live values with their registers', async () => {
    await helper.load(allNodes, street());
    const readings = collect('readings');
    await until(() => objectsOf(readings).some(({ quality }) => quality === 'good'), 'a reading');
    const { status, body } = await helper.request().get('/ems/modbus/live/meter');
    assert.equal(status, 200);
    const { raw } = body as { raw: Record<string, string> };
    assert.match(raw['devices/m1/meter/power'] ?? '', /^52: [0-9a-f]{4} [0-9a-f]{4}$/);
    const profiles = (await helper.request().get('/ems/modbus/profiles')).body as { id: string }[];
    assert.ok(profiles.length >= 34);
  });

  it('says that a device is unreachable, and that it is back', async () => {
    await helper.load(allNodes, street());
    const [readings, events] = [collect('readings'), collect('events')];
    const named = (name: string) => () => objectsOf(events).some((event) => event.name === name);
    await until(() => objectsOf(readings).some(({ quality }) => quality === 'good'), 'a reading');
    helper.getNode('sim').receive({ payload: { faults: { grid: 'offline' } } });
    await until(named('bridge_offline'), 'offline');
    const last = objectsOf(readings).findLast(({ topic }) => topic === 'devices/m1/meter/power');
    assert.equal(last?.value, null);
    helper.getNode('sim').receive({ payload: { faults: { grid: 'none' } } });
    await until(
      () => objectsOf(readings).findLast(({ topic }) => topic === 'devices/m1/availability')?.state === 'online',
      'online',
      60_000,
    );
  });

  it('publishes bare values under the mirror prefix', async () => {
    await helper.load(allNodes, street());
    const strange = collect('strange');
    await until(() => strange.some(({ topic }) => topic === 'plain/devices/m1/meter/frequency'), 'the mirror');
    const { payload } = strange.find(({ topic }) => topic === 'plain/devices/m1/meter/frequency') ?? {};
    assert.ok(Math.abs(Number(payload) - 50) < 1, String(payload));
  });

  it('refuses a change of the house that it does not understand', async () => {
    await helper.load(allNodes, street());
    const errors = collectErrors('sim');
    helper.getNode('sim').receive({ payload: { sky: 7, moon: 1 } });
    await until(() => errors.length === 1, 'the error');
    assert.match(errors[0] as string, /not a change of the house/);
  });

  it('gives the failure of a publication to the Catch node', async () => {
    await helper.load(allNodes, street());
    const errors = collectErrors('publish');
    helper.getNode('publish').receive({ payload: { topic: 'devices/1/battery/soc', schema: 'reading/1', value: 7 } });
    await until(() => errors.length === 1, 'the error');
    assert.match(errors[0] as string, /not published, 1 of 1: ts: /);
  });
});
