import assert from 'node:assert/strict';
import { Bridge } from '../../../src/bridge/bridge.ts';
import type { Actuator, Applied, Channel, Driver, DriverSink, Order } from '../../../src/drivers/driver.ts';
import { CommandFailure } from '../../../src/drivers/driver.ts';
import type { Response } from '../../../src/model/command.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Message } from '../../../src/model/message.ts';
import type { Meta } from '../../../src/model/meta.ts';
import type { Reading } from '../../../src/model/reading.ts';
import { isoTime } from '../../../src/model/time.ts';
import { incomingCommand } from '../../support/bridge/incoming-command.ts';
import { createMemoryJournal } from '../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const channel = (index: number, quantity: string): Channel => ({
  type: 'ev_charger',
  index,
  quantity,
  unit: quantity === 'soc' ? '%' : 'W',
  kind: 'gauge',
  intervalS: 10,
  maxAgeS: 35,
  signed: true,
});
const action = { kind: 'action' as const, params: {}, maxLeaseS: 0 };
const common = {
  minWriteIntervalMs: 0,
  latencyS: 1,
  verifyS: 30,
  verification: 'effect' as const,
  isPersistent: false,
};
const actions = (index: number): Actuator => ({
  key: `actions/${index}`,
  type: 'ev_charger',
  index,
  verbs: { start: action, unlock: action },
  ...common,
});
const limit = (index: number): Actuator => ({
  key: `limit/${index}`,
  type: 'ev_charger',
  index,
  verbs: { pause: { kind: 'setpoint', params: {}, maxLeaseS: 3600 } },
  fallback: { means: { current_a: 6 } },
  ...common,
});

