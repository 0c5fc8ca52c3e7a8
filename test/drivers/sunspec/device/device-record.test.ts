/** The knowledge of a device that survives a restart. */
import assert from 'node:assert/strict';
import type { DeviceDescription } from '../../../../src/drivers/driver.ts';
import { DeviceRecord } from '../../../../src/drivers/sunspec/device/device-record.ts';

const description: DeviceDescription = {
  protocol: 'sunspec',
  source: 'sunspec/d1',
  serial: 'S-1',
  facts: { models: [1, 103] },
  channels: [{ type: 'solar', quantity: 'power', unit: 'W', kind: 'gauge', intervalS: 5, maxAgeS: 15, signed: true }],
  components: { solar: { role: 'solar', phases: 3 } },
};
const wish = { unit: 1, choices: { meter_sign: 'import' } };

/** @returns what a device with this state saves, as it comes out of a file */
const savedOf = (asleepSince?: number): { saved: unknown; times: number } => {
  const told: object[] = [];
  const record = new DeviceRecord({ ...wish, onSave: (state) => told.push(state) });
  record.memory.implemented.add('m103.w').add('m103.hz');
  record.memory.chosen.set('solar/power', 'm103');
  record.memory.side = 'solar';
  for (let n = 0; n < 3; n++) record.save(description, asleepSince);
  return { saved: JSON.parse(JSON.stringify(told.at(-1))), times: told.length };
};

describe('SunSpec: the record of a device', () => {
  it('gives back what was saved, which happens when something changes', () => {
    const { saved, times } = savedOf(1000);
    assert.equal(times, 1);
    const record = new DeviceRecord({ ...wish, saved });
    assert.deepEqual(record.description, description);
    assert.deepEqual([...record.memory.implemented].sort(), ['m103.hz', 'm103.w']);
    assert.deepEqual([...record.memory.chosen], [['solar/power', 'm103']]);
    assert.deepEqual([record.memory.side, record.asleepSince], ['solar', 1000]);
    assert.equal(new DeviceRecord({ ...wish, saved: savedOf().saved }).asleepSince, undefined);
  });

  it('is about one device: another wish knows nothing', () => {
    const { saved } = savedOf(1000);
    for (const other of [
      { ...wish, unit: 2 },
      { ...wish, choices: { meter_sign: 'export' } },
      { ...wish, side: 'hybrid' as const },
      { ...wish, extraPoints: [{ name: 'own.1', type: 'sunspec' as const, addr: '103:VA' }] },
    ]) {
      const record = new DeviceRecord({ ...other, saved });
      assert.equal(record.description, undefined);
      assert.deepEqual([record.memory.implemented.size, record.asleepSince], [0, undefined]);
    }
  });

  it('that cannot be read is none, and nothing is saved of a device that has not shown itself', () => {
    for (const saved of [undefined, null, 7, {}, [], { ...(savedOf().saved as object), description: { channels: 1 } }])
      assert.equal(new DeviceRecord({ ...wish, saved }).description, undefined);
    const told: object[] = [];
    new DeviceRecord({ ...wish, onSave: (state) => told.push(state) }).save();
    assert.deepEqual(told, []);
  });
});
