import assert from 'node:assert/strict';
import { type Dashboard, openDashboard } from '../support/browser/dashboard.ts';
import { freePorts } from '../support/free-ports.ts';
import type { FlowNode } from '../support/node-red/node-red.ts';
import { gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';

describe('the dashboard of the house', () => {
  let dashboard: Dashboard;

  const row = (name: string) => dashboard.page.locator('.ems-devices tbody tr', { hasText: name });
  const change = async (device: string, edit: (node: FlowNode, flow: FlowNode[]) => FlowNode): Promise<void> => {
    const flow = await dashboard.red.flows();
    const meter = flow.find((node) => node.device === device);
    await dashboard.red.deploy(
      flow.map((node) => (node.id === meter?.id || node.id === meter?.client ? edit(node, flow) : node)),
      'nodes',
    );
  };

  before(async () => {
    dashboard = await openDashboard(['02 Complete site']);
    await dashboard.open('site');
  });
  after(() => dashboard?.close());

  it('shows good values of each device, and no warning', async () => {
    await row('grid meter')
      .getByText(/^\s*(\d+) of \1\s*$/)
      .waitFor();
    assert.equal(await dashboard.page.locator('.ems-warn').count(), 0);
  });

  it('says which values are missing, and none of a device that is offline', async () => {
    const [port = 0] = await freePorts(1);
    await change('grid-meter', (node) => (node.type === 'ems-modbus-client' ? { ...node, port } : node));
    await row('grid meter').getByText('offline').waitFor();
    assert.match(await row('grid meter').innerText(), /offline\s+–/);
    await dashboard.page.locator('.ems-warn', { hasText: 'not known: grid-meter meter power' }).waitFor();
  });

  it('shows nothing of a device whose gateway is gone', async () => {
    const say = (topic: string, message: object): Promise<unknown> =>
      dashboard.listener.client.publishAsync(topic, JSON.stringify(message), { qos: 1, retain: true });
    const ts = new Date().toISOString();
    await say('system/status/far', { schema: 'availability/1', state: 'online', ts });
    await say('devices/far-meter/meta', { ...metaOf('far-meter', gridMeter), gateway: 'far', site: 'far', ts });
    await say('devices/far-meter/availability', { schema: 'availability/1', state: 'online', ts });
    const { topic, ...reading } = readingOf('far-meter/meter/power', 500, Date.now());
    await say(topic, reading);
    await row('far-meter').getByText('1 of 1').waitFor();
    await say('system/status/far', { schema: 'availability/1', state: 'offline', reason: 'lwt' });
    await row('far-meter').getByText('offline').waitFor();
    assert.match(await row('far-meter').innerText(), /offline\s+–/);
  });

  it('forgets a device that has another id', async () => {
    await change('grid-meter', (node) => (node.type === 'ems-modbus' ? { ...node, device: 'main-meter' } : node));
    await row('main-meter').waitFor();
    await row('grid-meter').waitFor({ state: 'detached' });
  });

  it('nothing complains in the console', () => assert.deepEqual(dashboard.complaints, []));
});
