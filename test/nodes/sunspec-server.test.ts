import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { isoTime } from '../../src/model/time.ts';
import { freePorts } from '../support/free-ports.ts';
import { allNodes, collectErrors, collectStatus, helper } from '../support/node-red/test-helper.ts';
import { metaOf } from '../support/site/site-messages.ts';
import { modelsIn } from '../support/sunspec/served-registers.ts';
import { connectSerial, type SerialClient, units } from '../support/sunspec/served-site.ts';
import { until } from '../support/until.ts';

const base = 40_000;
const gatewayTargetFailed = 11;

/** The sums of a site, as ems-aggregate sends them. */
const sums = (powers: object, energies?: object): object[] => {
  const envelope = { ts: isoTime(Date.now()), seq: 1, boot: 'test' };
  const power = {
    ...{ topic: 'sites/home/power', schema: 'site-power/1', ...envelope, quality: 'good', skew_s: 0, basis: 'latest' },
    ...{ grid_w: null, solar_w: null, battery_w: null, generator_w: null, ev_w: null, heat_w: null },
    ...{ consumption_w: null, balance_error_w: null, soc: null, flows: null, ...powers },
  };
  const energy = {
    ...{ topic: 'sites/home/energy', schema: 'site-energy/1', ...envelope, since: envelope.ts },
    ...{ grid_import_wh: null, grid_export_wh: null, solar_wh: null, battery_charged_wh: null },
    ...{ battery_discharged_wh: null, generator_wh: null, consumption_wh: null, ev_wh: null, heat_wh: null },
    ...{ coverage: 1, quality: 'good', ...energies },
  };
  return energies ? [power, energy] : [power];
};
const whole = () =>
  sums({ grid_w: -4321, solar_w: 6543 }, { grid_import_wh: 1000, grid_export_wh: 2000, solar_wh: 3000 });

const voltage = (value: number) => ({
  ...{ topic: 'devices/m1/meter/voltage/l1', schema: 'reading/1', value, unit: 'V', quality: 'good' },
  ts: isoTime(Date.now()),
});
const meter = metaOf('m1', {
  type: 'meter',
  role: 'grid',
  quantities: { power: { unit: 'W' }, 'voltage/l1': { unit: 'V' } },
});

