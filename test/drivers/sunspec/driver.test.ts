/** The driver of a SunSpec device whose list of models changes, and that is not always there. */
import assert from 'node:assert/strict';
import { createFastClock } from '../../support/fast-clock.ts';
import {
  type DrivenDevice,
  driveDevice,
  driveForHours,
  type ObservedDriver,
} from '../../support/sunspec/driven-device.ts';
import { buildDevice, type ValuedModel } from '../../support/sunspec/valued-device.ts';
import { until } from '../../support/until.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Sun 5', SN: 'S-1', Vr: '1.2' } };
const inverter: ValuedModel = {
  id: 103,
  values: {
    W: 4000,
    W_SF: 0,
    WH: 5000,
    WH_SF: 0,
    Hz: 50,
    Hz_SF: 0,
    PhVphA: 230,
    V_SF: 0,
    AphA: 5,
    A_SF: 0,
    TmpCab: 30,
    Tmp_SF: 0,
    St: 4,
    Evt1: 128,
    Evt2: 0,
  },
};
const strings = (count: number): ValuedModel => ({
  id: 160,
  repeats: count,
  values: {
    DCW_SF: 0,
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`module.${n + 1}.DCW`, 1000 + n])),
  },
});
/** A model without a meaning, by which what follows moves. */
const filler: ValuedModel = { id: 2, values: {} };
const nameplate: ValuedModel = { id: 120, values: { WRtg: 5000, WRtg_SF: 0 } };

let device: ObservedDriver;
const lastOf = (path: string): unknown => device.sample(path)?.value;
const paths = (): string[] => device.paths();
/** @returns wall clock, ms, of the first sample of a quantity */
const firstAt = async (path: string): Promise<number> => {
  await until(() => paths().includes(path), path);
  await device.poll();
  const channel = paths().indexOf(path);
  const first = device.cycles.flatMap(({ samples }) => samples).find((each) => each.channel === channel);
  return first?.ts ?? Number.NaN;
};
const drive = async (...given: Parameters<typeof driveDevice>): Promise<DrivenDevice> => {
  const driven = await driveDevice(...given);
  device = driven;
  return driven;
};

