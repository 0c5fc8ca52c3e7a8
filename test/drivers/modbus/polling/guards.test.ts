import assert from 'node:assert/strict';
import { inspectProfile } from '../../../../src/drivers/modbus/index.ts';
import { type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';

const profile = (guards: object[]) => ({
  schema: 'profile/1',
  id: 'guarded',
  title: 'Guarded',
  class: 'inverter',
  slowMs: 3_600_000,
  points: [
    { name: 'model', addr: 0, type: 'uint16' },
    { name: 'power', quantity: 'inverter/power', addr: 1, type: 'uint16', unit: 'W' },
    { name: 'far', quantity: 'inverter/temperature', addr: 9, type: 'uint16', unit: 'degC' },
    { name: 'energy', quantity: 'inverter/energy_export', addr: 20, type: 'uint32', unit: 'Wh', group: 'slow' },
  ],
  guards,
});

let device: PolledDevice;

describe('guards', () => {
  afterEach(() => device?.close());

  it('that hold another number leave no value good, wherever it was read', async () => {
    device = await pollDevice(profile([{ point: 'model', is: [103, 113] }]), {
      0: '0067 03e8',
      9: '0019',
      20: '0000 0007',
    });
    await device.cycles(3);
    assert.equal(device.value('inverter/power'), 1000);
    device.put({ 0: '0001' });
    await device.cycles(4);
    for (const path of ['inverter/power', 'inverter/temperature', 'inverter/energy_export'])
      assert.deepEqual([device.value(path), device.sample(path)?.reason], [null, 'modbus_exception']);
    const state = device.state();
    assert.equal(state?.kind, 'degraded');
    assert.match(
      state.reason,
      /unit 1, holding 0 holds 1, not 103 or 113: its registers do not mean what the profile says/,
    );
    device.put({ 0: '0071' });
    await device.cycles(6);
    assert.deepEqual(
      [device.value('inverter/power'), device.value('inverter/energy_export'), device.state()?.kind],
      [1000, 7, 'online'],
    );
  });

  it('that are 0 like everything else are no fault: the device sleeps, and is back by itself', async () => {
    const day = { 0: '0067 03e8', 9: '0019', 20: '0000 0007' };
    device = await pollDevice(profile([{ point: 'model', is: [103] }]), day);
    await device.cycles(2);
    device.put({ 0: '0000 0000', 9: '0000', 20: '0000 0000' });
    await device.cycles(4);
    for (const path of ['inverter/power', 'inverter/temperature', 'inverter/energy_export'])
      assert.deepEqual([device.value(path), device.sample(path)?.reason], [null, 'device_offline']);
    const state = device.state();
    assert.ok(state?.kind === 'offline');
    assert.equal(state.reason, 'unit 1 answers 0 for every register: it sleeps');
    device.put({ 9: '0019' });
    await device.cycles(4);
    assert.equal(device.state()?.kind, 'degraded', 'not everything is 0');
    device.put(day);
    await device.cycles(6);
    assert.deepEqual([device.value('inverter/energy_export'), device.state()?.kind], [7, 'online']);
  });

  it('that cannot be read say nothing', async () => {
    device = await pollDevice(profile([{ point: 'model', is: [103] }]), { 0: '0067 03e8', 9: '0019', 20: '0000 0007' });
    await device.cycles(2);
    device.refuse([0]);
    await device.cycles(6);
    assert.equal(device.value('inverter/temperature'), 25);
  });

  it('have to be numbers that can be read', () => {
    const { mistakes } = inspectProfile(JSON.stringify(profile([{ point: 'modell', is: [1] }])));
    assert.match(mistakes.join(), /guards: "modell" is no number that can be read; did you mean "model"/);
  });
});

describe('a value beyond a number', () => {
  it('is in per cent: power factors come either way', async () => {
    const points = [
      { name: 'a', quantity: 'meter/power_factor', addr: 0, type: 'int16', scale: 0.01, unit: '1', percentAbove: 1.2 },
      { name: 'b', quantity: 'meter/power_factor/l1', addr: 1, type: 'float32', unit: '1', percentAbove: 1.2 },
    ];
    device = await pollDevice({ ...profile([]), points }, { 0: 'da24 3f78 51ec' });
    await device.cycles(1);
    assert.deepEqual([device.value('meter/power_factor'), device.value('meter/power_factor/l1')], [-0.9692, 0.97]);
    device.put({ 0: '005f 42c1 d1ec' });
    await device.cycles(2);
    assert.deepEqual([device.value('meter/power_factor'), device.value('meter/power_factor/l1')], [0.95, 0.9691]);
  });
});

describe('a counter whose type does not tell where it begins again', () => {
  it('has the modulus that the profile gives', async () => {
    const points = [
      { name: 'sf', addr: 2, type: 'int16' },
      {
        name: 'energy',
        quantity: 'meter/energy_import',
        addr: 0,
        type: 'uint32',
        scaleFrom: 'sf',
        unit: 'Wh',
        modulus: 42_949_672_960,
      },
    ];
    device = await pollDevice({ ...profile([]), points }, { 0: '0000 0001 0001' });
    assert.equal(device.driver.describe().channels[0]?.modulus, 42_949_672_960);
  });
});
