/** The scan of the editor, through its endpoints: real Modbus servers on loopback addresses. */
import assert from 'node:assert/strict';
import { type ModbusServer, startModbusServer, type UnitImages } from '../../src/drivers/modbus/index.ts';
import { unitImagesOf } from '../support/modbus/profile-image.ts';
import { reply, startScriptedServer } from '../support/modbus/scripted-server.ts';
import { askForScan, previewOf, scanAll, scanState, tellScan } from '../support/node-red/editor-scan.ts';
import { allNodes, helper, stopRuntime } from '../support/node-red/test-helper.ts';
import { commonModel, inverterModel, meterModel } from '../support/sunspec/field-models.ts';
import { unitOf as answersOf, serveUnits } from '../support/sunspec/simulated-units.ts';
import { buildDevice, imagesOf } from '../support/sunspec/valued-device.ts';
import { until } from '../support/until.ts';

const inverter = (serial: string, watts = 3200): UnitImages =>
  imagesOf(buildDevice([commonModel(serial), inverterModel(watts)]));
const meter = (serial: string, watts: number): UnitImages =>
  imagesOf(buildDevice([commonModel(serial), meterModel(watts)]));

describe('the scan of the editor', () => {
  const servers: ModbusServer[] = [];
  /** Units that are not given refuse every register, as behind most devices. */
  const serve = async (units: Record<number, UnitImages>, host = '127.0.0.1', port = 0): Promise<ModbusServer> => {
    const images = new Map(Array.from({ length: 256 }, (_, unit) => [unit, units[unit] ?? {}]));
    const server = await startModbusServer({ host, port }, images);
    servers.push(server);
    return server;
  };
  const at = ({ port }: { port: number }, aim = 'sunspec') => ({ aim, address: `127.0.0.1:${port}` });

  beforeEach(async () => {
    await helper.startServer();
    await helper.load(allNodes, []);
  });
  afterEach(async () => {
    await stopRuntime();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('finds a SunSpec device with what it explains, and previews each value with its register and factor', async () => {
    const server = await serve({ 1: inverter('A1') });
    const { id, devices, notes } = await scanAll(at(server));
    const [device] = devices;
    assert.ok(device && devices.length === 1, JSON.stringify(devices));
    const { kind, unit, maker, model, serial, version, host, port, components, models } = device;
    assert.deepEqual(
      { kind, unit, maker, model, serial, version, host, port, components },
      {
        ...{ kind: 'sunspec', unit: 1, maker: 'Acme', model: 'Sun 5', serial: 'A1', version: '1.2' },
        ...{ host: '127.0.0.1', port: server.port, components: ['solar'] },
      },
    );
    assert.deepEqual(
      models.map((each) => each.id),
      [1, 103],
    );
    assert.deepEqual(notes, []);
    const { values, errors } = await previewOf(id, 0);
    assert.deepEqual(errors, []);
    const power = values.find(({ path }) => path === 'solar/power');
    assert.deepEqual([power?.value, power?.unit], [3200, 'W']);
    assert.match(power?.raw ?? '', /^\d+: 0c80 \(10\^0\)$/);
    assert.ok(Math.abs((power?.at ?? 0) - Date.now()) < 60_000);
  });

  it('shows several inverters behind one logger as several devices, and a meter whose direction is open', async () => {
    const server = await serve({ 1: inverter('A1'), 2: inverter('A2'), 240: meter('M1', -500) });
    const { devices } = await scanAll(at(server));
    assert.deepEqual(
      devices.map(({ unit, serial, components }) => [unit, serial, ...components]),
      [
        [1, 'A1', 'solar'],
        [2, 'A2', 'solar'],
        [240, 'M1', 'meter'],
      ],
    );
    assert.deepEqual(devices[2]?.signs, ['meter_sign']);
  });

  it('says that the device answers on another unit', async () => {
    const server = await serve({ 126: inverter('SMA1') });
    const { notes, devices } = await scanAll({ ...at(server), unit: 3 });
    assert.equal(devices[0]?.unit, 126);
    assert.ok(notes.some(({ code, params }) => code === 'answers_on_unit_plus_123' && params.unit === 126));
  });

  it('names the profile that fits a Modbus device, and the SunSpec device beside it', async () => {
    const server = await serve({ 1: unitImagesOf('eastron-sdm630'), 2: inverter('A1') });
    const { devices, id } = await scanAll(at(server, 'modbus'));
    assert.deepEqual(
      devices.map(({ kind, unit, maker, profiles }) => [kind, unit, maker, profiles.map((each) => each.id).join()]),
      [
        ['profile', 1, 'Eastron', 'eastron-sdm630'],
        ['sunspec', 2, 'Acme', ''],
      ],
    );
    const { values } = await previewOf(id, 0);
    assert.equal(values.find(({ path }) => path === 'meter/voltage/l1')?.value, 231);
  });

  it('finds both where a device has registers of its own beside its models, if a Modbus device is looked for', async () => {
    // Its own registers are input registers.
    const server = await serve({ 1: { ...unitImagesOf('shelly-pro-3em'), ...inverter('A1') } });
    const kinds = async (aim: string): Promise<string[]> =>
      (await scanAll(at(server, aim))).devices.map(({ kind }) => kind);
    assert.deepEqual(await kinds('modbus'), ['sunspec', 'profile']);
    assert.deepEqual(await kinds('sunspec'), ['sunspec']);
  });

  it('takes a device that answers under several units for one', async () => {
    const image = unitImagesOf('eastron-sdm630');
    const server = await serve({ 1: image, 2: image, 3: image });
    const { devices } = await scanAll(at(server, 'modbus'));
    assert.deepEqual(
      devices.map(({ unit, otherUnits }) => [unit, otherUnits]),
      [[1, [2, 3]]],
    );
  });

  it('says which profiles fit alike', async () => {
    const server = await serve({ 1: unitImagesOf('mypv-elwa-2') });
    const { devices } = await scanAll(at(server, 'modbus'));
    assert.deepEqual(
      devices.map(({ kind, unit, profiles }) => [
        kind,
        unit,
        profiles
          .map((each) => each.id)
          .sort()
          .join(),
      ]),
      [['ambiguous', 1, 'mypv-ac-thor,mypv-elwa-2']],
    );
  });

  it('says where something answers of which nothing is known', async () => {
    const server = await serve({});
    const { devices } = await scanAll({ ...at(server, 'modbus'), unit: 7 });
    assert.deepEqual(
      devices.map(({ kind, unit }) => [kind, unit]),
      [['unknown', 7]],
    );
    assert.ok(devices[0]?.otherUnits.includes(1));
  });

  it('looks through a small network, and asks only who listens', async () => {
    const { port } = await serve({ 1: inverter('A1') }, '127.0.0.2');
    await serve({ 1: inverter('A2') }, '127.0.0.5', port);
    const { devices, isNobodyThere } = await scanAll({ aim: 'sunspec', address: `127.0.0.0/29:${port}` });
    assert.deepEqual(devices.map(({ host, serial }) => [host, serial]).sort(), [
      ['127.0.0.2', 'A1'],
      ['127.0.0.5', 'A2'],
    ]);
    assert.equal(isNobodyThere, false);
    const [server] = servers;
    await server?.close();
    await servers[1]?.close();
    assert.equal((await scanAll({ aim: 'sunspec', address: `127.0.0.0/29:${port}` })).isNobodyThere, true);
  });

  it('says why there is no connection, in the words of the forms', async () => {
    const server = await serve({});
    await server.close();
    const { notes, devices } = await scanAll(at(server));
    assert.deepEqual(devices, []);
    const reason = notes.find(({ code }) => code === 'no_connection')?.params.reason as { key: string };
    assert.match(reason.key, /ems-modbus-client\.why\.refused$/);
  });

  it("refuses what is no address of a device or a network of one's own", async () => {
    const refusals = {
      'a b': 'address',
      '': 'address',
      '10.0.0.0/16': 'size',
      '8.8.8.0/24': 'network',
      'inverter:99999': 'port',
    };
    for (const [address, refused] of Object.entries(refusals))
      if (address !== '') assert.deepEqual(await askForScan({ aim: 'sunspec', address }), { refused }, address);
  });

  it('goes over the connection of a form, also one that is deployed and polls', async () => {
    const server = await serveUnits({ 1: answersOf(buildDevice([commonModel('A1'), inverterModel(3200)]).words) });
    const client = { transport: 'tcp', host: '127.0.0.1', port: String(server.port) };
    await stopRuntime();
    await helper.startServer();
    await helper.load(allNodes, [
      { id: 'tab', type: 'tab' },
      { id: 'site', type: 'ems-site', site: 'home' },
      { id: 'client', type: 'ems-modbus-client', ...client },
      ...[
        {
          id: 'node',
          z: 'tab',
          type: 'ems-sunspec',
          client: 'client',
          site: 'site',
          device: 'inv',
          interval: 0.1,
          wires: [[], []],
        },
      ],
    ]);
    await until(() => server.asked.length > 0, 'a request of the node');
    const { devices, id } = await scanAll({ aim: 'sunspec', address: '', client });
    assert.equal(devices[0]?.serial, 'A1');
    assert.ok((await previewOf(id, 0)).values.length > 5);
    assert.equal(server.connections(), 1);
    await server.close();
  });

  describe('while it is under way', () => {
    /** A device that takes connections and answers nothing. */
    const mute = () => startScriptedServer(() => {});

    it('is joined by the same one, and refuses another one', async () => {
      const server = await mute();
      const first = await askForScan(at(server));
      assert.ok(first.id);
      assert.deepEqual(await askForScan(at(server)), first);
      assert.deepEqual(await askForScan({ aim: 'sunspec', address: '127.0.0.9' }), { refused: 'busy' });
      await tellScan(first.id, 'end');
      const { id } = await askForScan(at(server));
      assert.ok(id && id !== first.id);
      await tellScan(id, 'end');
      await server.close();
    });

    it('is stopped with what it has found, and is over once it is ended', async () => {
      const server = await mute();
      const { id = '' } = await askForScan(at(server));
      assert.equal((await scanState(id)).isDone, false);
      await tellScan(id, 'stop');
      await until(async () => (await scanState(id)).isDone, 'the end of the scan');
      const { isStopped, isDone, devices, failure } = await scanState(id);
      assert.deepEqual(
        { isStopped, isDone, devices, failure },
        { isStopped: true, isDone: true, devices: [], failure: undefined },
      );
      await tellScan(id, 'end');
      assert.deepEqual(await scanState(id), { isOver: true });
      assert.deepEqual((await tellScan(id, 'preview/0')).body, { isOver: true });
      await server.close();
    });
  });

  for (const [what, bytes] of Object.entries({
    'another protocol': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    noise: Buffer.alloc(300, 0xff),
    'a torn frame': Buffer.from([0, 1, 0, 0]),
  }))
    it(`lives on where the answers are ${what}, and can be stopped`, async () => {
      const server = await startScriptedServer((asked) => reply(asked, bytes));
      const { id = '' } = await askForScan(at(server));
      await until(() => server.asked.length >= 2, 'two requests');
      assert.equal((await scanState(id)).failure, undefined);
      await tellScan(id, 'stop');
      await until(async () => (await scanState(id)).isDone, 'the end of the scan');
      assert.deepEqual((await scanState(id)).devices, []);
      await tellScan(id, 'end');
      await server.close();
    });

  it('tells a preview of a device that was not found, or is gone', async () => {
    const server = await serve({ 1: inverter('A1') });
    const { id } = await scanAll(at(server));
    const wrong = await tellScan(id, 'preview/7');
    assert.deepEqual([wrong.status, wrong.body], [500, { error: 'device 7 of the scan has no values' }]);
    await server.close();
    assert.equal((await tellScan(id, 'preview/0')).status, 500);
  });
});
