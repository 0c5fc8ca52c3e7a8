import assert from 'node:assert/strict';
import { type Applied, CommandFailure, type Driver } from '../../src/drivers/driver.ts';
import { createModbusDriver } from '../../src/drivers/modbus/driver.ts';
import type { Bus } from '../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../src/drivers/modbus/transport/bus/link-bus.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { createPeerLink, type PeerTransport, type Pymodbus, startPymodbus } from '../support/modbus/pymodbus.ts';
import { resolvedOf } from '../support/modbus/test-profiles.ts';
import { until } from '../support/until.ts';

/** The unit that is told something, and the one that holds the same values encoded by the server itself. */
const [told, model] = [6, 1];

const point = (name: string, addr: number, more: object = {}) => ({
  name,
  addr,
  type: 'uint16',
  access: 'rw',
  ...more,
});
const coil = (name: string, addr: number, writeFc: number) => ({
  ...point(name, addr, { table: 'coil', writeFc }),
  type: 'bool',
});
const set = (name: string, value: number | string = '$power_w') => ({ point: name, value });

/** Each verb of each component writes something else. */
const profileOf = (points: object[], steps: Record<string, object[]>, more: object = {}) => ({
  schema: 'profile/1',
  id: 'peer',
  title: 'Peer',
  class: 'relay',
  connection: { timeoutMs: 300 },
  points: [{ name: 'alive', quantity: 'load/x_alive', addr: 0, type: 'uint16' }, ...points],
  actuators: Object.entries(steps).map(([component, own]) => ({
    component,
    setpoints: { set_power: { params: { power_w: { max: 1e6 } }, steps: own, ...more } },
    fallback: { means: { mode: 'auto' }, steps: own.map((step) => ({ ...step, value: 0 })) },
    settleMs: 400,
  })),
});

