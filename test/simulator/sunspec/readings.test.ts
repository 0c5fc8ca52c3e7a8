import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createBus, createLink } from '../../../src/drivers/modbus/index.ts';
import { findModelDefinition, isComplete, modelLengthsOf, scanForDevices } from '../../../src/drivers/sunspec/index.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { hybridBatteryVoltage, measureStrings, storageVoltage } from '../../../src/simulator/house/dc-side.ts';
import { House } from '../../../src/simulator/house/house.ts';
import { SunSpecDevice } from '../../../src/simulator/sunspec/sunspec-device.ts';
import { sunSpecHybrid } from '../../../src/simulator/sunspec/sunspec-hybrid.ts';
import { driveRegisters, driveUnit, type ObservedUnit } from '../../support/sunspec/driven-device.ts';
import { type HouseDevices, startHouseDevices, units } from '../../support/sunspec/house-devices.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

/** What a driver has to tell: the expected value, and how far its registers may be from it. */
type Expected = Record<string, [value: unknown, within?: number]>;

const assertReadings = (values: Record<string, unknown>, expected: Expected): void => {
  for (const [path, [value, within = 0]] of Object.entries(expected))
    if (typeof value === 'number') {
      const told = values[path];
      assert.ok(typeof told === 'number' && Math.abs(told - value) <= within + 1e-9, `${path}: ${told}, not ${value}`);
    } else assert.equal(values[path], value, path);
};

