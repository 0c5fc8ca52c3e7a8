import assert from 'node:assert/strict';
import { ModbusFailure } from '../../../src/drivers/modbus/index.ts';
import { type HouseDevices, startHouseDevices, units } from '../../support/sunspec/house-devices.ts';

const near = (value: number, expected: number, within: number): void =>
  assert.ok(Math.abs(value - expected) <= within, `${value}, not ${expected}`);

const refusedWith = (code: number) => (error: unknown) => error instanceof ModbusFailure && error.code === code;

describe('controls of the simulated hybrid inverter in models 121, 123 and 124', () => {
  let site: HouseDevices;
  const { hybrid: unit } = units;

  beforeEach(async () => {
    site = await startHouseDevices();
  });
  afterEach(() => site.close());

  const write = (model: number, values: Record<string, number>): Promise<void> =>
    site.client.write(unit, model, values);
  const read = (model: number) => site.client.readModel(unit, model);
  const acW = (): number => site.house.state().hybridAcW;
  /** The battery takes nothing from the roof, and gives nothing. */
  const keepBatteryStill = (): Promise<void> => write(124, { StorCtl_Mod: 3, OutWRte: 0, InWRte: 0 });

  it('a power limit in per cent of WMax holds, and all models tell what it does', async () => {
    await keepBatteryStill();
    await write(123, {
      WMaxLimPct: 30,
      WMaxLimPct_WinTms: 0,
      WMaxLimPct_RvrtTms: 0,
      WMaxLimPct_RmpTms: 0,
      WMaxLim_Ena: 1,
    });
    site.run(30);
    near(acW(), 3000, 1);
    const { solarW, solarAvailableW } = site.house.state();
    assert.ok(solarW < 3200 && solarAvailableW > 7000);
    const [inverter, status, modules, der] = [
      await read(103),
      await read(122),
      await read(160),
      await site.client.readModel(units.der, 701),
    ];
    assert.deepEqual([inverter.W, inverter.St], [3000, 5]);
    near(Number(status.WAval), solarAvailableW * 0.97 - 25, 1);
    assert.equal(status.StActCtl, 1);
    near(Number(modules['module.1.DCW']) + Number(modules['module.2.DCW']), solarW, 1);
    assert.equal(modules['module.1.DCSt'], 5);
    assert.deepEqual([der.W, der.InvSt, der.ThrotSrc, Number(der.DERMode) & 4], [3000, 4, 1, 4]);
    near(Number(der.ThrotPct), (solarAvailableW - solarW) / 100, 1);
    await write(123, { WMaxLim_Ena: 0 });
    site.run(30);
    assert.ok(acW() > 6500);
  });

  it('WMax is the base of the limit, and a limit by itself', async () => {
    await keepBatteryStill();
    await write(121, { WMax: 5000 });
    site.run(10);
    near(acW(), 5000, 1);
    await write(123, { WMaxLimPct: 50, WMaxLim_Ena: 1 });
    site.run(10);
    near(acW(), 2500, 1);
  });

  it('a power limit ends when its time is over, and lasts when it is written again', async () => {
    await keepBatteryStill();
    const limit = {
      WMaxLimPct: 20,
      WMaxLimPct_WinTms: 0,
      WMaxLimPct_RvrtTms: 60,
      WMaxLimPct_RmpTms: 0,
      WMaxLim_Ena: 1,
    };
    await write(123, limit);
    site.run(59);
    near(acW(), 2000, 1);
    await write(123, { WMaxLimPct: 20 });
    site.run(59);
    near(acW(), 2000, 1);
    site.run(10);
    assert.ok(acW() > 6500);
    const { WMaxLimPct, WMaxLim_Ena, WMaxLimPct_RvrtTms } = await read(123);
    assert.deepEqual([WMaxLimPct, WMaxLim_Ena, WMaxLimPct_RvrtTms], [100, 0, 60]);
  });

  it('a power limit that is written again without a time stays', async () => {
    await keepBatteryStill();
    await write(123, { WMaxLimPct: 20, WMaxLim_Ena: 1, WMaxLimPct_RvrtTms: 60 });
    site.run(30);
    await write(123, { WMaxLimPct_RvrtTms: 0 });
    site.run(60);
    near(acW(), 2000, 1);
  });

  it('a power limit without a time stays, and a time without a limit does nothing', async () => {
    await keepBatteryStill();
    await write(123, { WMaxLimPct_RvrtTms: 30 });
    site.run(40);
    await write(123, { WMaxLimPct_RvrtTms: 0, WMaxLimPct: 20 });
    site.run(5);
    assert.ok(acW() > 6500, 'a limit that is not enabled');
    await write(123, { WMaxLim_Ena: 1 });
    site.run(7200);
    near(acW(), 2000, 1);
  });

  it('an inverter that is disconnected does nothing until its time is over', async () => {
    await write(123, { Conn_WinTms: 0, Conn_RvrtTms: 120, Conn: 0 });
    site.run(2);
    const { isHybridConnected, solarW, hybrid } = site.house.state();
    assert.deepEqual([isHybridConnected, solarW, hybrid.powerW, acW()], [false, 0, 0, 0]);
    const [inverter, status, der] = [await read(103), await read(122), await site.client.readModel(units.der, 701)];
    assert.deepEqual([inverter.W, inverter.St, status.ECPConn, der.ConnSt, der.InvSt], [0, 8, 1, 0, 7]);
    site.run(120);
    assert.ok(acW() > 1000);
    assert.equal((await read(123)).Conn, 1);
  });

  it('reactive power and power factor are supplied, and end when their time is over', async () => {
    await keepBatteryStill();
    await write(123, { VArWMaxPct: -20, VArPct_RvrtTms: 60, VArPct_Mod: 1, VArPct_Ena: 1 });
    site.run(2);
    near(Number((await read(103)).VAr), -2000, 1);
    assert.equal((await read(122)).StActCtl, 2);
    site.run(60);
    assert.equal((await read(103)).VAr, 0);
    await write(123, { OutPFSet: 0.9, OutPFSet_Ena: 1 });
    site.run(2);
    const { PF, W, VA } = await read(103);
    near(Number(PF), 90, 0.05);
    near(Number(W) / Number(VA), 0.9, 0.001);
  });

  it('limits of charging and discharging hold, in per cent of their own bases', async () => {
    await write(124, { StorCtl_Mod: 1, InWRte: 10 });
    site.run(30);
    near(site.house.state().hybrid.powerW, -500, 1);
    site.house.controls.extraLoadW = 15_000;
    await write(124, { StorCtl_Mod: 2, OutWRte: 20 });
    site.run(30);
    near(site.house.state().hybrid.powerW, 1000, 1);
    assert.equal((await read(124)).ChaSt, 3);
    await write(124, { StorCtl_Mod: 0 });
    site.run(30);
    near(site.house.state().hybrid.powerW, 5000, 1);
  });

  it('charging that was asked for takes from the grid only where that is allowed, and ends in time', async () => {
    site.house.controls.sky = 0;
    await write(124, { StorCtl_Mod: 2, OutWRte: -50, InWRte: 100, InOutWRte_WinTms: 0, InOutWRte_RvrtTms: 300 });
    site.run(30);
    near(site.house.state().hybrid.powerW, 0, 1);
    await write(124, { ChaGriSet: 1 });
    site.run(30);
    near(site.house.state().hybrid.powerW, -2500, 1);
    assert.equal((await read(124)).ChaSt, 4);
    near(Number((await read(160))['module.3.DCW']), 2500, 1);
    site.run(270);
    assert.ok(site.house.state().hybrid.powerW > -1);
    const { StorCtl_Mod, OutWRte } = await read(124);
    assert.deepEqual([StorCtl_Mod, OutWRte], [0, 100]);
  });

  it('discharging that was asked for is done whatever the house needs', async () => {
    await write(124, { StorCtl_Mod: 1, InWRte: -40 });
    site.run(30);
    near(site.house.state().hybrid.powerW, 2000, 1);
  });

  it('the reserve is kept', async () => {
    site.house.controls.extraLoadW = 15_000;
    await write(124, { MinRsvPct: 60 });
    site.run(30);
    near(site.house.state().hybrid.powerW, 0, 1);
    assert.equal((await read(124)).StorAval, 0);
  });

  it('values that a model does not have are refused, and nothing changes', async () => {
    const before = await read(123);
    for (const [model, values] of [
      [123, { WMaxLimPct: 100.01 }],
      [123, { WMaxLim_Ena: 2 }],
      [123, { Conn: 3 }],
      [123, { OutPFSet: 0.5 }],
      [123, { WMaxLimPct_RvrtTms: 65_535 }],
      [123, { WMaxLimPct: 50, WMaxLimPct_WinTms: 0, WMaxLimPct_RvrtTms: 0, WMaxLimPct_RmpTms: 0, WMaxLim_Ena: 7 }],
      [124, { StorCtl_Mod: 4 }],
      [124, { InWRte: -101 }],
      [121, { WMax: 10_001 }],
      [121, { WMax: 0 }],
    ] as const)
      await assert.rejects(write(model, values), refusedWith(3), JSON.stringify(values));
    for (const [model, values] of [
      [103, { W: 1 }],
      [123, { WMaxLimPct_SF: 0 }],
      [124, { ChaState: 50 }],
      [121, { VRef: 230 }],
    ] as const)
      await assert.rejects(write(model, values), refusedWith(2), JSON.stringify(values));
    assert.deepEqual(await read(123), before);
  });
});
