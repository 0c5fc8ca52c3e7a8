import assert from 'node:assert/strict';
import { createBus, createLink, encodePoint, ModbusFailure, openProfile } from '../../src/drivers/modbus/index.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { type Simulation, type SimulationOptions, startSimulation } from '../../src/simulator/simulation.ts';
import { createPointClient, type PointClient, units } from '../support/sunspec/house-devices.ts';
import { until } from '../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const host = '127.0.0.1';
const options: SimulationOptions = {
  host,
  ports: { grid: 0, hybrid: 0, storage: 0 },
  startHour: 12,
  seed: 7,
  speed: 1,
  watchdogS: 60,
};

describe('the simulated house in operation', () => {
  let clock: VirtualClock;
  let simulation: Simulation;
  let client: PointClient | undefined;

  const start = async (more: Partial<SimulationOptions> = {}): Promise<void> => {
    clock = createVirtualClock();
    simulation = await startSimulation({ ...options, ...more }, clock);
    await simulation.change({ sky: 1 });
    if (simulation.sunSpecPort !== undefined) client = createPointClient(simulation.sunSpecPort);
    clock.advance(30_000);
  };
  const sunSpec = (): PointClient => {
    assert.ok(client);
    return client;
  };
  afterEach(async () => {
    await client?.close();
    client = undefined;
    await simulation.close();
  });

  it('has SunSpec devices only where they have a port', async () => {
    await start();
    assert.equal(simulation.sunSpecPort, undefined);
    assert.deepEqual(Object.keys(simulation.state().faults), ['grid', 'hybrid', 'storage']);
    await assert.rejects(
      simulation.change({ faults: { sunspec_meter: { kind: 'dead' } } }),
      /no sunspec_meter: its SunSpec devices have no port/,
    );
  });

  it('lives with a SunSpec limit until the time of the limit is over', async () => {
    await start({ sunSpecPort: 0 });
    await sunSpec().write(units.der, 702, { WChaRteMax: 0, WDisChaRteMax: 0 });
    await sunSpec().write(units.hybrid, 123, { WMaxLimPct: 20, WMaxLim_Ena: 1 });
    await sunSpec().write(units.hybrid, 123, { WMaxLimPct_RvrtTms: 60 });
    clock.advance(59_000);
    assert.ok(simulation.state().sun_w < 2200, `${simulation.state().sun_w}`);
    assert.equal((await sunSpec().readModel(units.hybrid, 103)).W, 2000);
    clock.advance(30_000);
    assert.ok(simulation.state().sun_w > 7000, `${simulation.state().sun_w}`);
  });

  it('obeys the order of one face within the limits of the other', async () => {
    await start({ sunSpecPort: 0 });
    const opened = openProfile({ id: 'sungrow-sh-rt' });
    assert.ok(opened.ok);
    const link = createLink({ transport: 'tcp', host, port: simulation.ports.hybrid }, systemClock);
    const bus = createBus(link, systemClock);
    const detach = bus.attach(1, { timeoutMs: 5000, maxInFlight: 1, interRequestMs: 0 });
    await until(() => link.state().kind === 'open', 'the link opens');
    for (const [name, value] of [
      ['ctl.forced_power', 3000],
      ['ctl.forced_cmd', 170],
      ['ctl.ems_mode', 2],
    ] as const) {
      const point = opened.value.points.find((each) => each.name === name);
      assert.ok(point);
      const [word] = encodePoint(point, value);
      assert.ok(word);
      await bus.write({ unit: 1, functionCode: 16, address: word.address, values: [word.word] });
    }
    clock.advance(30_000);
    assert.equal(simulation.state().hybrid_battery_w, -3000);
    await sunSpec().write(units.hybrid, 124, { StorCtl_Mod: 1, InWRte: 10 });
    clock.advance(30_000);
    assert.deepEqual([simulation.state().hybrid_battery_w, simulation.state().hybrid_mode], [-500, 'charge']);
    detach();
    await bus.close();
  });

  it('gives faults to single SunSpec devices, and takes all of them off the network at once', async () => {
    await start({ sunSpecPort: 0 });
    const read = (unit: number, model: number) => sunSpec().readModel(unit, model);
    const failed = (how: Partial<Pick<ModbusFailure, 'kind' | 'code'>>) => (error: unknown) =>
      error instanceof ModbusFailure && Object.entries(how).every(([key, value]) => Reflect.get(error, key) === value);
    const ask = () => Promise.all([read(units.hybrid, 103), read(units.meter, 203)]);
    await ask();
    await simulation.change({ faults: { sunspec_hybrid: { kind: 'exception' } } });
    await assert.rejects(read(units.hybrid, 103), failed({ code: 4 }));
    assert.equal(simulation.state().faults.sunspec_hybrid, 'exception');
    assert.ok((await read(units.meter, 203)).Hz);
    await simulation.change({ faults: { sunspec_hybrid: { kind: 'none' }, sunspec_meter: { kind: 'offline' } } });
    await simulation.change({ faults: { sunspec_der: { kind: 'offline' } } });
    await simulation.change({ faults: { sunspec_meter: { kind: 'none' } } });
    await assert.rejects(read(units.hybrid, 103), ModbusFailure);
    assert.deepEqual(simulation.state().faults.sunspec_der, 'offline');
    await simulation.change({ faults: { sunspec_der: { kind: 'none' } } });
    await client?.close();
    client = createPointClient(simulation.sunSpecPort ?? 0);
    assert.ok((await read(units.hybrid, 103)).Hz);
  });

  it('opens none of its ports where one is taken', async () => {
    await start({ sunSpecPort: 0 });
    const taken = simulation.sunSpecPort ?? 0;
    const other = await startSimulation(options, clock);
    const { grid, hybrid, storage } = other.ports;
    await other.close();
    const failing = startSimulation({ ...options, ports: { grid, hybrid, storage }, sunSpecPort: taken }, clock);
    await assert.rejects(failing, new RegExp(`cannot open its ports: .*${taken}`));
    await (await startSimulation({ ...options, ports: { grid, hybrid, storage } }, clock)).close();
  });
});
