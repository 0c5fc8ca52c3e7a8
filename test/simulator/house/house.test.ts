import assert from 'node:assert/strict';
import fc from 'fast-check';
import { House } from '../../../src/simulator/house/house.ts';
import type { HouseState } from '../../../src/simulator/house/house-state.ts';

/** A copy: the house changes its state in place. */
const snapshot = (state: HouseState): HouseState => structuredClone(state);

describe('the simulated house', () => {
  it('is one house: the grid gives and takes exactly what is left (fast-check)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 23 }), (seed, startHour) => {
        const house = new House({ seed, startHour });
        for (let i = 0; i < 200; i++) {
          house.step(30);
          const { loadW, hybridAcW, storage, gridW, gridPhasesW, hybrid } = house.state();
          assert.ok(Math.abs(gridW + hybridAcW + storage.powerW - loadW) < 1e-6);
          assert.ok(Math.abs(gridPhasesW[0] + gridPhasesW[1] + gridPhasesW[2] - gridW) < 1e-6);
          for (const { soc, powerW, maxPowerW } of [hybrid, storage]) {
            assert.ok(soc >= 0 && soc <= 100, `soc ${soc}`);
            assert.ok(Math.abs(powerW) <= maxPowerW + 1e-9, `power ${powerW}`);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('counts energy that fits its power, and never back', () => {
    const house = new House({ seed: 3, startHour: 16 });
    let [before, importedWh] = [snapshot(house.state()), 0];
    for (let i = 0; i < 3600; i++) {
      house.step(1);
      const now = snapshot(house.state());
      importedWh += Math.max(0, now.gridW) / 3600;
      for (const counter of ['importWh', 'exportWh', 'producedWh'] as const) assert.ok(now[counter] >= before[counter]);
      before = now;
    }
    const counted = house.state().importWh - new House({ seed: 3, startHour: 16 }).state().importWh;
    assert.ok(Math.abs(counted - importedWh) < 0.01, `${counted} Wh counted, ${importedWh} Wh of power`);
  });

  it('has no sun at night, and as much as was asked for at noon', () => {
    const night = new House({ startHour: 1 });
    night.step(60);
    assert.equal(night.state().solarW, 0);
    const noon = new House({ startHour: 13 });
    noon.controls.sky = 1;
    noon.step(60);
    const { solarW } = noon.state();
    noon.controls.sky = 0.5;
    noon.step(60);
    assert.ok(solarW > 7500 && Math.abs(noon.state().solarW / solarW - 0.5) < 0.03, `${solarW}`);
  });

  it('takes from the grid what its batteries cannot give', () => {
    const house = new House({ startHour: 1 });
    house.step(60);
    house.controls.extraLoadW = 20_000;
    house.step(60);
    const { gridW, hybrid, storage } = house.state();
    assert.ok(gridW > 10_000, `${gridW}`);
    assert.ok(hybrid.powerW > 4900 && storage.powerW > 3600);
  });

  it('carries cars on the phases they draw from', () => {
    const [bare, charging] = [new House({ startHour: 1 }), new House({ startHour: 1 })];
    charging.controls.chargingW = [7360, 0, 0];
    for (const house of [bare, charging]) house.step(60);
    assert.ok(Math.abs(charging.state().loadW - bare.state().loadW - 7360) < 1e-6);
    const onL1 = charging.state().gridPhasesW[0] - charging.state().gridPhasesW[1];
    assert.ok(onL1 - (bare.state().gridPhasesW[0] - bare.state().gridPhasesW[1]) > 3000, `${onL1} W more on L1`);
  });

  it('empties its batteries, and stops there', () => {
    const house = new House({ startHour: 20, hybridCapacityWh: 500, storageCapacityWh: 500 });
    house.controls.extraLoadW = 3000;
    house.step(4 * 3600);
    const { hybrid, storage } = house.state();
    assert.ok(Math.abs(hybrid.powerW) < 1 && Math.abs(storage.powerW) < 1);
    assert.ok(hybrid.soc <= 5 && hybrid.soc > 3, `${hybrid.soc}`);
  });

  it('is the same house for the same seed', () => {
    const [first, second, other] = [7, 7, 8].map((seed) => {
      const house = new House({ seed });
      house.step(3600);
      return house.state();
    });
    assert.deepEqual(first, second);
    assert.notDeepEqual(first, other);
  });

  it('passes time faster where that was asked for', () => {
    const house = new House({ startHour: 10 });
    house.controls.speed = 60;
    house.step(60);
    assert.ok(Math.abs(house.state().hour - 11) < 1e-6);
  });
});
