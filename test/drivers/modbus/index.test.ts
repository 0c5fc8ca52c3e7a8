/** A driver on top of Modbus, as SunSpec is one, made of nothing but the face of the Modbus driver. */
import assert from 'node:assert/strict';
import type { Cycle, Driver } from '../../../src/drivers/driver.ts';
import {
  type Bus,
  createBus,
  createLink,
  createModbusDriver,
  createPointReader,
  isIllegalRequest,
  ModbusFailure,
  type Point,
  type ResolvedProfile,
  readProfile,
  resolveProfile,
  valueAt,
} from '../../../src/drivers/modbus/index.ts';
import { type ModbusServer, startModbusServer } from '../../../src/drivers/modbus/server/modbus-server.ts';
import { RegisterImage } from '../../../src/drivers/modbus/server/register-image.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { sinkOf } from '../../support/driver-sink.ts';
import { until } from '../../support/until.ts';

const unit = 1;
const base = 40_000;
const words = (text: string): number[] => text.split(' ').map((word) => Number.parseInt(word, 16));

/** A model that a device has, and where its points begin. */
interface Found {
  id: number;
  address: number;
  length: number;
}

/** Walks the chain of models behind the marker. */
const discover = async (bus: Bus): Promise<Found[]> => {
  const read = (address: number, count: number) => bus.read({ unit, table: 'holding', address, count });
  assert.equal((await read(base, 2)).toString('latin1'), 'SunS');
  const found: Found[] = [];
  for (let address = base + 2; ; ) {
    const head = await read(address, 2);
    const [id, length] = [valueAt(head, 'holding', 0), valueAt(head, 'holding', 1)];
    if (id === 0xffff) return found;
    found.push({ id, address: address + 2, length });
    address += 2 + length;
  }
};

/** The points of model 103 that this test looks at, with their scale factors. */
const profileFor = ({ address }: Found): ResolvedProfile => {
  const read = readProfile({
    schema: 'profile/1',
    id: 'discovered',
    title: 'Inverter',
    class: 'inverter',
    points: [
      {
        name: 'w',
        quantity: 'inverter/power',
        addr: address,
        type: 'int16',
        unit: 'W',
        scaleFrom: 'w_sf',
        nan: ['0x8000'],
      },
      { name: 'w_sf', addr: address + 1, type: 'int16', nan: ['0x8000'] },
      { name: 'hz', quantity: 'inverter/frequency', addr: address + 2, type: 'uint16', unit: 'Hz', scaleFrom: 'hz_sf' },
      { name: 'hz_sf', addr: address + 3, type: 'int16', nan: ['0x8000'] },
    ],
  });
  assert.ok(read.ok, read.ok ? '' : read.reason);
  const resolved = resolveProfile(read.value);
  assert.ok(resolved.ok, resolved.ok ? '' : resolved.reason);
  return resolved.value;
};

describe('a driver on top of Modbus', () => {
  let holding: RegisterImage;
  let server: ModbusServer;
  let bus: Bus;
  let detach: () => void;
  let driver: Driver | undefined;

  beforeEach(async () => {
    holding = new RegisterImage();
    // The marker, model 103 with two values and their factors, and the end of the chain.
    const contents = words('5375 6e53 0067 0004 04d2 0001 1388 fffe ffff 0000');
    contents.forEach((word, n) => void holding.set(base + n, word));
    server = await startModbusServer({ host: '127.0.0.1', port: 0 }, new Map([[unit, { holding }]]));
    bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, systemClock), systemClock);
    detach = bus.attach(unit, { timeoutMs: 1000, maxInFlight: 1, interRequestMs: 0 });
  });
  afterEach(async () => {
    await driver?.close();
    driver = undefined;
    detach();
    await bus.close();
    await server.close();
  });

  it('discovers models, and is told in a typed failure where there is none', async () => {
    assert.deepEqual(await discover(bus), [{ id: 103, address: base + 4, length: 4 }]);
    const outside = bus.read({ unit, table: 'holding', address: 0, count: 2 });
    await assert.rejects(outside, (error) => error instanceof ModbusFailure && isIllegalRequest(error));
  });

  it('polls a model with scale factors that come in the same response', async () => {
    const [model] = await discover(bus);
    assert.ok(model);
    const cycles: Cycle[] = [];
    const resolved = profileFor(model);
    driver = createModbusDriver(
      { resolved, bus, unit, intervalMs: 20, name: 'roof', protocol: 'sunspec' },
      systemClock,
    );
    driver.start(sinkOf({ cycle: (cycle) => cycles.push(cycle) }));
    const told = (): unknown => cycles.at(-1)?.samples.map(({ value, reason }) => value ?? reason);
    await until(() => cycles.length > 0, 'a poll');
    assert.deepEqual(told(), [12_340, 50]);
    assert.deepEqual([driver.describe().protocol, driver.describe().source], ['sunspec', 'sunspec/roof']);
    holding.set(base + 5, 0xffff);
    await until(() => Number(cycles.at(-1)?.samples[0]?.value) < 1000, 'the factor has changed');
    assert.deepEqual(told(), [123.4, 50]);
    holding.set(base + 5, 0x8000);
    await until(() => cycles.at(-1)?.samples[0]?.value === null, 'a value without a factor');
    assert.deepEqual(told(), ['sentinel', 50]);
  });

  it('reads single points beside the polls', async () => {
    const [model] = await discover(bus);
    assert.ok(model);
    const resolved = profileFor(model);
    const [power] = resolved.points;
    const snapshot = await createPointReader(resolved, bus, unit)([power as Point]);
    assert.equal(snapshot.value(power as Point), 12_340);
    assert.equal(snapshot.word('holding', base + 4), 1234);
  });
});
