import assert from 'node:assert/strict';
import { type HouseDevices, startHouseDevices, units } from '../support/sunspec/house-devices.ts';
import { isSame } from '../support/sunspec/peer-differences.ts';
import { type PeerController, readAsPeer, startPeerController } from '../support/sunspec/pysunspec.ts';

describe('the SunSpec devices of the simulated house at pysunspec2', () => {
  let site: HouseDevices;
  let controller: PeerController | undefined;

  beforeEach(async () => {
    site = await startHouseDevices();
    site.run(60);
  });
  afterEach(async () => {
    await controller?.close();
    controller = undefined;
    await site.close();
  });

  /** pysunspec2 at a unit. */
  const control = (unit: number): PeerController => {
    controller = startPeerController(site.devices.port, unit);
    return controller;
  };
  const acW = (): number => site.house.state().hybridAcW;

  /** Reads every point with both clients while no time passes. @returns numbers of points, and of those with a value */
  const compare = async (): Promise<{ points: number; values: number }> => {
    const counted = { points: 0, values: 0 };
    for (const { unit, models } of await readAsPeer(site.devices.port, Object.values(units))) {
      assert.deepEqual(
        models.map(({ id }) => id),
        await site.client.models(unit),
      );
      for (const { id, length, error, points } of models) {
        assert.equal(error, '', `unit ${unit}, model ${id}`);
        const layout = await site.client.layoutOf(unit, id);
        assert.equal(layout.length, length);
        const ours = await site.client.readModel(unit, id);
        assert.deepEqual(
          [...layout.points.keys()],
          points.map(([path]) => path),
        );
        for (const [path, raw, scaled] of points) {
          const point = layout.points.get(path);
          if (!point || point.definition.type === 'pad') continue;
          const read = { point, ours: ours[path] ?? null, raw, scaled, exponent: undefined };
          assert.ok(isSame(read), `unit ${unit}, model ${id}, ${path}: ${read.ours}, not ${raw} or ${scaled}`);
          counted.points++;
          if (read.ours !== null) counted.values++;
        }
      }
    }
    return counted;
  };

  it('are read alike by both, every point of every model, by day and by night', async () => {
    const day = await compare();
    assert.ok(day.points > 600 && day.values > 500, JSON.stringify(day));
    site.house.controls.sky = 0;
    site.house.controls.extraLoadW = 12_000;
    site.run(60);
    assert.deepEqual(await compare(), day);
  });

  it('take a power limit in model 123, and end it when its time is over', async () => {
    const peer = control(units.hybrid);
    const still = await peer.write(124, { StorCtl_Mod: 3, OutWRte: 0, InWRte: 0 });
    assert.equal(still.error, null);
    const limited = await peer.write(123, {
      WMaxLimPct: 25,
      WMaxLimPct_WinTms: 0,
      WMaxLimPct_RvrtTms: 60,
      WMaxLimPct_RmpTms: 0,
      WMaxLim_Ena: 1,
    });
    assert.deepEqual([limited.error, limited.values.WMaxLimPct, limited.values.WMaxLim_Ena], [null, 25, 1]);
    site.run(59);
    assert.equal((await peer.write(103)).values.W, 2500);
    site.run(2);
    const { values } = await peer.write(123);
    assert.deepEqual([values.WMaxLimPct, values.WMaxLim_Ena], [100, 0]);
    site.run(10);
    assert.ok(Number((await peer.write(103)).values.W) > 6500);
  });

  it('take a power limit in model 704, count its time down, and go to what was written for then', async () => {
    const peer = control(units.der);
    assert.equal((await peer.write(702, { WChaRteMax: 0, WDisChaRteMax: 0 })).error, null);
    const limited = await peer.write(704, {
      WMaxLimPctEna: 1,
      WMaxLimPct: 30,
      WMaxLimPctRvrt: 50,
      WMaxLimPctEnaRvrt: 1,
      WMaxLimPctRvrtTms: 60,
    });
    assert.equal(limited.error, null);
    site.run(45);
    assert.ok(Math.abs(acW() - 3000) < 1);
    assert.equal((await peer.write(704)).values.WMaxLimPctRvrtRem, 15);
    site.run(20);
    const { values } = await peer.write(704);
    assert.deepEqual([values.WMaxLimPct, values.WMaxLimPctEna, values.WMaxLimPctRvrtRem], [50, 1, 0]);
    assert.equal((await peer.write(701)).values.W, 5000);
  });

  it('take points in inner groups, and are asked for power from the grid', async () => {
    const peer = control(units.der);
    const factor = await peer.write(704, { 'PFWInj.PF': 0.9, 'PFWInj.Ext': 1, PFWInjEna: 1 });
    assert.deepEqual([factor.error, factor.values['PFWInj.PF']], [null, 0.9]);
    assert.equal((await peer.write(704, { WSetEna: 1, WSetMod: 1, WSet: -2000 })).error, null);
    site.house.controls.sky = 0;
    site.run(30);
    const { values } = await peer.write(701);
    assert.ok(Math.abs(Number(values.W) + 2000) < 5, `${values.W}`);
  });

  it('refuse what a model does not allow, with exception 3', async () => {
    const peer = control(units.hybrid);
    const { error, values } = await peer.write(123, { WMaxLimPct: 120 });
    assert.match(error ?? '', /exception: 3/i);
    assert.equal(values.WMaxLimPct, 100);
  });
});
