import assert from 'node:assert/strict';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';
import { until } from '../../../support/until.ts';

const none32 = '8000 0000';
const none16 = 'ffff';

/** A hybrid with two strings: the third, which it has not, reads as the vendor's "not available". */
const smaDay: Contents = {
  30581: '0001 e240',
  30583: '0000 3039',
  30773: '0000 05dc',
  30845: '0000 0037',
  30865: '0000 0000',
  30867: '0000 01f4',
  30961: '0000 0320',
  30967: none32,
  31259: '0000 00c8 0000 00c8 0000 0064 0000 0000 0000 0000 0000 0000',
  31393: '0000 0000 0000 00fa',
  31397: '0000 0000 0001 86a0 0000 0000 0001 11d6',
  31435: '0000 03e8 0000 03e8 0000 03e8',
};

/** GoodWe GW6000-EH without a battery, as the library marcelblijleven/goodwe has recorded it: 35100 to 35224. */
const goodweEh: Contents = {
  35100: `1508 0812 2809 0ce7 001a 0000 0359 0ce0 0015 0000 02b3 ${none16.repeat(8)} 0000 0202`,
  35121: '093e 0042 1385 0000 0619',
  35126: 'ffff ffff ffff 7fff ffff ffff ffff ffff 7fff ffff 0001 0000 0619 ffff ff5c 7fff ffff ffff ffff',
  35145: `${'0000'.repeat(6)}${none16.repeat(12)} 0000 06bc 7fff ffff 7fff ffff 0000 0000 0000 06bd`,
  35173: '0000 025c 7fff 0182 0100 0ede ffff 0000 0001 0000 0000 0000 0000 0003 0001 ffff 0000 0000',
  35191: '0000 0252 0000 00dc 0000 024a 0000 0021 00d8 0000 0000 0000 0000 02bd 010f',
  35206: `0000 0000 0000 0000 0000 0000 0007 ${'0000'.repeat(12)}`,
};

let device: PolledDevice;
const start = async (...args: Parameters<typeof pollDevice>): Promise<void> => {
  device = await pollDevice(...args);
  await device.cycles(2);
};

describe('a part that a device does not have', () => {
  afterEach(() => device.close());

  it('of an SMA hybrid with two strings does not make its solar power unknown', async () => {
    await start('sma-tripower-hybrid', smaDay);
    assert.equal(device.value('solar/dc_power'), 1500 + 800);
    assert.deepEqual([device.value('solar/3/dc_power'), device.sample('solar/3/dc_power')?.reason], [null, 'sentinel']);
  });

  it('of an SMA hybrid at night is 0 W while its battery is told, and unknown where nothing is', async () => {
    await start('sma-tripower-hybrid', smaDay);
    device.put({ 30773: none32, 30961: none32 });
    await device.cycles(1);
    assert.equal(device.value('solar/dc_power'), 0);
    device.put({ 30845: 'ffff ffff' });
    await device.cycles(1);
    assert.deepEqual([device.value('solar/dc_power'), device.sample('solar/dc_power')?.reason], [null, 'sentinel']);
  });

  it('is not 0 because the device did not answer', async () => {
    await start('sma-tripower-hybrid', smaDay);
    assert.equal(device.value('solar/dc_power'), 2300);
    await device.fault({ kind: 'offline' });
    await until(() => device.state()?.kind === 'offline', 'offline');
    assert.deepEqual([device.value('solar/dc_power'), device.value('solar/3/dc_power')], [null, null]);
    assert.notEqual(device.sample('solar/dc_power')?.reason, 'sentinel');
  });

  it('is not 0 because the device refuses for a moment what it has told before', async () => {
    await start('sma-tripower-hybrid', smaDay);
    assert.equal(device.value('solar/dc_power'), 2300);
    device.refuse([30_961, 30_962]);
    await device.cycles(2);
    assert.deepEqual(
      [device.value('solar/dc_power'), device.sample('solar/dc_power')?.reason],
      [null, 'partial_inputs'],
    );
  });

  it('is 0 where the device has always refused it', async () => {
    const { 30961: _second, ...others } = smaDay;
    await start('sma-tripower-hybrid', others);
    assert.equal(device.value('solar/dc_power'), 1500);
  });

  it('of a GoodWe EH leaves the sum of the other strings, and no watt of phases that are not there', async () => {
    await start('goodwe-et', goodweEh);
    assert.equal(device.value('solar/dc_power'), 857 + 691);
    assert.equal(device.value('solar/1/dc_voltage'), 330.3);
    assert.equal(device.value('inverter/power'), 1561);
    for (const path of ['solar/3/dc_power', 'solar/4/dc_voltage', 'inverter/power/l2', 'inverter/power/l3'])
      assert.deepEqual([device.value(path), device.sample(path)?.reason], [null, 'sentinel'], path);
    assert.equal(device.value('solar/energy_produced'), 59_400);
  });
});