describe('ems-sunspec-server', () => {
  let port: number;
  let statuses: { fill: string; text: string }[];
  let errors: string[];
  let occupier: Server | undefined;
  const clients: SerialClient[] = [];

  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close(() => {});
    await helper.unload();
    occupier?.close();
    occupier = undefined;
  });

  const load = async (config: object = {}): Promise<void> => {
    [port = 0] = await freePorts(1);
    await deploy(config);
  };
  const deploy = async (config: object): Promise<void> => {
    await helper.load(allNodes, [
      { id: 'site', type: 'ems-site', site: 'home' },
      { id: 'face', type: 'ems-sunspec-server', site: 'site', enabled: true, port, ...config },
    ]);
    statuses = collectStatus('face');
    errors = collectErrors('face');
  };
  const say = (...payload: object[]): void => {
    (helper.getNode('face') as unknown as { receive(message: object): void }).receive({ topic: '', payload });
  };
  const reader = async (unit: number): Promise<SerialClient> => {
    const client = await connectSerial(port, unit);
    clients.push(client);
    return client;
  };
  /** Waits for a status, by its key: the catalogs are not there in a test. */
  const status = (key: string) => until(() => statuses.at(-1)?.text.endsWith(`.${key}`) === true, key, 8000);
  /** @returns the values of the first model after the common one */
  const read = async (unit: number, length: number): Promise<Record<string, unknown>> => {
    const client = await reader(unit);
    const { buffer: common } = await client.readHoldingRegisters(base, 70);
    const { buffer: model } = await client.readHoldingRegisters(base + 70, length);
    const end = Buffer.from([0xff, 0xff, 0, 0]);
    return modelsIn(Buffer.concat([common, model, end]))[1]?.values ?? {};
  };

  it('serves the sums of a site, and the phases that its meter tells', async () => {
    await load();
    await status('noValues');
    say(...whole(), meter);
    say(voltage(230.1));
    await until(() => statuses.at(-1)?.fill === 'green', 'a site that is known');
    await until(async () => (await read(units.grid, 107)).PhVphA === 230.1, 'the voltage');
    const grid = await read(units.grid, 107);
    assert.deepEqual([grid.W, grid.TotWhImp, grid.TotWhExp, grid.AphA], [-4321, 1000, 2000, null]);
    const solar = await read(units.solar, 52);
    assert.deepEqual([solar.W, solar.WH, solar.St], [6543, 3000, 4]);
  });

  it('shows which side is not known, and refuses to tell it', async () => {
    await load();
    say(...sums({ grid_w: null, solar_w: 5 }, { solar_wh: 7 }));
    await status('noGrid');
    assert.equal(statuses.at(-1)?.fill, 'yellow');
    assert.equal((await read(units.solar, 52)).W, 5);
    await assert.rejects(read(units.grid, 107), { modbusCode: gatewayTargetFailed });
    say(...sums({ grid_w: 5, solar_w: null }, { grid_import_wh: 7, grid_export_wh: 0 }));
    await status('noSolar');
  });

  it('takes from its form what is told, how, and as whom', async () => {
    await load({ meterModels: '213', whileUnknown: 'absent', gridUnit: '7', solarUnit: 8 });
    await status('noValues');
    const grid = await reader(7);
    assert.deepEqual((await grid.readHoldingRegisters(base + 70, 2)).data, [213, 124]);
    const { buffer } = await grid.readHoldingRegisters(base + 70 + 28, 2);
    assert.ok(Number.isNaN(buffer.readFloatBE(0)), 'W');
    assert.equal((await read(8, 52)).W, null);
  });

  it('forgets what it knew when the site has told nothing for as long as its form says', async () => {
    await load({ maxAge: 5 });
    const [power, energy] = whole() as { ts: string }[];
    const ts = isoTime(Date.now() - 4500);
    say({ ...power, ts }, { ...energy, ts });
    await until(() => statuses.at(-1)?.fill === 'green', 'values');
    await status('noValues');
  });

  it('is closed until it is switched on', async () => {
    await load({ enabled: false });
    say(...whole());
    await status('off');
    await assert.rejects(connectSerial(port, 1), /ECONNREFUSED/);
  });

  it('says that the port is taken, and opens it when it is free', async () => {
    [port = 0] = await freePorts(1);
    occupier = createServer();
    await new Promise<void>((resolve) => occupier?.listen(port, '127.0.0.1', () => resolve()));
    await deploy({});
    await status('taken');
    assert.equal(statuses.at(-1)?.fill, 'red');
    assert.match(errors.join(), /cannot serve on 127\.0\.0\.1:\d+: another program uses the port: choose another port/);
    occupier.close();
    await until(() => statuses.at(-1)?.fill === 'yellow', 'the port', 20_000);
    assert.equal(errors.length, 1);
  });

  it('says that an address is not of this machine', async () => {
    await load({ host: '192.0.2.1' });
    await status('noAddress');
    assert.match(errors.join(), /cannot serve on 192\.0\.2\.1:\d+: this machine does not have the address/);
  });

  it('takes no unit for two', async () => {
    await load({ gridUnit: 3, solarUnit: 3 });
    assert.ok(helper.logged().some((line) => line.includes('the grid meter and the inverters need two units')));
  });

  it('tells of what it does not understand, and lives on', async () => {
    await load();
    say({ topic: 'sites/home/power', schema: 'site-power/1' }, ...whole());
    await until(() => statuses.at(-1)?.fill === 'green', 'what was understood');
    assert.match(errors.join(), /1 not understood, first: /);
  });

  it('gives its port back at once', async () => {
    await load();
    await status('noValues');
    const client = await reader(units.grid);
    await helper.unload();
    await until(() => !client.isOpen, 'the end of the connection');
    await assert.rejects(connectSerial(port, 1), /ECONNREFUSED/);
  });
});
