import assert from 'node:assert/strict';
import { ModbusFailure } from '../../../src/drivers/modbus/index.ts';
import { type HouseDevices, startHouseDevices, units } from '../../support/sunspec/house-devices.ts';

const near = (value: number, expected: number, within: number): void =>
  assert.ok(Math.abs(value - expected) <= within, `${value}, not ${expected}`);

const refusedWith = (code: number) => (error: unknown) => error instanceof ModbusFailure && error.code === code;

describe('controls of the simulated inverter after IEEE 1547', () => {
  let site: HouseDevices;
  const { der: unit } = units;

  beforeEach(async () => {
    site = await startHouseDevices();
    // The battery takes nothing from the roof, and gives nothing.
    await site.client.write(unit, 702, { WChaRteMax: 0, WDisChaRteMax: 0 });
  });
  afterEach(() => site.close());

  const write = (values: Record<string, number>, model = 704): Promise<void> => site.client.write(unit, model, values);
  const read = (model = 704) => site.client.readModel(unit, model);
  const acW = (): number => site.house.state().hybridAcW;

  it('a power limit holds, counts its time down, and goes back to what was written for then', async () => {
    await write({
      WMaxLimPctEna: 1,
      WMaxLimPct: 20,
      WMaxLimPctRvrt: 60,
      WMaxLimPctEnaRvrt: 1,
      WMaxLimPctRvrtTms: 100,
    });
    site.run(40);
    near(acW(), 2000, 1);
    assert.equal((await read()).WMaxLimPctRvrtRem, 60);
    site.run(70);
    near(acW(), 6000, 1);
    const { WMaxLimPct, WMaxLimPctEna, WMaxLimPctRvrtRem } = await read();
    assert.deepEqual([WMaxLimPct, WMaxLimPctEna, WMaxLimPctRvrtRem], [60, 1, 0]);
    assert.equal((await read(701)).ThrotSrc, 1);
  });

  it('a power limit ends where nothing was written for then', async () => {
    await write({ WMaxLimPctEna: 1, WMaxLimPct: 20 });
    await write({ WMaxLimPctRvrtTms: 30 });
    site.run(10);
    near(acW(), 2000, 1);
    site.run(30);
    assert.ok(acW() > 6500);
    assert.equal((await read()).WMaxLimPctEna, 0);
  });

  it('a set power is brought about in watts and in per cent, in both directions', async () => {
    await write({ WChaRteMax: 5000, WDisChaRteMax: 5000 }, 702);
    await write({ WSetEna: 1, WSetMod: 1, WSet: -3000, WSetEnaRvrt: 0, WSetRvrtTms: 600 });
    site.house.controls.sky = 0.1;
    site.run(30);
    near(acW(), -3000, 5);
    near(Number((await read(701)).W), -3000, 5);
    assert.equal((await read()).WSetRvrtRem, 570);
    await write({ WSetMod: 0, WSet: -3000 });
    await write({ WSetPct: 25 });
    site.run(30);
    near(acW(), 2500, 5);
    await write({ WMax: 8000 }, 702);
    site.run(5);
    near(acW(), 2000, 5);
    site.run(600);
    assert.equal((await read()).WSetEna, 0);
  });

  it('reactive power and power factors are supplied by the direction of the power', async () => {
    await write({ VarSetEna: 1, VarSetMod: 4, VarSet: 1500 });
    site.run(2);
    near(Number((await read(701)).Var), 1500, 1);
    await write({ VarSetMod: 1 });
    await write({ VarSetPct: -10 });
    site.run(2);
    near(Number((await read(701)).Var), -600, 1);
    await write({ VarSetEna: 0 });
    await write({ 'PFWInj.PF': 0.9, 'PFWInj.Ext': 1, PFWInjEna: 1, PFWInjRvrtTms: 30 });
    site.run(2);
    const { PF, Var } = await read(701);
    near(Number(PF), 0.9, 0.001);
    assert.ok(Number(Var) < -3000);
    site.run(30);
    assert.equal((await read(701)).Var, 0);
  });

  it('permission and operation stop the inverter, and start it again', async () => {
    for (const [model, stop, start] of [
      [703, { ES: 0 }, { ES: 1 }],
      [715, { OpCtl: 0 }, { OpCtl: 1 }],
      [715, { OpCtl: 2 }, { OpCtl: 3 }],
    ] as const) {
      await write(stop, model);
      site.run(2);
      assert.deepEqual([acW(), (await read(701)).ConnSt], [0, 0], JSON.stringify(stop));
      await write(start, model);
      site.run(2);
      assert.ok(acW() > 6500, JSON.stringify(start));
    }
  });

  it('a controller that falls silent after its heartbeats loses its controls', async () => {
    await write({ WMaxLimPctEna: 1, WMaxLimPct: 20 });
    site.run(100);
    near(acW(), 2000, 1);
    for (let beat = 1; beat <= 3; beat++) {
      await write({ ControllerHb: beat }, 715);
      site.run(50);
    }
    near(acW(), 2000, 1);
    // The same number again is no heartbeat.
    await write({ ControllerHb: 3 }, 715);
    site.run(15);
    assert.ok(acW() > 6500);
    assert.equal((await read()).WMaxLimPctEna, 0);
  });

  it('the device has a heartbeat of its own, and resets alarms at once', async () => {
    const before = Number((await read(715)).DERHb);
    site.run(10);
    assert.equal(Number((await read(715)).DERHb), before + 10);
    await write({ AlarmReset: 1 }, 715);
    assert.equal((await read(715)).AlarmReset, 1);
    site.run(1);
    assert.equal((await read(715)).AlarmReset, 0);
  });

  it('of two limits on both faces of the inverter the stricter one holds', async () => {
    await write({ WMaxLimPctEna: 1, WMaxLimPct: 40 });
    await site.client.write(units.hybrid, 123, { WMaxLimPct: 70, WMaxLim_Ena: 1 });
    site.run(10);
    near(acW(), 4000, 1);
    await site.client.write(units.hybrid, 123, { WMaxLimPct: 10 });
    site.run(10);
    near(acW(), 1000, 1);
  });

  it('values that a model does not have are refused, and so is half a number', async () => {
    const before = await read();
    for (const values of [{ WMaxLimPct: 101 }, { WSet: -5001 }, { WSetMod: 2 }, { 'PFWInj.PF': 0.7 }, { VarSet: 6001 }])
      await assert.rejects(write(values), refusedWith(3), JSON.stringify(values));
    await assert.rejects(write({ WMaxLimPctRvrtRem: 5 }), refusedWith(2));
    await assert.rejects(write({ AntiIslEna: 1 }), refusedWith(2));
    // WMaxLimPctRvrtTms takes registers 18 and 19.
    await site.client.writeWords(unit, 704, { offset: 18, words: [0, 90] });
    assert.equal((await read()).WMaxLimPctRvrtTms, 90);
    await assert.rejects(site.client.writeWords(unit, 704, { offset: 19, words: [70] }), refusedWith(2));
    assert.deepEqual({ ...(await read()), WMaxLimPctRvrtTms: 0 }, before);
  });
});

