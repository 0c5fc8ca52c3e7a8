import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver } from '../../../src/drivers/driver.ts';
import type { LearntRange } from '../../../src/drivers/modbus/device/learnt-ranges.ts';
import { createModbusDriver } from '../../../src/drivers/modbus/driver.ts';
import { RegisterImage } from '../../../src/drivers/modbus/server/register-image.ts';
import type { Bus } from '../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../../../src/drivers/modbus/transport/tcp-link.ts';
import type { Clock } from '../../../src/model/time.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type FaultyServer, startFaultyServer } from '../../../src/simulator/modbus/faulty-server.ts';
import { sinkOf } from '../../support/driver-sink.ts';
import { resolvedOf } from '../../support/modbus/test-profiles.ts';
import { until } from '../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const profile = {
  schema: 'profile/1',
  id: 'test-meter',
  title: 'Acme Test meter',
  vendor: 'Acme',
  class: 'meter',
  limits: { maxGap: 8 },
  slowMs: 200,
  points: [
    { name: 'power', quantity: 'meter/power', addr: 0, type: 'int32', unit: 'W', nan: ['0x80000000'] },
    { name: 'voltage', quantity: 'meter/voltage/l1', addr: 2, type: 'uint16', scale: 0.1, unit: 'V' },
    { name: 'frequency', quantity: 'meter/frequency', addr: 4, type: 'uint16', scale: 0.01, unit: 'Hz' },
    { name: 'energy', quantity: 'meter/energy_import', addr: 6, type: 'uint32', unit: 'Wh', group: 'slow' },
    { name: 'serial', identity: 'serial', addr: 20, type: 'string', len: 4 },
    { name: 'sum', quantity: 'meter/x_sum', sum: ['power', 'power'], unit: 'W' },
  ],
};

const setText = (image: RegisterImage, address: number, text: string): void => {
  const bytes = Buffer.from(text.padEnd(8, '\0'));
  for (let i = 0; i < 4; i++) image.set(address + i, bytes.readUInt16BE(i * 2));
};

describe('Modbus driver', () => {
  let server: FaultyServer;
  let bus: Bus;
  let driver: Driver;
  let image: RegisterImage;
  let cycles: Cycle[];
  let states: DeviceState[];
  let learnt: LearntRange[];

  const fill = (): void => {
    for (const [address, word] of [0, 1500, 2302, 0, 5001, 0, 1, 2].entries()) image.set(address, word);
    setText(image, 20, 'SN-1');
  };

  beforeEach(async () => {
    image = new RegisterImage();
    fill();
    [cycles, states, learnt] = [[], [], []];
    server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, new Map([[1, { holding: image }]]));
    bus = createBus(createTcpLink({ host: '127.0.0.1', port: server.port }, systemClock), systemClock);
  });
  afterEach(async () => {
    await driver.close();
    await bus.close();
    await server.close();
  });

  const start = (): void => {
    const resolved = resolvedOf({ ...profile, connection: { timeoutMs: 150 } });
    driver = createModbusDriver(
      {
        resolved,
        bus,
        unit: 1,
        intervalMs: 50,
        name: 'm1',
        onLearnt: (ranges) => {
          learnt = ranges;
        },
      },
      systemClock,
    );
    driver.start(sinkOf({ state: (state) => states.push(state), cycle: (cycle) => cycles.push(cycle) }));
  };

  /** The last sample of a quantity, by its path. */
  const sample = (path: string) => {
    const { channels } = driver.describe();
    const channel = channels.findIndex(({ quantity, part }) => [quantity, part].filter(Boolean).join('/') === path);
    return cycles.flatMap(({ samples }) => samples).findLast((each) => each.channel === channel);
  };
  const lastValue = (path: string): unknown => sample(path)?.value;
  const isAt =
    (kind: DeviceState['kind']): (() => boolean) =>
    () =>
      states.at(-1)?.kind === kind;

  it('delivers values in the unit of the model, and says who the device is', async () => {
    start();
    await until(isAt('online'), 'online');
    await until(() => lastValue('energy_import') !== undefined, 'a slow value');
    assert.deepEqual(
      ['power', 'voltage/l1', 'frequency', 'energy_import', 'x_sum'].map(lastValue),
      [1500, 230.2, 50.01, 65538, 3000],
    );
    const { vendor, model, serial } = driver.describe();
    assert.deepEqual([vendor, model, serial], ['Acme', 'Test meter', 'SN-1']);
    assert.equal([...driver.inspect().values()][0], '0: 0000 05dc');
  });

  it('asks for slow values less often, and for the identity once', async () => {
    start();
    await until(() => cycles.length >= 12, 'twelve cycles');
    const channel = driver.describe().channels.findIndex(({ quantity }) => quantity === 'energy_import');
    const slow = cycles.filter(({ samples }) => samples.some((each) => each.channel === channel)).length;
    assert.ok(slow >= 2 && slow <= 6, `${slow} of ${cycles.length}`);
  });

  it('gives null with its reason for a sentinel, and leaves the others alone', async () => {
    image.set(0, 0x8000);
    image.set(1, 0);
    start();
    await until(() => sample('power') !== undefined, 'a sample');
    assert.deepEqual([sample('power')?.value, sample('power')?.reason], [null, 'sentinel']);
    assert.equal(lastValue('voltage/l1'), 230.2);
    assert.deepEqual([sample('x_sum')?.value, sample('x_sum')?.reason], [null, 'partial_inputs']);
  });

  it('gives null where a value is outside its range', async () => {
    image.set(4, 9900);
    start();
    await until(() => sample('frequency') !== undefined, 'a sample');
    assert.deepEqual([lastValue('frequency'), sample('frequency')?.reason], [null, 'out_of_range']);
  });

  it('reads around a register the device does not have, and says so', async () => {
    image = new RegisterImage();
    for (const [address, word] of [
      [0, 0],
      [1, 1500],
      [4, 5001],
      [6, 1],
      [7, 2],
    ] as const)
      image.set(address, word);
    setText(image, 20, 'SN-1');
    await server.close();
    server = await startFaultyServer({ host: '127.0.0.1', port: server.port }, new Map([[1, { holding: image }]]));
    start();
    await until(() => lastValue('power') === 1500 && lastValue('frequency') === 50.01, 'the readable values');
    const isNamed = (): boolean => states.some((state) => 'reason' in state && /refuses voltage/.test(state.reason));
    await until(isNamed, 'the refused point is named');
    assert.equal(states.at(-1)?.kind, 'degraded');
    assert.equal(lastValue('voltage/l1'), null);
    const requests = server.requests();
    await until(() => server.requests() > requests + 6, 'further requests');
    assert.equal(lastValue('power'), 1500);
  });

  it('never turns silence into 0: what was not read is null, and the state says why', async () => {
    start();
    await until(isAt('online'), 'online');
    await server.setFault(1, { kind: 'dead' });
    await until(isAt('offline'), 'offline');
    assert.equal(lastValue('power'), null);
    assert.match(String(sample('power')?.reason), /modbus_timeout|device_offline/);
    assert.ok(!driver.inspect().has(0), 'registers of the past are shown as if they were read');
    await server.setFault(1, { kind: 'none' });
    await until(isAt('online'), 'online again');
    assert.equal(lastValue('power'), 1500);
  });

  for (const kind of ['exception', 'garbage', 'offline'] as const)
    it(`survives ${kind}, and recovers by itself`, async () => {
      start();
      await until(isAt('online'), 'online');
      await server.setFault(1, { kind });
      await until(() => states.at(-1)?.kind !== 'online', 'not online');
      assert.equal(lastValue('power'), null);
      await server.setFault(1, { kind: 'none' });
      await until(() => isAt('online')() && lastValue('power') === 1500, 'online again');
    });

  it('remembers a hole it must not read over', async () => {
    image = new RegisterImage();
    for (const [address, word] of [0, 1500, 2302].entries()) image.set(address, word);
    for (const address of [4, 6, 7]) image.set(address, 1);
    setText(image, 20, 'SN-1');
    await server.close();
    server = await startFaultyServer({ host: '127.0.0.1', port: server.port }, new Map([[1, { holding: image }]]));
    start();
    await until(() => learnt.length > 0, 'a learnt range');
    assert.deepEqual(learnt, [{ table: 'holding', from: 3, to: 3 }]);
  });
});

