import assert from 'node:assert/strict';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';

const model = { name: 'model', addr: 0, type: 'uint16' };
const onlyBig = { point: 'model', is: [2] };

/** A family in which only model 2 has a second string, and keeps its counter elsewhere. */
const family = {
  schema: 'profile/1',
  id: 'acme-family',
  title: 'Acme family',
  class: 'inverter',
  points: [
    model,
    { name: 'pv1', quantity: 'solar/1/dc_power', addr: 10, type: 'uint16', unit: 'W' },
    { name: 'pv2', quantity: 'solar/2/dc_power', addr: 11, type: 'uint16', unit: 'W', onlyWhile: onlyBig },
    { name: 'pv', quantity: 'solar/dc_power', sum: ['pv1', 'pv2'] },
    { name: 'energy.big', addr: 20, type: 'uint32', unit: 'Wh', onlyWhile: onlyBig },
    { name: 'energy.small', addr: 20, type: 'uint16', scale: 0.1, unit: 'kWh', onlyWhile: { point: 'model', is: [1] } },
    { name: 'energy', quantity: 'solar/energy_produced', firstOf: ['energy.big', 'energy.small'] },
    { name: 'fan', quantity: 'inverter/x_fan', addr: 30, type: 'uint16', bit: 4, onlyWhile: onlyBig },
  ],
};

let device: PolledDevice;
const start = async (contents: Contents): Promise<void> => {
  device = await pollDevice(family, contents);
  await device.cycles(2);
};
const sampled = (path: string): unknown[] => [device.value(path), device.sample(path)?.reason];

describe('a point that only some models have', () => {
  afterEach(() => device.close());

  it('is told by the model that has it', async () => {
    await start({ 0: '0002', 10: '03e8 01f4', 20: '0001 86a0', 30: '0010' });
    assert.deepEqual(sampled('solar/2/dc_power'), [500, undefined]);
    assert.equal(device.value('solar/dc_power'), 1500);
    assert.equal(device.value('solar/energy_produced'), 100_000);
    assert.equal(device.value('inverter/x_fan'), true);
  });

  it('is not measured by another model, whatever lies in its register, and missing in no sum', async () => {
    await start({ 0: '0001', 10: '03e8 ffff', 20: '0064 0000', 30: '0010' });
    assert.deepEqual(sampled('solar/2/dc_power'), [null, 'not_measured']);
    assert.deepEqual(sampled('inverter/x_fan'), [null, 'not_measured']);
    assert.equal(device.value('solar/dc_power'), 1000);
    assert.equal(device.value('solar/energy_produced'), 10_000);
  });

  it('may be refused by another model without being a fault', async () => {
    await start({ 0: '0001', 10: '03e8', 20: '0064' });
    assert.equal(device.value('solar/dc_power'), 1000);
    assert.equal(device.state()?.kind, 'online');
  });

  it('is unknown while the register that tells the model is', async () => {
    await start({ 10: '03e8 01f4', 20: '0001 86a0', 30: '0010' });
    assert.equal(device.value('solar/2/dc_power'), null);
    assert.notEqual(device.sample('solar/2/dc_power')?.reason, 'not_measured');
    assert.deepEqual(sampled('solar/dc_power'), [null, 'partial_inputs']);
    assert.equal(device.value('solar/energy_produced'), null);
  });

  it('follows a device that was exchanged for one of another model', async () => {
    await start({ 0: '0002', 10: '03e8 01f4', 20: '0001 86a0', 30: '0010' });
    device.put({ 0: '0001' });
    await device.cycles(1);
    assert.deepEqual(sampled('solar/2/dc_power'), [null, 'not_measured']);
    assert.equal(device.value('solar/dc_power'), 1000);
  });
});