describe('the SunSpec devices of the simulated house, as our driver reads them', () => {
  let site: HouseDevices;
  let driven: ObservedUnit;

  beforeEach(async () => {
    site = await startHouseDevices();
    site.run(60);
  });
  afterEach(async () => {
    await driven?.close();
    await site.close();
  });

  const read = async (unit: number): Promise<Record<string, unknown>> => {
    driven = driveUnit(site.devices.port, unit);
    await driven.poll(3);
    assert.deepEqual(driven.notes, []);
    assert.deepEqual(driven.states.at(-1), { kind: 'online' });
    return driven.values();
  };

  it('the hybrid inverter tells the AC side, both strings and the battery', async () => {
    const values = await read(units.hybrid);
    const state = site.house.state();
    const { hybrid } = state;
    const [first, second] = measureStrings(state);
    assertReadings(values, {
      'inverter/power': [state.hybridAcW, 0.05],
      'inverter/dc_power': [state.solarW + hybrid.powerW, 0.05],
      'inverter/current/l2': [state.hybridAcW / 3 / state.gridVoltagesV[1], 0.005],
      'inverter/voltage/l3': [state.gridVoltagesV[2], 0.05],
      'inverter/frequency': [state.frequencyHz, 0.005],
      'inverter/power_factor': [1],
      'inverter/energy_export': [state.hybridOutWh, 0.5],
      'inverter/temperature': [state.inverterTemperatureC, 0.05],
      'inverter/status': ['running'],
      'solar/dc_power': [state.solarW, 0.1],
      'solar/1/dc_power': [first.powerW, 0.05],
      'solar/2/dc_power': [second.powerW, 0.05],
      'solar/1/dc_voltage': [first.voltageV, 0.05],
      'solar/2/dc_current': [second.currentA, 0.005],
      'solar/energy_produced': [state.producedWh, 1],
      'battery/power': [hybrid.powerW, 0.05],
      'battery/soc': [hybrid.soc, 0.005],
      'battery/dc_voltage': [hybridBatteryVoltage(hybrid), 0.05],
      'battery/energy_charged': [hybrid.chargedWh, 0.5],
      'battery/energy_discharged': [hybrid.dischargedWh, 0.5],
      'battery/capacity_usable': [hybrid.capacityWh],
      'battery/max_charge_power': [hybrid.maxPowerW],
      'battery/status': ['charging'],
      'battery/backup_reserve_soc': [5],
    });
    const { vendor, model, serial, ratedPowerW, usableEnergyWh } = driven.driver.describe();
    assert.deepEqual(
      [vendor, model, serial, ratedPowerW, usableEnergyWh],
      ['EMS simulator', 'Hybrid 10', 'SIM-HYBRID', 10_000, 9600],
    );
  });

  it('the same inverter tells the same in models 701 and 714', async () => {
    const values = await read(units.der);
    const state = site.house.state();
    const { hybrid } = state;
    const [first] = measureStrings(state);
    assertReadings(values, {
      'inverter/power': [state.hybridAcW, 0.5],
      'inverter/power/l1': [state.hybridAcW / 3, 0.5],
      'inverter/energy_export': [state.hybridOutWh, 0.5],
      'inverter/energy_import': [state.hybridInWh, 0.5],
      'inverter/frequency': [state.frequencyHz, 0.0005],
      'inverter/status': ['running'],
      'solar/dc_power': [state.solarW, 1],
      'solar/1/dc_power': [first.powerW, 0.5],
      'solar/1/energy_produced': [state.producedWh * 0.56, 0.5],
      'battery/power': [hybrid.powerW, 0.5],
      'battery/soc': [hybrid.soc, 0.05],
      'battery/soh': [98],
      'battery/energy_remaining': [hybrid.capacityWh * (hybrid.soc / 100) * 0.98, 0.5],
      'battery/energy_charged': [hybrid.chargedWh, 0.5],
      'battery/max_discharge_power': [hybrid.maxPowerW],
      'inverter/x_operation': ['start'],
    });
  });

  it('the battery of the storage tells its base model', async () => {
    const values = await read(units.battery);
    const { storage } = site.house.state();
    assertReadings(values, {
      'battery/power': [storage.powerW, 0.5],
      'battery/dc_current': [storage.powerW / storageVoltage(storage), 0.005],
      'battery/dc_voltage': [storageVoltage(storage), 0.05],
      'battery/soc': [storage.soc, 0.05],
      'battery/capacity_usable': [storage.capacityWh],
      'battery/max_charge_power': [storage.maxPowerW],
      'battery/x_state': ['connected'],
    });
  });

  it('the meter counts as positive what the house takes', async () => {
    site.house.controls.extraLoadW = 30_000;
    site.run(30);
    const values = await read(units.meter);
    const state = site.house.state();
    assert.ok(state.gridW > 10_000);
    assertReadings(values, {
      'meter/power': [state.gridW, 0.5],
      'meter/power/l2': [state.gridPhasesW[1], 0.5],
      'meter/voltage/l1': [state.gridVoltagesV[0], 0.05],
      'meter/current/l3': [state.gridPhasesW[2] / state.gridVoltagesV[2], 0.005],
      'meter/energy_import': [state.importWh, 0.5],
      'meter/energy_export': [state.exportWh, 0.5],
      'meter/energy_import/l1': [state.importPhasesWh[0], 0.5],
      'meter/energy_export/l3': [state.exportPhasesWh[2], 0.5],
      'meter/power_factor': [0.99],
    });
  });

  it('are found by a scan with whole lists of models', async () => {
    const { client, devices } = site;
    assert.deepEqual(await client.models(units.hybrid), [1, 103, 120, 121, 122, 123, 124, 160]);
    assert.deepEqual(await client.models(units.der), [1, 701, 702, 703, 704, 713, 714, 715]);
    assert.deepEqual(await client.models(units.battery), [1, 802]);
    assert.deepEqual(await client.models(units.meter), [1, 203]);
    const bus = createBus(
      createLink({ transport: 'tcp', host: '127.0.0.1', port: devices.port }, systemClock),
      systemClock,
    );
    const findModel = (id: number) => {
      const definition = findModelDefinition(id);
      return definition && { name: definition.label, lengths: modelLengthsOf(definition.group) };
    };
    const { devices: found } = await scanForDevices(bus, { clock: systemClock, findModel });
    await bus.close();
    assert.deepEqual(
      found.map(({ unit, end, notes }) => [unit, isComplete(end), notes.map(({ code }) => code)]),
      [
        [units.hybrid, true, ['no_7xx']],
        [units.der, true, []],
        [units.meter, true, []],
        [units.battery, true, []],
      ],
    );
  });
});

