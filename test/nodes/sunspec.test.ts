/** The node of a SunSpec device, in a runtime and against a Modbus server. */
import assert from 'node:assert/strict';
import { envelope } from '../support/node-red/command-flow.ts';
import { loadSunSpec, SunSpecServer, sunspecFlow, type WatchedNode } from '../support/node-red/sunspec-flow.ts';
import { helper } from '../support/node-red/test-helper.ts';
import {
  commonModel,
  inverterModel,
  meterModel,
  modulesModel,
  nameplateModel,
} from '../support/sunspec/field-models.ts';
import type { ValuedModel } from '../support/sunspec/valued-device.ts';
import { until } from '../support/until.ts';

const inverter = [commonModel('S-1'), inverterModel(4000), nameplateModel, modulesModel(2000, 2100)];

let served: SunSpecServer;

const serve = async (devices: Record<number, readonly ValuedModel[]>): Promise<void> => {
  served = new SunSpecServer(devices);
  await served.start();
};

/** @returns the only node of a flow */
const loadOne = async (config: object = {}): Promise<WatchedNode> => {
  const { roof } = await loadSunSpec(sunspecFlow(served.server.port, { roof: config }), ['roof']);
  assert.ok(roof);
  return roof;
};

const goodAt = (node: WatchedNode, path: string) => (): boolean => node.last(path)?.quality === 'good';

