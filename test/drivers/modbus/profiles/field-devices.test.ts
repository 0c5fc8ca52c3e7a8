/** Registers as devices of the field hold them, and the readings and the identity that come of them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { listProfiles, openProfile } from '../../../../src/drivers/modbus/profiles/library.ts';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';
import { float, text } from '../../../support/modbus/register-words.ts';

let device: PolledDevice;
const start = async (profile: string, contents: Contents, options: Parameters<typeof pollDevice>[2] = {}) => {
  device = await pollDevice(profile, contents, { others: 0, ...options });
  await device.cycles(2);
};

const values = (...paths: string[]): unknown[] => paths.map(device.value);

const identity = (): unknown[] => {
  const { vendor, model, serial, firmware, ratedPowerW } = device.driver.describe();
  return [vendor, model, serial, firmware, ratedPowerW];
};

describe('a device of the field', () => {
  afterEach(() => device.close());

  it('Huawei: identity, strings and a meter that the inverter does not hear', async () => {
    const contents: Contents = {
      30000: text('SUN2000-10KTL-M1', 15),
      30015: text('TA2200012345', 10),
      30050: text('V100R001C00SPC150', 15),
      30073: '0000 2710',
      32016: '1644 0320 1590 02ee 7fff 7fff 7fff 7fff',
      32064: '0000 1b58',
      32069: '0910',
      37100: '0001',
      37113: '0000 03e8',
    };
    await start('huawei-sun2000', contents);
    assert.deepEqual(identity(), ['Huawei', 'SUN2000-10KTL-M1', 'TA2200012345', 'V100R001C00SPC150', 10_000]);
    assert.deepEqual(values('solar/1/dc_voltage', 'solar/2/dc_current', 'solar/3/dc_voltage'), [570, 7.5, null]);
    assert.deepEqual(values('solar/dc_power', 'meter/power'), [7000, -1000]);
    device.put({ 37100: '0000' });
    await device.cycles(1);
    assert.deepEqual(values('meter/power'), [null]);
  });

  it('Sungrow: identity, the third tracker, and the frequency where 5241 is refused', async () => {
    const contents: Contents = {
      4989: text('A2290012345', 10),
      4999: '0e03',
      5000: '0064',
      5010: '1770 0032 1770 0031 0fa0 0014',
      5147: '138a',
    };
    await start('sungrow-sh-rt', contents, { table: 'input', others: undefined });
    assert.deepEqual(identity(), ['Sungrow', 'SH10RT', 'A2290012345', undefined, 10_000]);
    assert.deepEqual(values('solar/3/dc_voltage', 'solar/3/dc_current', 'meter/frequency'), [400, 2, 50.02]);
  });

  it('tells no rating of 0 and no model by a code that nobody knows, and ratings in W', async () => {
    await start('sungrow-sh-rt', { 4989: text('A2290012345', 10), 4999: 'fffe' }, { table: 'input' });
    assert.deepEqual(identity(), ['Sungrow', 'SH-RT/SH-RS hybrid', 'A2290012345', undefined, undefined]);
    await device.close();
    const rated = { name: 'rated', identity: 'rated_power_w', addr: 1, type: 'uint16', scale: 0.1, unit: 'kW' };
    const power = { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' };
    const meter = { schema: 'profile/1', id: 'acme', title: 'Acme', class: 'meter', points: [power, rated] };
    device = await pollDevice(meter, { 0: '0001 0064' });
    await device.cycles(1);
    assert.equal(device.driver.describe().ratedPowerW, 10_000);
  });

  it('Kostal: identity, battery, meter and the counter of what was fed in, in either word order', async () => {
    const contents = (order: 'big' | 'little'): Contents => ({
      14: text('90338DKN00001', 8),
      38: text('01.26.10011', 8),
      531: '2710',
      768: text('PLENTICORE plus 10', 32),
      158: float(231, order),
      260: float(1500, order),
      252: float(-420, order),
      514: '0042',
      582: 'fc18',
      1046: float(1_234_567, order),
      1064: float(7_654_321, order),
    });
    for (const order of ['little', 'big'] as const) {
      await start('kostal-plenticore', contents(order), { choice: { params: { byte_order: order } } });
      assert.deepEqual(identity(), ['Kostal', 'PLENTICORE plus 10', '90338DKN00001', '01.26.10011', 10_000]);
      assert.deepEqual(
        values('solar/1/dc_power', 'battery/soc', 'battery/power', 'battery/energy_charged'),
        [1500, 66, -1000, 1_234_567],
      );
      assert.deepEqual(values('meter/power', 'meter/energy_export'), [-420, 7_654_321]);
      if (order === 'little') await device.close();
    }
  });

  it('Deye: serial number, rated power, and each battery of a machine with two', async () => {
    const contents: Contents = {
      3: text('2305178402', 5),
      20: '86a0 0001',
      500: '0002',
      586: '04e2 1388 0032 0033 0064 0190',
      593: '1450 ff9c ff9c 04d8',
      598: '08fc',
      672: '0096',
      727: '0032',
    };
    await start('deye-3p-hybrid', contents, { choice: { params: { battery: 'hv_two' } } });
    assert.deepEqual(identity(), ['Deye', '/ Sunsynk 3-phase hybrid (SG04LP3, LV)', '2305178402', undefined, 10_000]);
    assert.deepEqual(values('battery/1/soc', 'battery/1/power', 'battery/1/dc_voltage'), [50, 1000, 500]);
    assert.deepEqual(values('battery/2/soc', 'battery/2/power', 'battery/2/temperature'), [51, -1000, 24]);
    assert.deepEqual(values('battery/power', 'solar/dc_power', 'inverter/status'), [0, 2000, 'running']);
    await device.close();
    await start('deye-3p-hybrid', contents);
    assert.deepEqual(values('battery/power', 'solar/dc_power'), [100, 150]);
  });

  it('Victron: a battery monitor that measures no voltage tells nothing, and no counter of 0', async () => {
    await start('victron-gx-battery', { 256: '0000 0064', 259: '1446', 266: '0226', 301: '0000 0d05', 304: '0000' });
    assert.deepEqual(values('battery/dc_voltage', 'battery/soc', 'battery/power'), [51.9, 55, -100]);
    assert.deepEqual(values('battery/energy_discharged', 'battery/energy_charged', 'battery/soh'), [
      null,
      333_300,
      null,
    ]);
    device.put({ 256: '0000 0000', 259: '0000', 266: '0000' });
    await device.cycles(1);
    assert.deepEqual(values('battery/dc_voltage', 'battery/soc', 'battery/power'), [null, null, null]);
  });

  it('SolarEdge: the second battery lies 256 registers on, and 0xff7fffff is no temperature', async () => {
    const battery = (power: number, soc: number): string =>
      float(power, 'little') + text('', 14) + float(soc, 'little');
    await start(
      'solaredge-storage',
      { 57708: 'ffff ff7f', 57716: battery(-500, 40), 57972: battery(-700, 60), 57990: '0003 0000' },
      { choice: { params: { batteries: 'two' } } },
    );
    assert.deepEqual(values('battery/1/power', 'battery/2/power', 'battery/power'), [500, 700, 1200]);
    assert.deepEqual(values('battery/1/soc', 'battery/2/soc', 'battery/2/status', 'battery/1/temperature'), [
      40,
      60,
      'charging',
      null,
    ]);
  });

  it('ABB: a B21 says what it is, and has no phases', async () => {
    const none = 'ffff ffff';
    await start('abb-b23', {
      35072: '0012 d687',
      35080: text('2.14.0', 8),
      35168: text('B21 312-100', 6),
      23296: `0000 08fc ${none} ${none}`,
      23316: '0000 c350 7fff ffff 7fff ffff 7fff ffff',
      20480: '0000 0000 0000 04d2 0000 0000 0000 0007',
    });
    assert.deepEqual(identity(), ['ABB', 'B21 312-100', '1234567', '2.14.0', undefined]);
    assert.deepEqual(
      values('meter/power', 'meter/power/l1', 'meter/voltage/l2', 'meter/energy_import', 'meter/energy_export'),
      [500, null, null, 12_340, 70],
    );
  });

  it('Carlo Gavazzi: the EM24 tells its total, not the counter that can be reset', async () => {
    await start('carlogavazzi-em24', { 0: '08fd 0000', 62: '3039 0000 0000 0000 0001 0000' }, { table: 'input' });
    assert.deepEqual(values('meter/energy_import'), [1_234_500]);
  });
});

describe('shipped profiles', () => {
  const choicesOf = (id: string): Record<string, string>[] => {
    const { params = {} } = JSON.parse(
      readFileSync(new URL(`../../../../profiles/${id}.json`, import.meta.url), 'utf8'),
    );
    return Object.entries(params as Record<string, { choices: Record<string, string> }>).reduce<
      Record<string, string>[]
    >(
      (known, [key, { choices }]) =>
        known.flatMap((one) => Object.keys(choices).map((word) => ({ ...one, [key]: word }))),
      [{}],
    );
  };

  it('have neither mistakes nor hints', () => {
    const flawed = listProfiles('').filter(({ mistakes, hints }) => mistakes.length > 0 || hints.length > 0);
    assert.deepEqual(
      flawed.map(({ id, mistakes, hints }) => [id, mistakes, hints]),
      [],
    );
  });

  it('open with every choice that they offer', () => {
    for (const { id } of listProfiles(''))
      for (const params of choicesOf(id)) {
        const opened = openProfile({ id }, { params });
        assert.ok(opened.ok, `${id} ${JSON.stringify(params)}: ${opened.ok ? '' : opened.reason}`);
      }
  });
});
