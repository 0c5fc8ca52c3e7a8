import assert from 'node:assert/strict';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';

const hybrid = (more: object = {}, ...points: object[]) => ({
  schema: 'profile/1',
  id: 'sleeper',
  title: 'Sleeper',
  class: 'hybrid',
  slowMs: 40,
  points: [
    { name: 'power', quantity: 'inverter/power', addr: 0, type: 'int16', unit: 'W', nan: ['0xffff'] },
    { name: 'voltage', quantity: 'inverter/voltage/l1', addr: 1, type: 'uint16', scale: 0.1, unit: 'V' },
    { name: 'frequency', quantity: 'inverter/frequency', addr: 2, type: 'uint16', scale: 0.01, unit: 'Hz' },
    { name: 'soc', quantity: 'battery/soc', addr: 3, type: 'uint16', unit: '%' },
    {
      name: 'status',
      quantity: 'inverter/status',
      addr: 4,
      type: 'uint16',
      enum: { 0: 'off', 1: 'running', 7: 'fault' },
    },
    { name: 'energy', quantity: 'solar/energy_produced', addr: 10, type: 'uint32', unit: 'Wh', group: 'slow' },
    { name: 'import', quantity: 'meter/energy_import', addr: 12, type: 'uint32', unit: 'Wh', group: 'slow' },
    ...points,
  ],
  ...more,
});
const awake: Contents = { 0: '03e8 08fc 1388 0032 0001', 10: '0001 e240 0000 0000' };

let device: PolledDevice;
const reasons = (...paths: string[]) => paths.map((path) => [device.value(path), device.sample(path)?.reason]);

describe('what a device cannot mean', () => {
  afterEach(() => device.close());

  it('awake, 0 is a value: of a power as of a counter', async () => {
    device = await pollDevice(hybrid(), awake);
    device.put({ 0: '0000' });
    await device.cycles(4);
    assert.deepEqual(
      ['inverter/power', 'inverter/voltage/l1', 'meter/energy_import', 'inverter/status'].map(device.value),
      [0, 230, 0, 'running'],
    );
  });

  it('asleep, it answers 0 for everything, and nothing of that is told', async () => {
    device = await pollDevice(hybrid(), awake);
    await device.cycles(4);
    assert.equal(device.value('solar/energy_produced'), 123_456);
    device.put({ 0: '0000'.repeat(5), 10: '0000'.repeat(4) });
    await device.cycles(4);
    const none = [null, 'sentinel'];
    assert.deepEqual(
      reasons('solar/energy_produced', 'inverter/power', 'inverter/voltage/l1', 'battery/soc', 'inverter/status'),
      [none, none, none, none, none],
    );
    device.put(awake);
    await device.cycles(4);
    assert.deepEqual(['solar/energy_produced', 'inverter/power', 'battery/soc', 'inverter/status'].map(device.value), [
      123_456,
      1000,
      50,
      'running',
    ]);
  });

  it('without the grid it still has a state of charge: 0 W is told, a counter that falls to 0 is not', async () => {
    device = await pollDevice(hybrid(), awake);
    device.put({ 0: '0000 0000 0000 0032 0000', 10: '0000'.repeat(4) });
    await device.cycles(4);
    assert.deepEqual(reasons('inverter/power', 'battery/soc', 'solar/energy_produced'), [
      [0, undefined],
      [50, undefined],
      [null, 'sentinel'],
    ]);
  });

  it('the profile can name what is never 0 while the device works', async () => {
    const bus = { name: 'bus', addr: 6, type: 'uint16', scale: 0.1, unit: 'V' };
    device = await pollDevice(hybrid({ alive: ['bus'] }, bus), { ...awake, 6: '0000', 10: '0000'.repeat(4) });
    await device.cycles(4);
    assert.deepEqual(reasons('solar/energy_produced', 'inverter/power'), [
      [null, 'sentinel'],
      [1000, undefined],
    ]);
    device.put({ 6: '0e74' });
    await device.cycles(4);
    assert.equal(device.value('solar/energy_produced'), 0);
  });

  it('0xffff of a signed register is nothing where the profile says so, on one side only', async () => {
    device = await pollDevice(hybrid(), { ...awake, 0: 'ffff' });
    await device.cycles(1);
    assert.deepEqual(reasons('inverter/power'), [[null, 'sentinel']]);
    for (const [word, watts] of Object.entries({ fffe: -2, '7fff': 32_767, 8000: -32_768 })) {
      device.put({ 0: word });
      await device.cycles(1);
      assert.equal(device.value('inverter/power'), watts);
    }
  });

  it('a value is void while another says so, and while nobody knows', async () => {
    const points = [
      { name: 'meter.state', addr: 7, type: 'uint16', nan: ['0xffff'] },
      {
        name: 'grid',
        quantity: 'meter/power',
        addr: 20,
        type: 'int16',
        unit: 'W',
        voidWhile: { point: 'meter.state', is: [0] },
      },
      { name: 'a', addr: 21, type: 'int16', unit: 'W', voidWhile: { point: 'status', is: ['fault'] } },
      { name: 'total', quantity: 'load/power', sum: ['a'], unit: 'W' },
    ];
    device = await pollDevice(hybrid({}, ...points), { ...awake, 7: '0001', 20: '0064 00c8' });
    await device.cycles(1);
    assert.deepEqual(reasons('meter/power', 'load/power'), [
      [100, undefined],
      [200, undefined],
    ]);
    device.put({ 7: '0000', 4: '0007' });
    await device.cycles(1);
    assert.deepEqual(reasons('meter/power', 'load/power'), [
      [null, 'sentinel'],
      [null, 'partial_inputs'],
    ]);
    device.put({ 7: 'ffff', 4: '0001' });
    await device.cycles(1);
    assert.deepEqual(reasons('meter/power', 'load/power'), [
      [null, 'sentinel'],
      [200, undefined],
    ]);
  });
});
