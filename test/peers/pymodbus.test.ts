import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver } from '../../src/drivers/driver.ts';
import { createModbusDriver } from '../../src/drivers/modbus/driver.ts';
import type { Bus } from '../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../src/drivers/modbus/transport/bus/link-bus.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { sinkOf } from '../support/driver-sink.ts';
import {
  createPeerLink,
  type HeldPoint,
  type PeerTransport,
  type Pymodbus,
  startPymodbus,
} from '../support/modbus/pymodbus.ts';
import { resolvedOf } from '../support/modbus/test-profiles.ts';
import { until } from '../support/until.ts';

type Table = 'holding' | 'input' | 'coil' | 'discrete';

interface Device {
  driver: Driver;
  cycles: Cycle[];
  states: DeviceState[];
}

const pointsOf = (held: HeldPoint[], table: Table): object[] =>
  held.map(({ addr, type, len, wordOrder, byteOrder }, i) => ({
    name: `p${i}`,
    quantity: `meter/x_p${i}`,
    table,
    addr,
    type,
    ...(type === 'string' ? { len, byteOrder } : { wordOrder, byteOrder }),
  }));

const bitsOf = (table: Table): object[] =>
  Array.from({ length: 48 }, (_, i) => ({ name: `b${i}`, quantity: `meter/x_b${i}`, table, addr: i, type: 'bool' }));

describe('devices on pymodbus', () => {
  let server: Pymodbus;
  let bus: Bus;
  let devices: Device[];

  beforeEach(() => {
    devices = [];
  });
  afterEach(async () => {
    for (const { driver } of devices) await driver.close();
    await bus.close();
    await server.close();
  });

  const open = async (transport: PeerTransport): Promise<void> => {
    server = await startPymodbus(transport);
    bus = createBus(createPeerLink(transport, server), systemClock);
  };
  const add = (unit: number, points: object[], intervalMs = 200): Device => {
    const connection = { timeoutMs: 300 };
    const profile = { schema: 'profile/1', id: 'peer', title: 'Peer', class: 'meter', connection, points };
    const resolved = resolvedOf(profile);
    const options = { resolved, bus, unit, intervalMs, name: `u${unit}` };
    const device: Device = { driver: createModbusDriver(options, systemClock), cycles: [], states: [] };
    devices.push(device);
    device.driver.start(
      sinkOf({ state: (state) => device.states.push(state), cycle: (cycle) => device.cycles.push(cycle) }),
    );
    return device;
  };
  /** Values by the number in their name, of the last cycle. */
  const values = ({ driver, cycles }: Device): unknown[] => {
    const { channels } = driver.describe();
    const last: unknown[] = [];
    for (const { channel, value } of cycles.at(-1)?.samples ?? [])
      last[Number(/\d+$/.exec(channels[channel]?.quantity ?? '')?.[0])] = value;
    return last;
  };
  const answered = (device: Device): Promise<void> =>
    until(() => device.states.at(-1)?.kind === 'online' && device.cycles.length > 0, 'an answer');

  for (const transport of ['tcp', 'rtu_tcp', 'udp', 'rtu', 'ascii'] as const)
    it(`reads every type in every order over ${transport}`, async () => {
      await open(transport);
      const device = add(1, pointsOf(server.points, 'holding'));
      await answered(device);
      assert.deepEqual(
        values(device),
        server.points.map(({ value }) => value),
      );
    });

  it('reads input registers, coils and discrete inputs', async () => {
    await open('tcp');
    const inputs = server.points.filter(({ type }) => type === 'uint16').map((point) => ({ ...point }));
    const [input, coils, discrete] = [
      add(1, pointsOf(inputs, 'input')),
      add(1, bitsOf('coil')),
      add(1, bitsOf('discrete')),
    ];
    for (const device of [input, coils, discrete]) await answered(device);
    assert.deepEqual(
      values(input),
      inputs.map(({ value }) => 65535 - Number(value)),
    );
    const bits = Array.from({ length: 48 }, (_, i) => i % 3 === 0);
    assert.deepEqual(values(coils), bits);
    assert.deepEqual(
      values(discrete),
      bits.map((bit) => !bit),
    );
  });

  it('says what an exception means, and gives null', async () => {
    await open('tcp');
    const device = add(3, pointsOf(server.points.slice(0, 4), 'holding'));
    await until(() => device.cycles.length > 2, 'cycles');
    const told = device.cycles.flatMap(({ samples }) => samples);
    assert.ok(told.length >= 4 && told.every(({ value }) => value === null));
    const state = device.states.at(-1);
    assert.match(state && 'reason' in state ? state.reason : '', /device failure|exception 4/i);
  });

  for (const transport of ['tcp', 'rtu_tcp', 'udp', 'rtu'] as const)
    for (const [kind, unit] of [
      ['silent', 4],
      ['damaging', 5],
    ] as const)
      it(`lets ten units go on beside a ${kind} one over ${transport}`, async () => {
        await open(transport);
        const points = pointsOf(server.points.slice(0, 20), 'holding');
        const good = Array.from({ length: 10 }, (_, i) => add(11 + i, points, 400));
        for (const device of good) await answered(device);
        const bad = add(unit, points, 400);
        await until(() => bad.states.at(-1)?.kind === 'offline', 'the bad unit is offline');
        const before = good.map(({ cycles }) => cycles.length);
        const errors = good.flatMap(({ cycles }) => cycles).flatMap((cycle) => cycle.errors).length;
        // How much of the line the bad one may take is counted on a clock of its own (unit-probes.test.ts).
        await until(() => good.every(({ cycles }, i) => cycles.length >= (before[i] ?? 0) + 10), 'ten polls each');
        const later = good.flatMap(({ cycles }) => cycles).flatMap((cycle) => cycle.errors).length;
        assert.ok(later - errors <= 3, `${later - errors} polls of healthy units failed`);
        assert.equal(bad.cycles.flatMap(({ samples }) => samples).filter(({ value }) => value !== null).length, 0);
      });

  it('waits for a slow unit no longer than its timeout, and never takes its late answer for another', async () => {
    await open('rtu_tcp');
    const [first = [], second = []] = [server.points.slice(0, 8), server.points.slice(20, 28)].map(
      (held) => [pointsOf(held, 'holding'), held.map(({ value }) => value)] as const,
    );
    const good = add(11, first[0] as object[], 100);
    const slow = add(2, second[0] as object[], 100);
    await until(() => good.cycles.length > 40 && slow.states.at(-1)?.kind === 'offline', 'some polls');
    const seen = new Set(good.cycles.flatMap(({ samples }) => samples).map(({ value }) => value));
    for (const value of seen) assert.ok(value === null || (first[1] as unknown[]).includes(value), String(value));
    assert.deepEqual(
      slow.cycles.flatMap(({ samples }) => samples).filter(({ value }) => value !== null),
      [],
    );
  });

  it('is back when the server is', async () => {
    await open('tcp');
    const device = add(1, pointsOf(server.points, 'holding'));
    await answered(device);
    const { port } = server;
    await server.close();
    await until(() => device.states.at(-1)?.kind === 'offline', 'offline');
    assert.deepEqual(new Set(values(device)), new Set([null]));
    server = await startPymodbus('tcp', port);
    await answered(device);
  });
});