describe('SunSpec: a list of models that changes while it is polled', () => {
  afterEach(() => device.close());

  it('is read anew when models move, and what stayed is polled on in its places', async () => {
    device = await driveDevice([common, inverter, strings(1)]);
    await device.poll(2);
    const before = paths();
    device.become([common, filler, inverter, strings(1)]);
    const from = device.cycles.length;
    await until(
      () => device.cycles.slice(from).some(({ samples }) => samples.some(({ value }) => value === 4000)),
      'the power',
    );
    assert.deepEqual(paths(), before);
    const powers = device.cycles
      .slice(from)
      .flatMap(({ samples }) => samples)
      .filter(({ channel }) => before[channel] === 'solar/power')
      .map(({ value }) => value);
    assert.deepEqual(
      powers.filter((value) => value !== null && value !== 4000),
      [],
      'nothing but the power itself, and no value while the models were not found',
    );
    const told = device.events.map(({ name }) => name);
    assert.deepEqual(told, ['over_temp', 'models_changed'], 'the alarm that goes on is told once');
    assert.deepEqual(device.events.at(-1)?.data?.models, [1, 2, 103, 160]);
    assert.equal(device.driver.describe().serial, 'S-1');
    assert.ok(!device.states.slice(1).some(({ kind }) => kind === 'connecting'));
    await until(() => device.states.at(-1)?.kind === 'online', 'the device is online');
  });

  it('that gets longer shows more strings, behind the channels that were there', async () => {
    device = await driveDevice([common, inverter, strings(1), nameplate]);
    await device.poll(2);
    const before = paths();
    assert.ok(!before.includes('solar/2/dc_power'));
    device.become([common, inverter, strings(2), nameplate]);
    await until(() => paths().includes('solar/2/dc_power'), 'the second string');
    await device.poll();
    assert.deepEqual(paths().slice(0, before.length), before);
    assert.deepEqual(
      [lastOf('solar/1/dc_power'), lastOf('solar/2/dc_power'), lastOf('solar/dc_power')],
      [1000, 1001, 2001],
    );
  });

  it('that loses a model leaves no old value of it', async () => {
    device = await driveDevice([common, inverter, strings(2)]);
    await device.poll(2);
    device.become([common, inverter, filler]);
    await until(() => device.sample('solar/2/dc_power')?.reason === 'not_measured', 'the string is gone');
    await device.poll();
    assert.deepEqual([lastOf('solar/2/dc_power'), lastOf('solar/power')], [null, 4000]);
  });

  it('that loses a model clears the alarms of it', async () => {
    const alarming = { ...strings(1), raw: { 'module.1.DCEvt': '0000 8004' } };
    device = await driveDevice([common, { ...inverter, values: { ...inverter.values, Evt1: 0 } }, alarming]);
    await device.poll(2);
    const alarms = () => device.events.filter(({ state }) => state !== undefined);
    const told = () =>
      alarms().map(({ component, name, state }) => `${component?.type}/${component?.index} ${name} ${state}`);
    assert.deepEqual(told(), ['solar/1 vendor_event active', 'solar/1 arc_detection active']);
    device.events.length = 0;
    device.become([common, { ...inverter, values: { ...inverter.values, Evt1: 0 } }, filler]);
    await until(() => device.sample('solar/1/dc_power')?.reason === 'not_measured', 'the string is gone');
    assert.deepEqual(told(), ['solar/1 vendor_event cleared', 'solar/1 arc_detection cleared']);
  });

  it('that grows at its end is read anew within a minute or so', async () => {
    const grown = driveForHours([common, inverter]);
    device = grown;
    await device.poll(2);
    assert.ok(!paths().includes('solar/1/dc_power'));
    device.become([common, inverter, strings(1)]);
    const changedAt = grown.clock.now();
    assert.ok((await firstAt('solar/1/dc_power')) - changedAt < 130_000);
    assert.equal(lastOf('solar/1/dc_power'), 1000);
  });

  it('is read again from time to time, for points that had no value at first', async () => {
    const asleep = { ...inverter, values: { ...inverter.values, TmpCab: null, DCV: null } };
    device = driveForHours([common, asleep]);
    await device.poll(2);
    assert.ok(!paths().includes('solar/temperature'));
    device.become([common, inverter]);
    await until(() => paths().includes('solar/temperature'), 'the temperature');
    await device.poll();
    assert.equal(lastOf('solar/temperature'), 30);
  });

  it('that could not be read to its end is read again', async () => {
    let isCut = true;
    const { end } = buildDevice([common, inverter]);
    const cut = driveForHours([common, inverter, strings(1)], {
      refuse: (address, count) => (isCut && address + count > end ? 'silent' : undefined),
    });
    device = cut;
    await until(() => device.cycles.length > 1, 'polls');
    assert.deepEqual([lastOf('solar/power'), paths().includes('solar/1/dc_power')], [4000, false]);
    isCut = false;
    const changedAt = cut.clock.now();
    assert.ok((await firstAt('solar/1/dc_power')) - changedAt < 130_000);
  });

  it('that gets shorter, and refuses what it had, is read anew within minutes', async () => {
    let isShort = false;
    const { end } = buildDevice([common, inverter]);
    const shortened = driveForHours([common, inverter, strings(1)], {
      refuse: (address, count) => (isShort && address + count > end ? 2 : undefined),
    });
    device = shortened;
    await firstAt('solar/1/dc_power');
    const before = device.cycles.length;
    isShort = true;
    const changedAt = shortened.clock.now();
    await until(() => device.sample('solar/1/dc_power')?.reason === 'not_measured', 'the string is gone');
    const gone = device.cycles
      .slice(before)
      .flatMap(({ samples }) => samples)
      .find(({ reason }) => reason === 'not_measured');
    assert.ok((gone?.ts ?? 0) - changedAt < 300_000, `after ${(gone?.ts ?? 0) - changedAt} ms`);
    await device.poll();
    assert.deepEqual([lastOf('solar/1/dc_power'), lastOf('solar/power')], [null, 4000]);
  });

  it('does not make a solar inverter of a hybrid whose battery tells nothing for a while', async () => {
    const storage = { ChaState: 50, ChaState_SF: 0 };
    device = driveForHours([common, inverter, { id: 124, values: storage }]);
    await device.poll(2);
    const more = { ...inverter, values: { ...inverter.values, DCW: 4100, DCW_SF: 0 } };
    device.become([common, more, { id: 124, values: {} }]);
    await until(() => paths().some((path) => path.endsWith('/dc_power')), 'the new look');
    assert.ok(paths().includes('inverter/dc_power'));
  });

  it('does not change its choice of a source when a better one appears', async () => {
    const der = (values: Record<string, number>): ValuedModel => ({ id: 701, values: { W_SF: 0, ...values } });
    device = driveForHours([common, inverter, der({})]);
    await device.poll(2);
    assert.equal(lastOf('solar/power'), 4000);
    device.become([common, inverter, der({ W: 1234, Var: 5, Var_SF: 0 })]);
    await until(() => paths().includes('solar/reactive_power'), 'the reactive power');
    await device.poll();
    assert.equal(lastOf('solar/power'), 4000);
  });
});