describe('a device that grows and acts, at a bridge', () => {
  let clock: VirtualClock;
  let bridge: Bridge;
  let sink: DriverSink;
  let said: Message[];
  let events: Event[];
  let responses: Response[];
  let orders: { order: Order; done(applied: Applied | CommandFailure): void }[];
  let channels: Channel[];
  let actuators: Actuator[];

  beforeEach(() => {
    clock = createVirtualClock();
    [said, events, responses, orders] = [[], [], [], []];
    channels = [channel(1, 'power')];
    actuators = [actions(1)];
    const driver: Driver = {
      describe: () => ({ protocol: 'test', source: 'test/x', channels, components: {} }),
      inspect: () => new Map(),
      actuators: () => actuators,
      apply: (order) =>
        new Promise((resolve, reject) =>
          orders.push({ order, done: (applied) => (applied instanceof Error ? reject(applied) : resolve(applied)) }),
        ),
      start(given) {
        sink = given;
        given.state({ kind: 'online' });
      },
      close: async () => {},
    };
    const placement = { device: 'x', site: 'home', gateway: 'gw' };
    bridge = new Bridge(
      { placement, driver, clock, journal: createMemoryJournal() },
      {
        readings: (messages) => said.push(...messages),
        events: (messages) => events.push(...(messages as unknown as Event[])),
        answer: (response) => responses.push(response),
        status() {},
      },
    );
    bridge.start();
  });
  afterEach(() => bridge.close());

  const send = (id: string, verb: string, component = 'ev_charger/1'): void =>
    bridge.onCommand(
      incomingCommand(`devices/x/${component}/command/${verb}`, {
        schema: 'command/1',
        id,
        ts: isoTime(clock.now()),
        params: {},
        ttl_s: 10,
        lease_s: 60,
        requester: 't',
      }),
    );
  const outcome = (id: string): Response | undefined =>
    responses.findLast((each) => each.id === id && each.status !== 'accepted');
  const readings = (path: string): Reading[] =>
    said.filter(({ topic }) => topic === `devices/x/${path}`) as unknown as Reading[];

  it('carries out every action, at once, none in the place of another', async () => {
    for (const id of ['a', 'b']) send(id, 'start');
    await clock.advanceAsync(0);
    assert.equal(orders.length, 2);
    orders[1]?.done({ verified: true, by: 'effect' });
    orders[0]?.done({ verified: false, reason: 'no_session' });
    await clock.advanceAsync(0);
    assert.deepEqual([outcome('a')?.status, outcome('a')?.reason], ['completed', 'no_session']);
    assert.deepEqual([outcome('b')?.status, outcome('b')?.verified], ['completed', true]);
  });

  it('answers with what an action found out', async () => {
    send('a', 'unlock');
    orders[0]?.done({ verified: true, by: 'effect', values: { status: 'unlocked' } });
    await clock.advanceAsync(0);
    assert.deepEqual(outcome('a')?.applied, { status: 'unlocked' });
  });

  it('tells what became of an action that failed', async () => {
    send('a', 'unlock');
    orders[0]?.done(new CommandFailure('DEVICE_REJECTED', 'x'.repeat(1025)));
    await clock.advanceAsync(0);
    const { status, code, message } = outcome('a') ?? {};
    assert.deepEqual([status, code, message], ['failed', 'DEVICE_REJECTED', 'x'.repeat(1024)]);
  });

  it('takes no more than it can follow', () => {
    for (let i = 0; i < 17; i++) send(`a${i}`, 'start');
    assert.deepEqual([orders.length, outcome('a16')?.code], [16, 'INTERLOCK']);
  });

  it('a setting whose time is over while it waits is not written any more', async () => {
    actuators = [{ ...actions(1), key: 'settings/1', verbs: { set_availability: { ...action, kind: 'config' } } }];
    sink.described();
    for (const id of ['a', 'b']) send(id, 'set_availability');
    await clock.advanceAsync(10_000);
    orders[0]?.done({ verified: true, by: 'register' });
    await clock.advanceAsync(0);
    assert.deepEqual(
      [outcome('a')?.status, outcome('b')?.status, outcome('b')?.code],
      ['completed', 'expired', 'EXPIRED'],
    );
    assert.equal(orders.length, 1);
  });

  it('answers nothing after its bridge was closed, however an action ends', async () => {
    for (const id of ['a', 'b']) send(id, 'start');
    await bridge.close();
    orders[0]?.done({ verified: true, by: 'effect' });
    orders[1]?.done(new CommandFailure('DEVICE_REJECTED', 'Rejected'));
    await clock.advanceAsync(0);
    assert.deepEqual([outcome('a'), outcome('b')], [undefined, undefined]);
  });

  it('answers nothing after its bridge was closed, however a setting ends, and writes no further one', async () => {
    actuators = [{ ...actions(1), key: 'settings/1', verbs: { set_availability: { ...action, kind: 'config' } } }];
    sink.described();
    for (const id of ['a', 'b']) send(id, 'set_availability');
    await bridge.close();
    orders[0]?.done({ verified: true, by: 'register' });
    await clock.advanceAsync(0);
    assert.deepEqual([orders.length, outcome('a'), outcome('b')], [1, undefined, undefined]);
  });

  it('takes another action once one is over', async () => {
    for (let i = 0; i < 16; i++) send(`a${i}`, 'start');
    orders[3]?.done({ verified: true, by: 'effect' });
    await clock.advanceAsync(0);
    send('next', 'start');
    assert.equal(orders.length, 17);
  });

  it('says in meta that an action needs no lease', () => {
    const meta = bridge.meta() as Meta;
    assert.deepEqual(meta.components[0]?.commands?.start, {
      kind: 'action',
      params: {},
      lease: { required: false },
      latency_s: 1,
      verify_s: 30,
      verification: 'effect',
    });
  });

  it('takes up channels that come later, and leaves the others as they are', () => {
    const sample = { ts: clock.now(), value: 7 };
    sink.cycle({ samples: [{ channel: 0, ...sample }], durationMs: 0, errors: [] });
    channels = [...channels, channel(2, 'power'), channel(2, 'soc')];
    sink.described();
    const samples = [0, 1, 2].map((each) => ({ channel: each, ...sample }));
    sink.cycle({ samples, durationMs: 0, errors: [] });
    assert.deepEqual(
      readings('ev_charger/1/power').map(({ seq }) => seq),
      [1, 2],
    );
    assert.equal(readings('ev_charger/2/power').length, 1);
    const meta = said.findLast(({ schema }) => schema === 'meta/1') as unknown as Meta;
    assert.deepEqual(
      meta.components.map(({ index, quantities }) => [index, Object.keys(quantities)]),
      [
        [1, ['power']],
        [2, ['power', 'soc']],
      ],
    );
    clock.advance(40_000);
    assert.deepEqual(
      ['ev_charger/1/power', 'ev_charger/2/soc'].map((path) => readings(path).at(-1)?.quality),
      ['stale', 'stale'],
    );
  });

  it('commands what can be commanded later', async () => {
    send('early', 'pause');
    assert.equal(outcome('early')?.code, 'UNSUPPORTED');
    actuators = [...actuators, limit(1), actions(2)];
    sink.described();
    send('late', 'pause');
    send('second', 'start', 'ev_charger/2');
    assert.deepEqual(
      orders.map(({ order }) => order.actuator),
      ['limit/1', 'actions/2'],
    );
  });

  it('says that a value was concluded', () => {
    const samples = [{ channel: 0, value: 0, ts: clock.now(), isEstimated: true }];
    sink.cycle({ samples, durationMs: 0, errors: [] });
    assert.deepEqual(
      readings('ev_charger/1/power').map(({ value, quality }) => [value, quality]),
      [[0, 'estimated']],
    );
  });

  it('tells what happened to a component, under the name it was given', () => {
    const component = { type: 'ev_charger', index: 1 };
    sink.event({ component, name: 'session_ended', severity: 'info', id: 'same', data: { energy_wh: 5 } });
    const [event] = events.slice(-1) as (Event & { topic: string })[];
    assert.deepEqual(
      [event?.topic, event?.id, event?.data],
      ['devices/x/ev_charger/1/event/session_ended', 'same', { energy_wh: 5 }],
    );
  });
});
