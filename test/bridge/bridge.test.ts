import assert from 'node:assert/strict';
import { Bridge, type BridgeOptions, type BridgeStatus } from '../../src/bridge/bridge.ts';
import type { Channel, DeviceDescription, Driver, DriverSink, Sample } from '../../src/drivers/driver.ts';
import { checkMessage } from '../../src/model/check.ts';
import type { Event } from '../../src/model/event.ts';
import type { Message } from '../../src/model/message.ts';
import type { Meta } from '../../src/model/meta.ts';
import type { Reading } from '../../src/model/reading.ts';
import { createMemoryJournal } from '../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const channel = (type: string, quantity: string, more: Partial<Channel> = {}): Channel => ({
  type,
  quantity,
  unit: 'W',
  kind: 'gauge',
  intervalS: 1,
  maxAgeS: 30,
  signed: true,
  ...more,
});
const counter = { unit: 'Wh', kind: 'counter', signed: false } as const;
const percent = { unit: '%', signed: false } as const;

/** A driver that says what a test tells it to. */
const createScripted = (channels: Channel[], more: Partial<DeviceDescription> = {}) => {
  let sink: DriverSink | undefined;
  let isClosed = false;
  const description: DeviceDescription = { protocol: 'test', source: 'test/x', channels, components: {}, ...more };
  const driver: Driver = {
    describe: () => description,
    inspect: () => new Map([[0, '0: 0001']]),
    actuators: () => [],
    apply: async () => ({ verified: true, by: 'register' }),
    start(given) {
      sink = given;
    },
    close: async () => {
      isClosed = true;
    },
  };
  return { driver, description, sink: () => sink as DriverSink, isClosed: () => isClosed };
};