describe('SunSpec: a device that is not there', () => {
  afterEach(() => device.close());

  it('at the start is offline with a reason, and found when it appears', async () => {
    const { server } = await drive([common, inverter], { clock: createFastClock(20), intervalMs: 1000, isOff: true });
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    const state = device.states.at(-1);
    assert.ok(state?.kind === 'offline');
    assert.match(state.reason, /no connection/);
    assert.ok((state.retryMs ?? 0) > 0);
    assert.deepEqual(device.driver.describe().channels, []);
    await server.setFault(1, { kind: 'none' });
    await until(() => device.states.at(-1)?.kind === 'online', 'online');
    await device.poll();
    assert.equal(lastOf('solar/power'), 4000);
  });

  it('that has no models says what to look at', async () => {
    device = await driveDevice([]);
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    const state = device.states.at(-1);
    assert.match(state?.kind === 'offline' ? state.reason : '', /no model follows the marker at 40002.*switched on/);
  });

  it('that has no value with a meaning lists its models', async () => {
    device = await driveDevice([filler]);
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    assert.match(
      JSON.stringify(device.states.at(-1)),
      /lists the models 2, and tells no value that has a meaning here/,
    );
  });

  it('for a night is offline without an alarm, and comes back with the models that it has then', async () => {
    const { server } = await drive([common, inverter], { clock: createFastClock(20), intervalMs: 1000 });
    await device.poll(2);
    device.events.length = 0;
    await server.setFault(1, { kind: 'offline' });
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    assert.match(JSON.stringify(device.states.at(-1)), /"reason":"unit 1, holding [^"]+"/);
    device.become([common, { ...inverter, values: { ...inverter.values, DCW: 4100, DCW_SF: 0 } }]);
    await server.setFault(1, { kind: 'none' });
    await until(() => paths().includes('solar/dc_power'), 'the new look');
    await device.poll();
    assert.deepEqual([lastOf('solar/power'), lastOf('solar/dc_power')], [4000, 4100]);
    assert.deepEqual(device.events, []);
  });

  it('that answers 0 for everything at night is offline without an alarm, and back by itself', async () => {
    const dark = driveForHours([common, inverter, strings(1)]);
    device = dark;
    await device.poll(2);
    device.events.length = 0;
    const { words } = buildDevice([common, inverter, strings(1)]);
    dark.put(new Map([...words.keys()].map((address) => [address, 0])));
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    const state = device.states.at(-1);
    assert.equal(state?.kind === 'offline' && state.reason, 'unit 1 answers 0 for every register: it sleeps');
    await device.poll(50);
    assert.deepEqual(
      device.cycles.slice(-40).flatMap(({ samples }) => samples.filter(({ value }) => value !== null)),
      [],
    );
    device.become([common, inverter, strings(1)]);
    await until(() => device.states.at(-1)?.kind === 'online', 'online');
    await device.poll();
    assert.deepEqual([lastOf('solar/power'), lastOf('solar/1/dc_power')], [4000, 1000]);
    assert.deepEqual(device.events, []);
  });

  it('is closed while it is looked for', async () => {
    device = await driveDevice([common, inverter]);
    await device.driver.close();
    assert.deepEqual(device.cycles, []);
  });

  it('takes no command, and says why', async () => {
    device = await driveDevice([common, inverter], { isOff: true });
    const order = { actuator: 'inverter', params: {}, limits: {}, startBy: 0, notAfter: 0 };
    await assert.rejects(
      device.driver.apply(order, new AbortController().signal),
      /d1: unit 1 has not shown its SunSpec models yet/,
    );
    assert.deepEqual(device.driver.actuators(), []);
  });
});