describe('the node of a SunSpec device', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    await helper.unload();
    await served.close();
  });

  it('gives the readings of its models, and who the device is', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne();
    await until(goodAt(roof, 'solar/power'), 'the power');
    assert.equal(roof.out.find(({ schema }) => schema !== 'availability/1')?.schema, 'meta/1', 'meta comes first');
    const { value, unit } = roof.last('solar/power') ?? {};
    assert.deepEqual([value, unit], [4000, 'W']);
    assert.equal(roof.last('solar/2/dc_power')?.value, 2100);
    const meta = roof.last('meta') ?? {};
    assert.deepEqual(
      [meta.vendor, meta.model, meta.serial, meta.firmware, meta.protocol, meta.site],
      ['Acme', 'Sun 5', 'S-1', '1.2', 'sunspec', 'home'],
    );
    assert.equal(roof.last('availability')?.state, 'online');
    assert.ok(roof.statuses.some(({ fill, text }) => fill === 'green' && text === 'ems-sunspec.status.live'));
    assert.deepEqual(roof.errors, []);
  });

  it('shows the registers behind its live values', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne();
    await until(goodAt(roof, 'solar/power'), 'the power');
    const { body } = await helper.request().get('/ems/sunspec/live/roof');
    const { raw } = body as { raw: Record<string, string> };
    assert.match(raw['devices/roof-1/solar/power'] ?? '', /^\d+: 0fa0/);
  });

  it('tells what discovery has found: with the event, and with its meta', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne();
    await until(() => roof.named('bridge_online').length > 0, 'the event');
    const data = (roof.named('bridge_online')[0]?.data ?? {}) as Record<string, unknown>;
    assert.deepEqual([data.unit, data.base, data.models, data.serial], [1, 40_000, [1, 103, 120, 160], 'S-1']);
    assert.equal((data.notes as string[]).length, 1, '7xx are not offered');
    await until(goodAt(roof, 'solar/power'), 'the power');
    const { facts } = roof.last('meta') as { facts: Record<string, unknown> };
    assert.deepEqual(facts.models, [1, 103, 120, 160]);
  });

  it('warns of a further point that the device does not have', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne({ points: [{ point: '203:W', quantity: 'meter/power' }] });
    await until(goodAt(roof, 'solar/power'), 'the power');
    assert.ok(
      helper.logged().some((line) => /own\.1: the device has no model 203; it lists 1, 103, 120, 160/.test(line)),
    );
  });

  it('is asleep after dusk, and says since when', async () => {
    await serve({ 1: [commonModel('S-1'), inverterModel(4)] });
    const roof = await loadOne();
    await until(goodAt(roof, 'solar/power'), 'the power');
    await served.server.setFault(1, { kind: 'offline' });
    await until(() => roof.named('bridge_offline').length === 1, 'offline');
    assert.equal(roof.named('bridge_offline')[0]?.severity, 'info');
    assert.deepEqual([roof.statuses.at(-1)?.fill, roof.statuses.at(-1)?.text], ['grey', 'ems-sunspec.status.asleep']);
    assert.equal(roof.last('availability')?.state, 'offline');
  });

  it('is known after a restart while it sleeps', async () => {
    await serve({ 1: [commonModel('S-1'), inverterModel(4)] });
    const flow = sunspecFlow(served.server.port, { roof: {} });
    const { roof: before } = await loadSunSpec(flow, ['roof']);
    await until(() => before !== undefined && goodAt(before, 'solar/power')(), 'the power');
    await served.server.setFault(1, { kind: 'offline' });
    await until(() => before?.named('bridge_offline').length === 1, 'offline');
    await helper.unload();
    const { roof } = await loadSunSpec(flow, ['roof']);
    await until(() => roof?.last('availability')?.state === 'offline', 'offline again');
    assert.equal(roof?.last('meta')?.serial, 'S-1');
    assert.equal(roof?.statuses.at(-1)?.text, 'ems-sunspec.status.asleep');
  });

  it('refuses what the device cannot do, in words', async () => {
    await serve({ 1: [commonModel('M-1'), meterModel(500)] });
    const roof = await loadOne({ role: 'grid' });
    await until(goodAt(roof, 'meter/power'), 'the power');
    helper.getNode('roof').receive({ command: 'charge', payload: { power_w: 1000 } });
    await until(() => roof.errors.length > 0, 'an error for the short form');
    assert.match(roof.errors[0] ?? '', /device roof-1 knows no command "charge"/);
    const topic = 'devices/roof-1/battery/command/charge';
    helper.getNode('roof').receive({ topic, payload: { ...envelope(), params: { power_w: 1000 } } });
    const responses = () => roof.events.filter(({ schema }) => schema === 'response/1');
    await until(() => responses().length > 0, 'a response to the whole command');
    assert.deepEqual([responses()[0]?.status, responses()[0]?.code], ['rejected', 'UNSUPPORTED']);
  });

  it('two devices behind one address are two nodes on one connection', async () => {
    await serve({ 1: inverter, 2: [commonModel('S-2'), inverterModel(1500)] });
    const nodes = await loadSunSpec(sunspecFlow(served.server.port, { east: { unit: 1 }, west: { unit: 2 } }), [
      'east',
      'west',
    ]);
    const { east, west } = nodes as { east: WatchedNode; west: WatchedNode };
    await until(() => goodAt(east, 'solar/power')() && goodAt(west, 'solar/power')(), 'both powers');
    assert.deepEqual([east.last('solar/power')?.value, west.last('solar/power')?.value], [4000, 1500]);
    assert.deepEqual([east.last('meta')?.serial, west.last('meta')?.serial], ['S-1', 'S-2']);
  });

  it('takes signs, the kind of the device and further points from its form', async () => {
    await serve({ 1: [commonModel('M-1'), meterModel(500)] });
    const roof = await loadOne({ meterSign: 'export', points: [{ point: ' 203:A', quantity: 'meter/x_current ' }] });
    await until(goodAt(roof, 'meter/power'), 'the power');
    assert.equal(roof.last('meter/power')?.value, -500);
    assert.equal(roof.last('meter/x_current')?.value, 3);
  });

  it('follows models that change while it runs', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne();
    await until(goodAt(roof, 'solar/power'), 'the power');
    served.become(1, [commonModel('S-1'), inverterModel(3000), nameplateModel, modulesModel(2000, 2100, 2200)]);
    await until(goodAt(roof, 'solar/3/dc_power'), 'the third string');
    assert.equal(roof.last('solar/3/dc_power')?.value, 2200);
    assert.deepEqual(roof.named('bridge_offline'), []);
  });

  it('comes back by itself after the connection was gone', async () => {
    await serve({ 1: inverter });
    const roof = await loadOne();
    await until(goodAt(roof, 'solar/power'), 'the power');
    await served.server.setFault(1, { kind: 'offline' });
    await until(() => roof.named('bridge_offline').length === 1, 'offline');
    assert.equal(roof.last('solar/power')?.value, null);
    await served.server.setFault(1, { kind: 'none' });
    await until(goodAt(roof, 'solar/power'), 'the power again', 60_000);
    assert.equal(roof.last('availability')?.state, 'online');
  });

  it('is polled on after a deploy that changes it', async () => {
    await serve({ 1: inverter });
    const flow = sunspecFlow(served.server.port, { roof: {} });
    await loadSunSpec(flow, ['roof']);
    await helper.setFlows(
      flow.map((node) => ('type' in node && node.type === 'ems-sunspec' ? { ...node, interval: 0.2 } : node)),
      'nodes',
    );
    // The node stands in the same place of a runtime that has gone on.
    const { body } = await helper.request().get('/ems/sunspec/live/roof');
    assert.ok(typeof body === 'object' && body !== null);
    await until(() => served.server.requests() > 20, 'requests');
    const { body: later } = await helper.request().get('/ems/sunspec/live/roof');
    const { readings } = later as { readings: { quality: string }[] };
    assert.ok(readings.length > 5 && readings.every(({ quality }) => quality === 'good'));
  });
});