describe('the simulated hybrid inverter with models 103, 120 to 124 and 160', () => {
  it('is polled with at most three requests a cycle, and with a few more once a minute for slow values', async () => {
    const device = new SunSpecDevice(sunSpecHybrid, createVirtualClock(), 60);
    const house = new House({ startHour: 12 });
    house.step(60);
    device.update(house.state());
    const { holding } = device.images;
    const addresses = Array.from({ length: 1000 }, (_, n) => 40_000 + n);
    const words = new Map(addresses.map((address) => [address, holding?.get(address) ?? 0]));
    const [intervalMs, cycles] = [5000, 1000];
    const requests = Array.from({ length: cycles + 2 }, () => 0);
    const count = (): undefined => {
      requests[driven.cycles.length] = (requests[driven.cycles.length] ?? 0) + 1;
    };
    const driven = driveRegisters(words, { refuse: count, intervalMs });
    await driven.poll(cycles);
    await driven.close();
    // The first cycle finds the models and reads what is read once.
    const counts = requests.slice(1, cycles);
    const busy = counts.filter((each) => each > 3);
    const minutes = (cycles * intervalMs) / 60_000;
    assert.ok(busy.length <= minutes + 1, `${busy.length} busy cycles in ${minutes} minutes`);
    const perCycle = counts.reduce((sum, each) => sum + each, 0) / counts.length;
    assert.ok(perCycle >= 2 && perCycle < 2.5, `${perCycle} requests per cycle`);
  });
});

describe('the SunSpec devices of the simulated house, as one house', () => {
  let site: HouseDevices;
  before(async () => {
    site = await startHouseDevices(4);
  });
  after(() => site.close());

  it('give and take together what the house uses, at any time of the day (fast-check)', async () => {
    const { client, house, run } = site;
    const powers = async (): Promise<number[]> => {
      const [hybrid, der, battery, meter] = [
        await client.readModel(units.hybrid, 103),
        await client.readModel(units.der, 701),
        await client.readModel(units.battery, 802),
        await client.readModel(units.meter, 203),
      ];
      return [hybrid.W, der.W, battery.W, meter.W].map(Number);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          pause: fc.integer({ min: 1, max: 3600 }),
          sky: fc.double({ min: 0, max: 1, noNaN: true }),
          load: fc.integer({ min: 0, max: 20_000 }),
        }),
        async ({ pause, sky, load }) => {
          Object.assign(house.controls, { sky, extraLoadW: load });
          house.step(pause);
          run(2);
          const [hybrid = 0, der = 0, battery = 0, meter = 0] = await powers();
          assert.ok(Math.abs(hybrid + battery + meter - house.state().loadW) < 2, 'the balance');
          assert.ok(Math.abs(hybrid - der) < 1, 'both faces of the inverter');
        },
      ),
      { numRuns: 40, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('have a finer scale factor for small powers', async () => {
    await site.close();
    site = await startHouseDevices(12);
    const { client, house, run } = site;
    const factors = new Set<unknown>();
    for (const load of [200, 9000]) {
      Object.assign(house.controls, { sky: 0.3, extraLoadW: load });
      run(30);
      const { W, W_SF } = await client.readModel(units.hybrid, 103);
      assert.ok(Math.abs(Number(W) - house.state().hybridAcW) <= 0.5 * 10 ** Number(W_SF) + 1e-6);
      factors.add(W_SF);
    }
    assert.deepEqual([...factors].sort(), [-1, 0]);
  });

  it('leave out by its own pattern what they do not measure', async () => {
    const { client } = site;
    const inverter = await client.readModel(units.hybrid, 103);
    assert.deepEqual([inverter.DCA, inverter.DCV, inverter.StVnd, inverter.EvtVnd1], [null, null, null, null]);
    const meter = await client.readModel(units.meter, 203);
    assert.deepEqual([meter.VAR, meter.VAR_SF, meter.TotVArhImpQ1], [null, null, null]);
    const der = await client.readModel(units.der, 701);
    assert.deepEqual([der.TotVarhInj, der.TmpAmb, der.MnAlrmInfo], [null, null, null]);
  });

  it('have counters that fit their powers, and never count back', async () => {
    const { client, run } = site;
    let [before, countedWh] = [Number((await client.readModel(units.hybrid, 103)).WH), 0];
    const beganWh = before;
    for (let minute = 0; minute < 8; minute++) {
      run(60);
      const { W, WH } = await client.readModel(units.hybrid, 103);
      assert.ok(Number(WH) >= before);
      before = Number(WH);
      countedWh += Math.max(0, Number(W)) / 60;
    }
    assert.ok(Math.abs(before - beganWh - countedWh) < 0.1 * countedWh + 2, `${before - beganWh} and ${countedWh}`);
  });
});
