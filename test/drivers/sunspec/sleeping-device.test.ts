/** An inverter that switches itself off at night, and a driver that is started while it sleeps. */
import assert from 'node:assert/strict';
import { createFastClock } from '../../support/fast-clock.ts';
import { type DrivenDevice, driveDevice } from '../../support/sunspec/driven-device.ts';
import { commonModel, inverterModel, modulesModel, nameplateModel } from '../../support/sunspec/field-models.ts';
import { until } from '../../support/until.ts';

const day = [commonModel('S-1'), inverterModel(4000), nameplateModel, modulesModel(2000, 2100)];
const dusk = [commonModel('S-1'), inverterModel(4), nameplateModel, modulesModel(2, 2)];

let device: DrivenDevice;
const isOffline = (): boolean => device.states.at(-1)?.kind === 'offline';
const asleepSince = (): number | undefined => {
  const last = device.states.at(-1);
  return last?.kind === 'offline' ? last.asleepSince : undefined;
};

describe('SunSpec: an inverter at night', () => {
  afterEach(() => device.close());

  it('sleeps when it goes silent after dusk, and wakes up by itself', async () => {
    device = await driveDevice(day, { clock: createFastClock(20), intervalMs: 1000 });
    await device.poll(2);
    device.become(dusk);
    await until(() => device.sample('solar/power')?.value === 4, 'dusk');
    await device.server.setFault(1, { kind: 'offline' });
    await until(isOffline, 'offline');
    assert.ok(Number.isFinite(asleepSince()));
    assert.match(JSON.stringify(device.states.at(-1)), /taken as asleep/);
    device.become(day);
    await device.server.setFault(1, { kind: 'none' });
    await until(() => device.sample('solar/power')?.value === 4000, 'the power of the next day');
    assert.equal(device.states.at(-1)?.kind, 'online');
    assert.deepEqual(device.events, [], 'nobody was woken up');
  });

  it('has failed when it goes silent by day', async () => {
    device = await driveDevice(day, { clock: createFastClock(20), intervalMs: 1000 });
    await device.poll(2);
    await device.server.setFault(1, { kind: 'offline' });
    await until(isOffline, 'offline');
    assert.equal(asleepSince(), undefined);
  });

  it('is known while it sleeps, also to a driver that has never heard it', async () => {
    const clock = createFastClock(20);
    const states: object[] = [];
    device = await driveDevice(dusk, { clock, intervalMs: 1000, onSave: (state) => states.push(state) });
    await device.poll(2);
    const known = device.driver.describe();
    await device.server.setFault(1, { kind: 'offline' });
    await until(isOffline, 'offline');
    const since = asleepSince();
    await device.close();
    const saved: unknown = JSON.parse(JSON.stringify(states.at(-1)));

    device = await driveDevice(day, { clock, intervalMs: 1000, isOff: true, saved });
    assert.deepEqual(device.driver.describe(), known);
    await until(isOffline, 'offline again');
    assert.equal(asleepSince(), since);
    await device.server.setFault(1, { kind: 'none' });
    await until(() => device.sample('solar/power')?.value === 4000, 'the power');
    assert.deepEqual(device.driver.describe(), known, 'each channel in its place');
  });

  it('that has lost a string over night tells no value for it', async () => {
    const states: object[] = [];
    device = await driveDevice(day, { onSave: (state) => states.push(state) });
    await device.poll(2);
    await device.close();
    const saved: unknown = JSON.parse(JSON.stringify(states.at(-1)));
    device = await driveDevice([commonModel('S-1'), inverterModel(4000), nameplateModel, modulesModel(2000)], {
      saved,
    });
    await device.poll(2);
    assert.deepEqual(
      [device.sample('solar/2/dc_power')?.value, device.sample('solar/2/dc_power')?.reason],
      [null, 'not_measured'],
    );
  });
});

describe('SunSpec: a unit without a device', () => {
  afterEach(() => device.close());

  it('is told with the unit on which one answers', async () => {
    device = await driveDevice(day, { unit: 3, clock: createFastClock(20) });
    const reasons = (): string => JSON.stringify(device.states);
    await until(() => reasons().includes('enter that unit'), 'the other unit');
    assert.match(reasons(), /unit 3 has no SunSpec device; one answers on unit 1: enter that unit/);
    assert.match(reasons(), /no answer from units 3/, 'at first');
  });
});
