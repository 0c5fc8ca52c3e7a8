import assert from 'node:assert/strict';
import { type Known, SourceChoice } from '../../../../src/drivers/modbus/polling/source-choice.ts';
import { type Contents, type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';
import { until } from '../../../support/until.ts';

/**
 * The meter of a GoodWe GW25K-ET, 36000 to 36057, as marcelblijleven/goodwe has recorded it: the counters of 32 bits
 * at 36015 and 36017 stand at 0.
 */
const goodweMeter: Contents = {
  36000: '0002 0064 000a 0111 0001 ff30 ff5a ff8e fe17 04ad 5eac 7e50 91d8 79a0 1387',
  36015: '0000 0000 0000 0000 ffff ff30 ffff ff5a ffff ff8e ffff fe17 0000 01a5 0000 01b8 0000 014f 0000 04ad',
  36035: 'ffff fe01 ffff fe03 ffff fe40 ffff fa42 0002 0005 0000 0000 0000 0000 0000 0000 0000',
  36052: '08f2 08f8 08f8 0016 0016 0013',
};
/** Where the counters of 64 bits are, what lies between is readable, in steps of 10 Wh. */
const goodweLive: Contents = {
  36058: '0000'.repeat(34),
  36092: '0000 0000 0000 0430 0000 0000 0000 04ed 0000 0000 0000 056e 0000 0000 0000 0de3',
  36108: '0000 0000 0000 0085 0000 0000 0000 0031 0000 0000 0000 0002 0000 0000 0000 000f',
};

const meter = (more: object = {}, ...points: object[]) => ({
  schema: 'profile/1',
  id: 'two-counters',
  title: 'Two counters',
  class: 'meter',
  connection: { timeoutMs: 2000 },
  slowMs: 40,
  points: [
    { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' },
    { name: 'wide', addr: 10, type: 'uint64', unit: 'kWh', scale: 0.01, group: 'slow', nan: ['0xffffffffffffffff'] },
    { name: 'narrow', addr: 30, type: 'float32', unit: 'Wh', group: 'slow' },
    { name: 'energy', quantity: 'meter/energy_import', firstOf: ['wide', 'narrow'] },
    ...points,
  ],
  ...more,
});
const power = { 0: '0064' };
const wide = (text: string): Contents => ({ 10: text });
/** 1500 Wh */
const narrow = { 30: '44bb 8000' };
const nothing = 'ffff ffff ffff ffff';

let device: PolledDevice;
const energy = () => device.value('meter/energy_import');
const slowCycle = () => device.cycles(4);

describe('several sources of one quantity', () => {
  afterEach(() => device.close());

  it('of a GoodWe with dead counters are told by the live ones, and name which ones they are', async () => {
    device = await pollDevice('goodwe-et', { ...goodweMeter, ...goodweLive });
    await device.cycles(1);
    assert.equal(device.value('meter/energy_export'), 35_550);
    assert.equal(device.value('meter/energy_import'), 150);
    assert.match(device.sample('meter/energy_import')?.counterId ?? '', /64/);
  });

  it('of a GoodWe without the live ones are told by the others', async () => {
    device = await pollDevice('goodwe-et', { ...goodweMeter, 36015: '4624 4980 4a46 a2f9' });
    await device.cycles(1);
    assert.equal(device.value('meter/energy_export'), 10_514.375);
    assert.equal(device.value('meter/energy_import'), 3_254_462.25);
    const state = device.state();
    assert.ok(!(state && 'reason' in state && /meter\.energy/.test(state.reason)), JSON.stringify(state));
  });

  it('are asked in their order: the first that is answered, wherever it is found', async () => {
    device = await pollDevice(meter(), { ...power, ...wide('0000 0000 0000 0064'), ...narrow });
    await slowCycle();
    assert.deepEqual([energy(), device.sample('meter/energy_import')?.counterId], [1000, 'wide']);
    assert.equal(device.state()?.kind, 'online');
  });

  it('leave out one that the device refuses, or says nothing of, and it is no fault', async () => {
    for (const missing of [{}, wide(nothing)]) {
      device = await pollDevice(meter(), { ...power, ...narrow, ...missing });
      await slowCycle();
      assert.deepEqual([energy(), device.sample('meter/energy_import')?.counterId], [1500, 'narrow']);
      assert.equal(device.state()?.kind, 'online');
      await device.close();
    }
    device = await pollDevice(meter(), { ...power, ...narrow });
  });

  it('leave out a counter that stands at 0 for one that has counted, and tell 0 where all do', async () => {
    device = await pollDevice(meter(), { ...power, ...wide('0000'.repeat(4)), 30: '0000 0000' });
    await slowCycle();
    assert.equal(energy(), 0);
    device.put(narrow);
    await slowCycle();
    assert.deepEqual([energy(), device.sample('meter/energy_import')?.counterId], [1500, 'narrow']);
  });

  it('stay with the one they have found, whatever the others say later', async () => {
    device = await pollDevice(meter(), { ...power, ...wide(nothing), ...narrow });
    await slowCycle();
    assert.equal(energy(), 1500);
    device.put(wide('0000 0000 0000 0064'));
    await slowCycle();
    assert.equal(energy(), 1500);
    device.put({ 30: '7fc0 0000' });
    await slowCycle();
    assert.deepEqual([energy(), device.sample('meter/energy_import')?.reason], [null, 'sentinel']);
  });

  it('are unknown, and nothing is decided, while the device does not answer', async () => {
    device = await pollDevice(meter(), { ...power, ...wide('0000 0000 0000 0064'), ...narrow });
    await device.fault({ kind: 'dead' });
    await until(() => device.state()?.kind === 'offline', 'offline');
    assert.equal(energy(), null);
    await device.fault({ kind: 'none' });
    await until(() => device.state()?.kind === 'online', 'online');
    await slowCycle();
    assert.equal(device.sample('meter/energy_import')?.counterId, 'wide');
  });

  it('are told as often as they are read', async () => {
    device = await pollDevice(meter({ slowMs: 100_000 }), { ...power, ...wide('0000 0000 0000 0064'), ...narrow });
    const cycles = await device.cycles(5);
    const channel = device.driver.describe().channels.findIndex(({ quantity }) => quantity === 'energy_import');
    assert.equal(energy(), 1000);
    assert.equal(cycles.flatMap(({ samples }) => samples).filter((each) => each.channel === channel).length, 0);
  });
});

describe('the choice among several sources', () => {
  const told = (value: number): Known => ({ kind: 'value', value });
  const refused: Known = { kind: 'absent' };
  const create = () =>
    new SourceChoice(
      ['wide', 'narrow'].map((name) => ({ name, factor: 1, offset: 0, isOptional: true })),
      true,
    );

  it('outlasts a moment in which the device refuses the one that it fell on', () => {
    const choice = create();
    assert.deepEqual(choice.choose([told(5), told(7)]), { value: 5, source: 'wide' });
    for (let poll = 0; poll < 5; poll++)
      assert.deepEqual(choice.choose([refused, told(7)]), { value: 'modbus_exception', source: 'wide' });
    assert.deepEqual(choice.choose([told(6), told(8)]), { value: 6, source: 'wide' });
  });

  it('waits for an earlier one that is silent, and not for ever', () => {
    const choice = create();
    const silent: Known = { kind: 'unknown', reason: 'modbus_timeout' };
    for (let poll = 0; poll < 5; poll++)
      assert.deepEqual(choice.choose([silent, told(7)]), { value: 'modbus_timeout' });
    assert.deepEqual(choice.choose([silent, told(7)]), { value: 7, source: 'narrow' });
  });

  it('falls on the next one where the device goes on refusing it, and stays there', () => {
    const choice = create();
    choice.choose([told(5), told(7)]);
    for (let poll = 0; poll < 5; poll++) choice.choose([refused, told(7)]);
    assert.deepEqual(choice.choose([refused, told(8)]), { value: 8, source: 'narrow' });
    assert.deepEqual(choice.choose([told(6), told(9)]), { value: 9, source: 'narrow' });
  });
});
