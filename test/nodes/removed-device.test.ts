import assert from 'node:assert/strict';
import type { Message } from '../../src/model/message.ts';
import { isoTime } from '../../src/model/time.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { allNodes, collect, helper, objectsOf } from '../support/node-red/test-helper.ts';
import { gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';
import { until } from '../support/until.ts';

describe('what was said of something before it went, and arrives afterwards', () => {
  let broker: TestBroker;
  let listener: Observer;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    broker = await startBroker();
    listener = await listen(broker.port);
  });
  afterEach(async () => {
    await helper.unload();
    await listener.close();
    await broker.close();
  });

  const flow = (site: string): object[] => [
    { id: 'tab', type: 'tab' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${broker.port}`] },
    { id: 'site', type: 'ems-site', site },
    { id: 'totals', z: 'tab', type: 'ems-aggregate', site: 'site', power: 0.2, wires: [['sums'], []] },
    { id: 'sums', z: 'tab', type: 'helper' },
    { id: 'publish', z: 'tab', type: 'ems-publish', broker: 'broker' },
    { id: 'subscribe', z: 'tab', type: 'ems-subscribe', broker: 'broker', batch: 0, wires: [['heard'], []] },
    { id: 'heard', z: 'tab', type: 'helper' },
  ];
  const give = (node: string, ...payload: Message[]): void => helper.getNode(node).receive({ payload });
  const statusOf = (site: string): Message<'site-status/1'> => ({
    topic: `sites/${site}/status`,
    schema: 'site-status/1',
    ts: isoTime(Date.now()),
    seq: 1,
    boot: 'earlier',
    quality: 'good',
    sources: { total: 1, good: 1, estimated: 0, stale: 0, invalid: 0 },
    offenders: [],
    skew_s: 0,
  });

  it('is not published: it would stay on the broker', async () => {
    await helper.load(allNodes, flow('home'));
    const late = statusOf('home');
    await helper.setFlows(flow('house'), 'full');
    give('publish', late, statusOf('house'));
    await until(() => listener.heard.some(({ topic }) => topic === 'sites/house/status'), 'what is published');
    assert.deepEqual(
      listener.heard.filter(({ topic, payload }) => topic === 'sites/home/status' && payload !== ''),
      [],
    );
  });

  it('does not bring a device back into its site', async () => {
    await helper.load(allNodes, flow('home'));
    const ts = isoTime(Date.now());
    const meta = { ...metaOf('m1', gridMeter), ts };
    const path = 'devices/m1/meta';
    const heard = collect('heard');
    await listener.client.publishAsync(path, JSON.stringify(meta), { qos: 1, retain: true });
    await until(() => objectsOf(heard).length > 0, 'the meta');
    await listener.client.publishAsync(path, '', { qos: 1, retain: true });
    await until(() => listener.heard.some(({ topic, payload }) => topic === path && payload === ''), 'its end');
    // The subscriber hears of the end at the same time as the listener does, or in the next moment.
    const other = { ...metaOf('m2', gridMeter), ts };
    await listener.client.publishAsync('devices/m2/meta', JSON.stringify(other), { qos: 1 });
    await until(() => objectsOf(heard).some(({ topic }) => topic === 'devices/m2/meta'), 'what came after the end');
    const sums = collect('sums');
    give('totals', meta, other, readingOf('m2/meter/power', 500, Date.now()));
    await until(() => objectsOf(sums).some(({ schema }) => schema === 'site-status/1'), 'the sum');
    const status = objectsOf(sums).find(
      ({ schema }) => schema === 'site-status/1',
    ) as unknown as Message<'site-status/1'>;
    assert.deepEqual([status.sources.total, status.offenders], [1, []]);
  });
});