describe('Modbus driver, the rhythm of its polls', () => {
  const intervalMs = 100;
  let time: VirtualClock;
  let driver: Driver;
  /** When each block was asked for, and what ends it. */
  let asked: { at: number; answer(): void }[];

  const start = (clock: Clock): void => {
    const { points, ...head } = profile;
    const resolved = resolvedOf({ ...head, points: points.slice(0, 1) });
    const bus: Bus = {
      attach: () => () => {},
      read: ({ count }) =>
        new Promise((resolve) => asked.push({ at: clock.monotonic(), answer: () => resolve(Buffer.alloc(count * 2)) })),
      write: async () => {},
      reconnectSoon() {},
      health: () => ({ isDead: false, retryMs: 0 }),
      linkState: () => ({ kind: 'open' }),
      onChange: () => () => {},
      onNotice: () => () => {},
      attachedUnit: () => undefined,
      close: async () => {},
    };
    driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'm1' }, clock);
    driver.start(sinkOf({}));
  };
  /** Time passes while every request is answered at once. */
  const passAnswering = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      await time.advanceAsync(1);
      asked.at(-1)?.answer();
    }
    await time.advanceAsync(0);
  };

  beforeEach(() => {
    time = createVirtualClock();
    asked = [];
  });
  afterEach(() => driver.close());

  it('is one poll per interval, at a fixed rate', async () => {
    start(time);
    await passAnswering(1000);
    assert.deepEqual(
      asked.map(({ at }) => at),
      [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000],
    );
  });

  it('is not doubled by a timer that comes a little early', async () => {
    start({ ...time, after: (ms, run) => time.after(Math.max(0, ms - 1), run) });
    await passAnswering(1000);
    const gaps = asked.slice(1).map(({ at }, i) => at - (asked[i]?.at ?? 0));
    assert.ok(gaps.length >= 9, String(gaps));
    assert.ok(
      gaps.every((gap) => gap >= intervalMs - 1),
      String(gaps),
    );
  });

  it('makes up for a slow answer once, at once, and then keeps its rate', async () => {
    start(time);
    await passAnswering(100);
    await time.advanceAsync(250);
    assert.equal(asked.length, 3, 'nothing is asked while an answer is outstanding');
    asked.at(-1)?.answer();
    await passAnswering(250);
    assert.deepEqual(
      asked.slice(2).map(({ at }) => at),
      [200, 350, 400, 500, 600],
    );
  });
});