describe('a Modbus node whose profile names points of SunSpec models', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    await helper.unload();
    await served.close();
  });

  const profile = JSON.stringify({
    ...{ schema: 'profile/1', id: 'mine', title: 'Mine', class: 'inverter', connection: { unitId: 4 } },
    points: [
      { name: 'power', quantity: 'solar/power', addr: '103:W', type: 'sunspec' },
      { name: 'second', quantity: 'solar/2/dc_power', addr: '160:2:DCW', type: 'sunspec' },
      { name: 'mode', quantity: 'solar/x_mode', addr: '701:DERMode', type: 'sunspec' },
    ],
  });

  it('reads them, and nothing else', async () => {
    await serve({ 4: inverter });
    const roof = await loadOne({ type: 'ems-modbus', inline: profile });
    await until(goodAt(roof, 'solar/power'), 'the power');
    const topics = new Set(roof.out.filter(({ schema }) => schema === 'reading/1').map(({ topic }) => topic));
    assert.deepEqual([...topics].sort(), ['devices/roof-1/solar/2/dc_power', 'devices/roof-1/solar/power']);
    assert.deepEqual([roof.last('solar/power')?.value, roof.last('solar/2/dc_power')?.value], [4000, 2100]);
    assert.deepEqual([roof.last('meta')?.protocol, roof.last('meta')?.serial], ['modbus', 'S-1']);
    assert.ok(helper.logged().some((line) => /mode: the device has no model 701; it lists 1, 103/.test(line)));
  });

  it('is refused where the profile is wrong in another way', async () => {
    await serve({ 4: inverter });
    const roof = await loadOne({ type: 'ems-modbus', inline: profile.replace('"inverter"', '"inverters"') });
    await until(() => helper.logged().some((line) => /"inverters" is none of/.test(line)), 'the error');
    assert.deepEqual(roof.out, []);
  });
});

describe('a SunSpec node that is set up wrongly', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => serve({ 1: inverter }));
  afterEach(async () => {
    await helper.unload();
    await served.close();
  });

  const wrong: [what: string, config: object, words: RegExp][] = [
    ['a device without an id', { device: '' }, /the device id is missing/],
    ['a unit beyond a byte', { unit: 300 }, /unit/],
    ['another brand', { brand: 'acme' }, /brand/],
    ['models that are no JSON', { models: '{' }, /the models typed in: not JSON/],
    ['a model with a mistake', { models: '{"id": 64999}' }, /the models typed in: .*group.*is missing/],
    ['a point of no model', { points: [{ point: '64999:A', quantity: 'meter/x_a' }] }, /model 64999 is not known/],
    ['a misspelt point', { points: [{ point: '103:w', quantity: 'solar/power' }] }, /no point w; did you mean "W"/],
    [
      'a quantity that there is not',
      { points: [{ point: '103:W', quantity: 'solar/strength' }] },
      /solar has no quantity "strength"/,
    ],
    [
      'units that do not fit',
      { points: [{ point: '103:VA', quantity: 'solar/power' }] },
      /VA cannot be converted to W/,
    ],
  ];
  for (const [what, config, words] of wrong)
    it(`${what}: red, with the reason in one error`, async () => {
      const roof = await loadOne(config);
      await until(() => roof.errors.length > 0 || helper.logged().some((line) => words.test(line)), 'the error');
      assert.ok([...roof.errors, ...helper.logged()].some((line) => words.test(line)));
    });

  it('points of a model whose JSON is given are read', async () => {
    const roof = await loadOne({ points: [{ point: '103:VA', quantity: 'solar/apparent_power' }] });
    await until(goodAt(roof, 'solar/power'), 'the power');
    assert.equal(roof.errors.length, 0);
  });
});
