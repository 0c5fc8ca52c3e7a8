/** Samples of answers and failures, poll by poll. */
import assert from 'node:assert/strict';
import { PointValues } from '../../../../src/drivers/modbus/device/point-values.ts';
import { layoutOf } from '../../../../src/drivers/modbus/device/profile-layout.ts';
import { ModbusFailure } from '../../../../src/drivers/modbus/failures.ts';
import { planBlocks } from '../../../../src/drivers/modbus/polling/compiled-block.ts';
import { createPolledBlocks } from '../../../../src/drivers/modbus/polling/polled-block.ts';
import { Sampler } from '../../../../src/drivers/modbus/polling/sampler.ts';
import { openProfile } from '../../../../src/drivers/modbus/profiles/library.ts';
import { pathOf } from '../../../../src/drivers/modbus/profiles/point.ts';

const profile = {
  schema: 'profile/1',
  id: 'inline',
  title: 'Inline',
  class: 'hybrid',
  points: [
    { name: 'voltage', quantity: 'inverter/voltage/l1', addr: 0, type: 'uint16', unit: 'V' },
    { name: 'frequency', quantity: 'inverter/frequency', addr: 10, type: 'uint16', unit: 'Hz' },
    { name: 'soc', quantity: 'battery/soc', addr: 20, type: 'uint16', unit: '%' },
    { name: 'one', quantity: 'solar/1/dc_power', addr: 30, type: 'uint16', unit: 'W', nan: ['0xffff'], optional: true },
    { name: 'two', quantity: 'solar/2/dc_power', addr: 31, type: 'uint16', unit: 'W', nan: ['0xffff'], optional: true },
    { name: 'pv', quantity: 'solar/dc_power', sum: ['one', 'two'], unit: 'W', zeroWhile: { point: 'soc', min: 0 } },
    { name: 'connected', addr: 40, type: 'uint16' },
    {
      name: 'meter',
      quantity: 'meter/power',
      addr: 50,
      type: 'int16',
      unit: 'W',
      voidWhile: { point: 'connected', is: [0] },
    },
    { name: 'wide', addr: 60, type: 'uint32', unit: 'Wh' },
    { name: 'narrow', addr: 70, type: 'uint16', unit: 'Wh' },
    { name: 'import', quantity: 'meter/energy_import', firstOf: ['wide', 'narrow'] },
    { name: 'export', quantity: 'meter/energy_export', sum: ['left', 'right'], unit: 'Wh' },
    { name: 'left', addr: 80, type: 'uint16', unit: 'Wh' },
    { name: 'right', addr: 81, type: 'uint16', unit: 'Wh' },
    { name: 'produced', quantity: 'solar/energy_produced', addr: 90, type: 'uint16', unit: 'Wh', group: 'slow' },
    { name: 'today', quantity: 'solar/energy_produced_today', addr: 95, type: 'uint16', unit: 'Wh', group: 'slow' },
  ],
};

const timeout = new ModbusFailure('timeout', 'no answer');

const create = () => {
  const opened = openProfile({ inline: JSON.stringify(profile) });
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  const layout = layoutOf(opened.value);
  const values = new PointValues(layout);
  const refused = new Set<string>();
  const sampler = new Sampler({ layout, values, absent: refused });
  const plan = planBlocks(layout, [], undefined);
  const blocks = createPolledBlocks([...plan.fast, ...plan.slow], 1);
  const blockOf = (name: string) =>
    blocks.find(({ block }) => block.points.some((point) => point.name === name)) as (typeof blocks)[number];
  const channelOf = (path: string): number =>
    [...layout.channelPoints, ...layout.derived.map(({ point }) => point)].findIndex(
      ({ target }) => pathOf(target) === path,
    );
  return {
    refused,
    /** One poll: the words of each block by its first point; those not named are not read, an Error is a failure. */
    poll(answers: Record<string, string | ModbusFailure>) {
      const read = Object.entries(answers).map(([name, answer]) => ({ polled: blockOf(name), answer }));
      for (const { polled, answer } of read) {
        const { block, last } = polled;
        if (typeof answer !== 'string') {
          values.fail(block.points, answer);
          polled.isKnown = false;
          continue;
        }
        Buffer.from(answer.replace(/ /g, ''), 'hex').copy(last);
        polled.isKnown = true;
        values.decode({ table: block.decodeTable, texts: block.texts, address: block.address }, last);
      }
      const of = (group: 'fast' | 'slow') => blocks.filter(({ block }) => block.points[0]?.group === group);
      sampler.settle(of('fast'), of('slow'));
    },
    told(path: string): unknown {
      const channel = channelOf(path);
      const sample =
        channel < layout.channelPoints.length
          ? sampler.sample(channel, 0)
          : sampler.sampleDerived(() => true, 0).find((each) => each.channel === channel);
      return sample?.value ?? sample?.reason;
    },
  };
};
const awake = {
  voltage: '00e6',
  frequency: '0032',
  soc: '0037',
  one: '0064 00c8',
  connected: '0001',
  meter: '0064',
  wide: '0000 03e8',
  narrow: '01f4',
  left: '0001 0002',
  produced: '0005',
  today: '0003',
};