describe('a bridge', () => {
  let clock: VirtualClock;
  let bridge: Bridge;
  let said: Message[];
  /** Number of lists in which that was said. */
  let lists: number;
  let events: Event[];
  let statuses: BridgeStatus[];
  let script: ReturnType<typeof createScripted>;

  const start = (channels: Channel[], options: Partial<BridgeOptions> = {}, more: Partial<DeviceDescription> = {}) => {
    script = createScripted(channels, more);
    bridge = new Bridge(
      {
        placement: { device: 'x', site: 'home', gateway: 'gw' },
        driver: script.driver,
        clock,
        journal: createMemoryJournal(),
        ...options,
      },
      {
        readings(messages) {
          assert.ok(messages.length > 0);
          said.push(...messages);
          lists++;
        },
        events: (messages) => events.push(...(messages as unknown as Event[])),
        answer() {},
        status: (status) => statuses.push(status),
      },
    );
    bridge.start();
  };
  const placed = (placement: object): Partial<BridgeOptions> => ({
    placement: { device: 'x', site: 'home', gateway: 'gw', ...placement },
  });
  /** One poll; what the device said, by channel. */
  const poll = (values: Sample['value'][], more: Partial<Sample> = {}): void => {
    script.sink().state({ kind: 'online' });
    const samples = values.map((value, i): Sample => ({ channel: i, value, ts: clock.now(), ...more }));
    script.sink().cycle({ samples, durationMs: 12, errors: [] });
  };
  const readings = (path: string): (Reading & { topic: string })[] =>
    said.filter(({ topic }) => topic === `devices/x/${path}`) as (Reading & { topic: string })[];
  const value = (path: string): unknown => readings(path).at(-1)?.value;
  const ofSchema = <T>(schema: string): T[] => said.filter((message) => message.schema === schema) as T[];

  beforeEach(() => {
    clock = createVirtualClock();
    [said, events, statuses, lists] = [[], [], [], 0];
  });
  afterEach(async () => {
    for (const message of said) {
      const checked = checkMessage(message, { now: clock.now() });
      assert.ok(checked.ok, checked.ok ? '' : checked.reasons.join());
    }
    await bridge.close();
  });

  it('introduces its device before the first reading, and again when more is known of it', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    assert.deepEqual(
      said.map(({ schema }) => schema),
      ['meta/1', 'availability/1', 'reading/1'],
    );
    assert.equal(lists, 1);
    poll([50]);
    assert.equal(ofSchema('meta/1').length, 1);
    script.description.serial = 'SN-1';
    script.sink().described();
    poll([50]);
    const metas = ofSchema<Meta>('meta/1');
    assert.deepEqual([metas.length, metas.at(-1)?.serial, metas.at(-1)?.site], [2, 'SN-1', 'home']);
  });

  it('numbers the readings of each topic, says when and whence', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    clock.advance(1000);
    poll([51]);
    const [first, second] = readings('battery/soc');
    assert.deepEqual([first?.seq, second?.seq], [1, 2]);
    assert.equal(first?.boot, second?.boot);
    assert.deepEqual([second?.ts, second?.source, second?.unit], ['2026-11-23T10:00:01.000Z', 'test/x', '%']);
  });

  it('says once that a value is not there, each time with its reason, never 0', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    poll([null], { reason: 'sentinel' });
    poll([null], { reason: 'sentinel' });
    poll([null], { reason: 'modbus_timeout' });
    poll([52]);
    assert.deepEqual(
      readings('battery/soc').map(({ value: each, quality, reason }) => [each, quality, reason]),
      [
        [50, 'good', undefined],
        [null, 'invalid', 'sentinel'],
        [null, 'invalid', 'modbus_timeout'],
        [52, 'good', undefined],
      ],
    );
  });

  it('says nothing of values that nobody has seen yet while the device is away', () => {
    start([channel('battery', 'soc', percent)]);
    script.sink().state({ kind: 'offline', reason: 'no answer' });
    script.sink().cycle({
      samples: [{ channel: 0, value: null, ts: clock.now(), reason: 'device_offline' }],
      durationMs: 1,
      errors: [],
    });
    assert.equal(readings('battery/soc').length, 0);
    assert.deepEqual(
      ofSchema<{ state: string; reason: string }>('availability/1').map(({ state, reason }) => [state, reason]),
      [['offline', 'no answer']],
    );
  });

  it('says of a good value that it is old, once, with its own time', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    const { ts } = readings('battery/soc')[0] as Reading;
    clock.advance(29_000);
    assert.equal(readings('battery/soc').length, 1);
    clock.advance(60_000);
    const [, stale, ...more] = readings('battery/soc');
    assert.deepEqual([stale?.value, stale?.quality, stale?.ts, stale?.seq, more.length], [50, 'stale', ts, 2, 0]);
    assert.deepEqual([statuses.at(-1)?.kind, bridge.lastReadings()[0]?.quality], ['stale', 'stale']);
    poll([51]);
    assert.equal(statuses.at(-1)?.kind, 'live');
  });

  it('says of each value when it is old, whichever came last and however often the others come', () => {
    const quick = channel('battery', 'power', { maxAgeS: 10 });
    start([channel('battery', 'soc', { ...percent, maxAgeS: 60 }), quick]);
    const tell = (nth: number): void =>
      script.sink().cycle({ samples: [{ channel: nth, value: 5, ts: clock.now() }], durationMs: 1, errors: [] });
    const olds = (path: string): number => readings(path).filter(({ quality }) => quality === 'stale').length;
    poll([50]);
    clock.advance(30_000);
    // Younger, and old before the other one.
    tell(1);
    clock.advance(9000);
    assert.equal(olds('battery/power'), 0);
    clock.advance(3000);
    assert.deepEqual([olds('battery/power'), olds('battery/soc')], [1, 0]);
    for (let second = 0; second < 17; second++) {
      tell(1);
      clock.advance(1000);
    }
    assert.equal(olds('battery/soc'), 0);
    for (let second = 0; second < 4; second++) {
      tell(1);
      clock.advance(1000);
    }
    assert.deepEqual([olds('battery/power'), olds('battery/soc')], [1, 1]);
    clock.advance(12_000);
    assert.deepEqual([olds('battery/power'), olds('battery/soc')], [2, 1]);
  });

  /** Counts the timers that are set from now on. */
  const countTimers = (): (() => number) => {
    let count = 0;
    const { after } = clock;
    clock.after = (ms, run) => {
      count++;
      return after(ms, run);
    };
    return () => count;
  };

  it('sets no clock anew with every message, while values come in time', () => {
    const timers = countTimers();
    start([channel('battery', 'soc', percent)]);
    for (let second = 0; second < 25; second++) {
      poll([50]);
      clock.advance(1000);
    }
    assert.equal(timers(), 1);
    for (let second = 25; second < 35; second++) {
      poll([50]);
      clock.advance(1000);
    }
    assert.equal(timers(), 2, 'once more at the time when the first value would have been old');
  });

  it('sets no clock for a device none of whose values can become old', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    clock.advance(31_000);
    poll([null], { reason: 'sentinel' });
    clock.advance(1000);
    const timers = countTimers();
    clock.advance(3_600_000);
    assert.equal(timers(), 0);
  });

  it('knows the channels that show themselves later, also behind those that are derived', () => {
    start([channel('battery', 'power')]);
    poll([1000]);
    script.description.channels.push(channel('battery', 'soc', percent), channel('meter', 'power'));
    script.sink().described();
    poll([-2000, 50, 300]);
    const last = Object.fromEntries(said.flatMap((each) => (each.schema === 'reading/1' ? [[each.topic, each]] : [])));
    assert.deepEqual(
      Object.values(last as Record<string, Reading>).map((each) => [each.value, each.seq]),
      [
        [-2000, 2],
        [0, 2],
        [2000, 2],
        [50, 1],
        [300, 1],
        [300, 1],
        [0, 1],
      ],
    );
  });

  it('says so in the moment when it is, and counts its age each second', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50]);
    clock.advance(30_000);
    assert.equal(readings('battery/soc').length, 1);
    clock.advance(1);
    assert.equal(readings('battery/soc').length, 2);
    clock.advance(2000);
    const ages = statuses.flatMap((status) => (status.kind === 'stale' ? [status.ageS] : []));
    assert.deepEqual(ages, [30.001, 31.001, 32.001]);
  });

  it('counts the age once a second, also if the value that came last is the first to be old', () => {
    start([channel('battery', 'soc', percent), channel('battery', 'power', { maxAgeS: 10 })]);
    for (const nth of [0, 1])
      script.sink().cycle({ samples: [{ channel: nth, value: 5, ts: clock.now() }], durationMs: 1, errors: [] });
    script.sink().state({ kind: 'online' });
    clock.advance(33_000);
    const ages = statuses.flatMap((status) => (status.kind === 'stale' ? [status.ageS] : []));
    assert.deepEqual(
      ages,
      Array.from({ length: 23 }, (_, second) => (10_001 + 1000 * second) / 1000),
    );
  });

  it('says so in the next moment where a value comes at the end of its time', () => {
    start([channel('battery', 'soc', percent)]);
    poll([50], { ts: clock.now() - 30_000 });
    clock.advance(1);
    assert.deepEqual(
      readings('battery/soc').map(({ quality }) => quality),
      ['good', 'stale'],
    );
  });

  it('believes nothing for long that is old by a clock that was set', () => {
    start([channel('battery', 'energy_charged', { maxAgeS: 7200, unit: 'Wh', kind: 'counter' })]);
    poll([50]);
    clock.jump(7_200_000);
    clock.advance(60_000);
    assert.deepEqual(
      readings('battery/energy_charged').map(({ quality }) => quality),
      ['good', 'stale'],
    );
  });

  it('keeps the sign of a grid meter, and turns that of a meter before a source', () => {
    start(
      [channel('meter', 'power'), channel('meter', 'current', { part: 'l1', unit: 'A' })],
      placed({ role: 'grid' }),
    );
    poll([500, 2]);
    assert.deepEqual([value('meter/power'), value('meter/current/l1')], [500, 2]);
    said.length = 0;
    start(
      [channel('meter', 'power'), channel('meter', 'voltage', { part: 'l1', unit: 'V' })],
      placed({ role: 'solar' }),
    );
    poll([-500, 230]);
    // Import and export are those of its counters: it gives, so it exports.
    assert.deepEqual([value('meter/import_power'), value('meter/export_power')], [0, 500]);
    assert.deepEqual([value('meter/power'), value('meter/voltage/l1')], [500, 230]);
  });

  it('turns a meter that was mounted the wrong way round, with its counters', () => {
    const channels = [channel('meter', 'power'), channel('meter', 'energy_import', counter)];
    start(channels, placed({ role: 'grid', isReversed: true }));
    poll([500, 7]);
    assert.deepEqual([value('meter/power'), value('meter/energy_export')], [-500, 7]);
    assert.deepEqual([value('meter/import_power'), value('meter/export_power')], [0, 500]);
    const [meta] = ofSchema<Meta>('meta/1');
    assert.deepEqual(Object.keys(meta?.components[0]?.quantities ?? {}), [
      'power',
      'energy_export',
      'import_power',
      'export_power',
    ]);
    assert.equal(meta?.components[0]?.quantities.import_power?.signed, false);
  });

  it('says in meta where a counter begins again from 0', () => {
    start([channel('meter', 'power'), channel('meter', 'energy_import', { ...counter, modulus: 65_536 })]);
    poll([500, 7]);
    const [meta] = ofSchema<Meta>('meta/1');
    assert.equal(meta?.components[0]?.quantities.energy_import?.modulus, 65_536);
  });

  it('says which counter it is, where a device has several, and no longer where it has one', () => {
    start([channel('meter', 'energy_import', counter)]);
    poll([1000], { counterId: 'narrow' });
    poll([5000], { counterId: 'wide' });
    poll([5001]);
    assert.deepEqual(
      readings('meter/energy_import').map(({ value: each, counter_id }) => [each, counter_id]),
      [
        [1000, 'narrow'],
        [5000, 'wide'],
        [5001, undefined],
      ],
    );
  });

  it('derives the two directions of a battery, and never says -0', () => {
    start([channel('battery', 'power')]);
    for (const [power, discharging, charging] of [
      [1500, 1500, 0],
      [-800, 0, 800],
      [0, 0, 0],
    ]) {
      poll([power as number]);
      assert.deepEqual([value('battery/discharge_power'), value('battery/charge_power')], [discharging, charging]);
    }
    assert.ok(said.every((message) => !Object.is((message as { value?: unknown }).value, -0)));
    poll([null], { reason: 'sentinel' });
    assert.deepEqual([value('battery/discharge_power'), value('battery/charge_power')], [null, null]);
  });

  it('derives nothing of single phases', () => {
    start([channel('meter', 'power', { part: 'l1' })], placed({ role: 'grid' }));
    poll([500]);
    assert.deepEqual(
      said.filter(({ schema }) => schema === 'reading/1').map(({ topic }) => topic),
      ['devices/x/meter/power/l1'],
    );
  });

  it('does not derive what the device tells itself', () => {
    start([channel('battery', 'power'), channel('battery', 'charge_power', { signed: false })]);
    poll([-800, 790]);
    assert.deepEqual([value('battery/charge_power'), readings('battery/charge_power').length], [790, 1]);
  });

  it('lets nobody read the tag of a person', () => {
    start(
      [channel('ev_charger', 'id_tag', { kind: 'text', signed: false, unit: '' })].map(({ unit: _, ...rest }) => rest),
    );
    poll(['04A1B2C3']);
    assert.match(String(value('ev_charger/id_tag')), /^[0-9a-f]{16}$/);
  });

  it('reports coming and going as events, and every poll only where that was asked for', () => {
    start([channel('battery', 'soc', percent)], { reportsCycles: true }, { vendor: 'Acme' });
    poll([50]);
    poll([50]);
    script.sink().state({ kind: 'degraded', reason: 'half of it' });
    script.sink().state({ kind: 'offline', reason: 'no answer', retryMs: 3000 });
    script.sink().cycle({ samples: [], durationMs: 1, errors: ['no answer'] });
    assert.deepEqual(
      events.map(({ name }) => name),
      ['bridge_online', 'bridge_cycle', 'bridge_cycle', 'bridge_offline', 'bridge_cycle'],
    );
    assert.equal((events[0] as Event & { topic: string }).topic, 'devices/x/event/bridge_online');
    assert.deepEqual(events[0]?.data, { protocol: 'test', points: 1, vendor: 'Acme' });
    assert.deepEqual(events[1]?.data, { points: 1, duration_s: 0.012, errors: [] });
    assert.deepEqual(statuses.at(-1), { kind: 'offline', reason: 'no answer', retryS: 3 });
  });

  it('counts what is good for its status', () => {
    start([channel('battery', 'soc', percent), channel('battery', 'power')]);
    poll([50, null], { reason: 'sentinel' });
    assert.deepEqual(statuses.at(-1), { kind: 'live', points: 1, durationS: 0.012 });
    poll([50, 100]);
    // The power, and its two directions.
    assert.deepEqual(statuses.at(-1), { kind: 'live', points: 4, durationS: 0.012 });
  });

  it('says how its device is once for each change, and connects before that', () => {
    start([channel('battery', 'soc', percent)]);
    script.sink().state({ kind: 'connecting' });
    assert.deepEqual(statuses, [{ kind: 'connecting' }]);
    assert.deepEqual(
      said.map(({ schema }) => schema),
      ['meta/1'],
    );
    script.sink().state({ kind: 'connecting' });
    assert.equal(said.length, 1);
    poll([50]);
    script.sink().described();
    poll([50]);
    script.sink().state({ kind: 'degraded', reason: 'x'.repeat(300) });
    script.sink().cycle({ samples: [], durationMs: 1, errors: [] });
    script.sink().state({ kind: 'degraded', reason: 'x'.repeat(300) });
    script.sink().cycle({ samples: [], durationMs: 1, errors: [] });
    assert.deepEqual(
      ofSchema<{ state: string; reason?: string }>('availability/1').map(({ state, reason }) => [
        state,
        reason?.length,
      ]),
      [
        ['online', undefined],
        ['degraded', 256],
      ],
    );
    const { topic } = said.find(({ schema }) => schema === 'availability/1') ?? {};
    assert.equal(topic, 'devices/x/availability');
    const degraded = statuses.at(-1);
    assert.deepEqual(degraded, { kind: 'degraded', points: 1, reason: 'x'.repeat(300) });
    script.sink().state({ kind: 'offline', reason: 'gone' });
    script.sink().cycle({ samples: [], durationMs: 1, errors: [] });
    assert.deepEqual(statuses.at(-1), { kind: 'offline', reason: 'gone' });
  });

  it('closes its driver when it is closed', async () => {
    start([channel('battery', 'soc', percent)]);
    await bridge.close();
    assert.ok(script.isClosed());
  });

  it('shows for each topic what was on the wire, and nothing for what was not there yet', () => {
    start([channel('battery', 'soc', percent), channel('battery', 'power')]);
    assert.deepEqual(bridge.wireValues(), { 'devices/x/battery/soc': '0: 0001' });
  });
});