describe('controls of the simulated battery in model 802', () => {
  let site: HouseDevices;
  beforeEach(async () => {
    site = await startHouseDevices(1);
    site.house.controls.extraLoadW = 20_000;
  });
  afterEach(() => site.close());

  const storageW = (): number => site.house.state().storage.powerW;

  it('its reserve is kept', async () => {
    site.run(30);
    assert.ok(storageW() > 3600);
    await site.client.write(units.battery, 802, { SoCRsvMin: 50 });
    site.run(30);
    near(storageW(), 0, 1);
  });

  it('it is charged no further than was allowed', async () => {
    await site.close();
    site = await startHouseDevices();
    // Otherwise the battery of the hybrid inverter takes everything.
    await site.client.write(units.der, 702, { WChaRteMax: 0 });
    site.run(30);
    assert.ok(storageW() < -3600);
    await site.client.write(units.battery, 802, { SocRsvMax: 10 });
    site.run(30);
    near(storageW(), 0, 1);
  });

  it('it gives nothing while it is disconnected', async () => {
    await site.client.write(units.battery, 802, { SetOp: 2 });
    site.run(30);
    near(storageW(), 0, 1);
    assert.equal((await site.client.readModel(units.battery, 802)).State, 1);
    await site.client.write(units.battery, 802, { SetOp: 1 });
    site.run(30);
    assert.ok(storageW() > 3600);
  });
});