describe('a sampler', () => {
  let device: ReturnType<typeof create>;
  beforeEach(() => {
    device = create();
    device.poll(awake);
  });

  it('tells values, sums and the first source', () =>
    assert.deepEqual(
      ['solar/dc_power', 'meter/power', 'meter/energy_import', 'meter/energy_export'].map(device.told),
      [300, 100, 1000, 3],
    ));

  it('makes 0 of nothing only while what proves it was read, and says so', () => {
    device.poll({ one: 'ffff ffff' });
    assert.equal(device.told('solar/dc_power'), 0);
    device.poll({ soc: timeout });
    assert.equal(device.told('solar/dc_power'), 'sentinel');
    // Asleep, and without strings.
    device = create();
    for (const name of ['one', 'two']) device.refused.add(name);
    device.poll({ voltage: '0000', frequency: '0000', soc: '0000' });
    assert.equal(device.told('solar/dc_power'), 'sentinel');
    device.poll({ voltage: '00e6', frequency: '0032', soc: '0000' });
    assert.equal(device.told('solar/dc_power'), 0);
  });

  it('tells what another point makes void only where that one was read, or was never there', () => {
    device.poll({ connected: '0000' });
    assert.equal(device.told('meter/power'), 'sentinel');
    device.poll({ connected: timeout });
    assert.equal(device.told('meter/power'), 'modbus_timeout');
    device.refused.add('connected');
    assert.equal(device.told('meter/power'), 'modbus_timeout');
    const { connected: _, ...others } = awake;
    device = create();
    device.refused.add('connected');
    device.poll(others);
    assert.equal(device.told('meter/power'), 100);
  });

  it('sleeps where all that was read of what is never 0 is 0, whatever was not read', () => {
    device.poll({ voltage: '0000', frequency: timeout, left: '0000 0000', produced: '0000' });
    assert.deepEqual(['solar/energy_produced', 'meter/energy_export'].map(device.told), ['sentinel', 'sentinel']);
    device.poll({ frequency: '0032' });
    assert.deepEqual(['solar/energy_produced', 'meter/energy_export'].map(device.told), [0, 0]);
    device.poll({ voltage: timeout, frequency: timeout });
    assert.deepEqual(['solar/energy_produced', 'meter/energy_export'].map(device.told), [0, 0]);
  });

  it('takes a 0 for nothing only in blocks of nothing but 0, and only where everything fast is 0', () => {
    const dark = { voltage: '0000', frequency: '0000', one: '0000 0000', connected: '0000', meter: '0000' };
    device.poll(dark);
    assert.deepEqual(['solar/1/dc_power', 'solar/dc_power', 'battery/soc'].map(device.told), [0, 0, 55]);
    device.poll({ ...dark, soc: '0000', wide: '0000 0000', narrow: '0000', left: '0000 0000', produced: '0000' });
    assert.deepEqual(['solar/1/dc_power', 'solar/dc_power', 'battery/soc'].map(device.told), [
      'sentinel',
      'partial_inputs',
      'sentinel',
    ]);
    assert.deepEqual(['solar/energy_produced', 'solar/energy_produced_today'].map(device.told), ['sentinel', 3]);
    device.poll({ ...awake, produced: '0000' });
    assert.deepEqual(['solar/1/dc_power', 'solar/energy_produced'].map(device.told), [100, 0]);
  });
});