describe('orders on pymodbus', () => {
  let server: Pymodbus;
  let bus: Bus;
  let driver: Driver;

  afterEach(async () => {
    await driver.close();
    await bus.close();
    await server.close();
  });

  const open = async (transport: PeerTransport): Promise<void> => {
    server = await startPymodbus(transport);
    bus = createBus(createPeerLink(transport, server), systemClock);
  };
  const use = async (profile: object): Promise<void> => {
    const resolved = resolvedOf(profile);
    driver = createModbusDriver({ resolved, bus, unit: told, intervalMs: 60_000, name: 'b' }, systemClock);
    await until(() => bus.linkState().kind === 'open', 'the link opens');
  };
  const apply = (actuator: string, power_w: number): Promise<Applied> => {
    const notAfter = systemClock.monotonic() + 60_000;
    const order = { actuator, verb: 'set_power', params: { power_w }, limits: {}, startBy: notAfter, notAfter };
    return driver.apply(order, new AbortController().signal);
  };
  /** What the server got, and nothing else. */
  const writes = async (...expected: [functionCode: number, address: number, values: number[]][]): Promise<void> => {
    await until(() => server.writes.length >= expected.length, 'the writes');
    assert.deepEqual(
      server.writes,
      expected.map(([fc, address, values]) => ({ fc, address, values })),
    );
  };
  const failure = async (applying: Promise<Applied>): Promise<CommandFailure> => {
    const outcome = await applying.then(
      (applied) => JSON.stringify(applied),
      (error: unknown) => error,
    );
    assert.ok(outcome instanceof CommandFailure, String(outcome));
    return outcome;
  };

  for (const transport of ['tcp', 'rtu_tcp', 'udp', 'rtu', 'ascii'] as const)
    it(`write with every function over ${transport}, and read back`, async () => {
      await open(transport);
      const points = [
        coil('one', 3, 5),
        coil('several', 17, 15),
        point('single', 10),
        point('multiple', 11, { writeFc: 16 }),
        point('wide', 12, { type: 'int32' }),
      ];
      await use(
        profileOf(points, { load: ['one', 'several', 'single', 'multiple', 'wide'].map((name) => set(name, 1)) }),
      );
      assert.deepEqual(await apply('load', 0), { verified: true, by: 'register' });
      // Neighbours that are written one after the other go in one request.
      await writes([5, 3, [1]], [15, 17, [1]], [6, 10, [1]], [16, 11, [1, 0, 1]]);
    });

  it('encode every type in every order as the server does', async () => {
    await open('tcp');
    const held = server.points.filter(({ type }) => type !== 'string');
    const points = held.map(({ addr, type, wordOrder, byteOrder }, i) =>
      point(`p${i}`, addr, { type, wordOrder, byteOrder, writeFc: 16 }),
    );
    await use(profileOf(points, { load: held.map(({ value }, i) => set(`p${i}`, Number(value))) }));
    assert.deepEqual(await apply('load', 0), { verified: true, by: 'register' });
    bus.attach(model, { timeoutMs: 300, maxInFlight: 1, interRequestMs: 0 });
    for (const { addr, len, ...what } of held) {
      const [own, theirs] = await Promise.all(
        [told, model].map((unit) => bus.read({ unit, table: 'holding', address: addr, count: len })),
      );
      assert.deepEqual(own, theirs, JSON.stringify(what));
    }
  });

  for (const [writeFc, message] of [
    [6, 'unit 6, writing holding 1010: took 49 instead of 50'],
    [16, 'stubborn reads 49 instead of 50'],
  ] as const)
    it(`say that the register took something else than it was told, function ${writeFc}`, async () => {
      await open('tcp');
      await use(profileOf([point('stubborn', 1010, { writeFc })], { load: [set('stubborn')] }));
      const told = await failure(apply('load', 50));
      assert.deepEqual([told.code, told.message], ['READBACK_MISMATCH', message]);
      await writes([writeFc, 1010, [50]]);
    });

  it('say that the device refuses, and write nothing behind that', async () => {
    await open('tcp');
    await use(profileOf([point('refusing', 1020), point('behind', 1030)], { load: [set('refusing'), set('behind')] }));
    const { code, message } = await failure(apply('load', 50));
    assert.equal(code, 'DEVICE_REJECTED');
    assert.match(message, /unit 6, writing holding 1020: exception 3 \(illegal data value\)/);
    await writes([6, 1020, [50]]);
  });

  it('are not verified where the register can only be written', async () => {
    await open('tcp');
    await use(profileOf([point('secret', 1000, { access: 'w' })], { load: [set('secret')] }));
    assert.deepEqual(await apply('load', 50), { verified: false, reason: 'no_readback' });
    await writes([6, 1000, [50]]);
  });

  it('are verified by what they cause, where the register can only be written', async () => {
    await open('tcp');
    const effect = { point: 'shown', value: '$power_w', tolerance: 2, withinMs: 2000 };
    const points = [point('secret', 1000, { access: 'w' }), point('shown', 1011, { access: 'r' })];
    await use(profileOf(points, { load: [set('secret')] }, { effect }));
    assert.deepEqual(await apply('load', 50), { verified: true, by: 'effect' });
  });

  it('fail where the profile takes a write-only register for one that can be read', async () => {
    await open('tcp');
    await use(profileOf([point('secret', 1000)], { load: [set('secret')] }));
    const { code, message } = await failure(apply('load', 50));
    assert.equal(code, 'DEVICE_REJECTED');
    assert.match(message, /illegal data address/);
    await writes([6, 1000, [50]]);
  });

  it('say that a device too slow for its timeout did not answer: what it holds is not known', async () => {
    await open('tcp');
    await use(profileOf([point('slow', 1030)], { load: [set('slow')] }));
    assert.equal((await failure(apply('load', 50))).code, 'TIMEOUT');
    await writes([6, 1030, [50]]);
  });

  it('wait for a slow device as long as its profile says', async () => {
    await open('tcp');
    await use({ ...profileOf([point('slow', 1030)], { load: [set('slow')] }), connection: { timeoutMs: 2000 } });
    assert.deepEqual(await apply('load', 50), { verified: true, by: 'register' });
  });
});
