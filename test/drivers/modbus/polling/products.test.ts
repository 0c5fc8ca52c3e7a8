import assert from 'node:assert/strict';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';

/** A meter behind current transformers, and an inverter that tells volts and amperes of a string only. */
const profile = {
  schema: 'profile/1',
  id: 'acme-products',
  title: 'Acme products',
  class: 'other',
  points: [
    { name: 'volts', quantity: 'solar/1/dc_voltage', addr: 0, type: 'uint16', scale: 0.1, unit: 'V', nan: ['0xffff'] },
    { name: 'amperes', quantity: 'solar/1/dc_current', addr: 1, type: 'uint16', scale: 10, unit: 'mA' },
    { name: 'pv', quantity: 'solar/1/dc_power', product: '@volts * @amperes' },
    { name: 'secondary', addr: 10, type: 'int16', scale: 0.1, unit: 'W' },
    { name: 'ratio', addr: 11, type: 'uint16', group: 'slow' },
    { name: 'grid', quantity: 'meter/power', product: '0.001 * @secondary * @ratio', unit: 'kW', sign: -1 },
    { name: 'quotient', quantity: 'meter/x_quotient', product: '@secondary / @ratio', unit: '1' },
  ],
};

let device: PolledDevice;
const start = async (contents: Contents): Promise<void> => {
  device = await pollDevice(profile, contents);
  await device.cycles(2);
};
const sampled = (path: string): unknown[] => [device.value(path), device.sample(path)?.reason];

describe('a product of points', () => {
  afterEach(() => device.close());

  it('takes values in the units of their quantities, and is converted like any other', async () => {
    await start({ 0: '1482 0263', 10: '04d2 0028' });
    assert.equal(device.value('solar/1/dc_power'), 3207.75);
    assert.equal(device.value('meter/power'), -4936);
    assert.equal(device.value('meter/x_quotient'), 3.085);
  });

  it('is nothing where one of its points is nothing, and unknown where one could not be read', async () => {
    await start({ 0: 'ffff 0263', 10: '04d2' });
    assert.deepEqual(sampled('solar/1/dc_power'), [null, 'sentinel']);
    assert.deepEqual(sampled('meter/power'), [null, 'partial_inputs']);
  });

  it('is nothing where it would be divided by 0', async () => {
    await start({ 0: '1482 0263', 10: '04d2 0000' });
    assert.deepEqual(sampled('meter/x_quotient'), [null, 'sentinel']);
    assert.equal(device.value('meter/power'), 0);
  });
});
