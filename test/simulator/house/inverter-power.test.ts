import assert from 'node:assert/strict';
import fc from 'fast-check';
import { House } from '../../../src/simulator/house/house.ts';
import { freeInverter, type InverterOrder, ratedVa } from '../../../src/simulator/house/inverter-power.ts';

/** @returns a house at noon without clouds, whose inverter has had an order for a minute */
const houseWith = (order: Partial<InverterOrder>, change: (house: House) => void = () => {}): House => {
  const house = new House({ startHour: 12 });
  house.controls.sky = 1;
  house.controls.inverter = { ...freeInverter(), ...order };
  change(house);
  house.step(60);
  return house;
};

const keepBatteryStill = (house: House): void => {
  Object.assign(house.controls.hybrid, { maxChargeW: 0, maxDischargeW: 0 });
};

describe('orders at the inverter of the simulated house', () => {
  it('a limit holds at the AC terminal, and the roof gives less', () => {
    const { solarW, solarAvailableW, hybridAcW } = houseWith({ maxW: 3000 }, keepBatteryStill).state();
    assert.ok(Math.abs(hybridAcW - 3000) < 1, `${hybridAcW}`);
    assert.ok(solarAvailableW > 7000 && solarW < 3200, `${solarW} of ${solarAvailableW}`);
  });

  it('a limit leaves to the battery what it can take', () => {
    const { solarW, solarAvailableW, hybrid, hybridAcW } = houseWith({ maxW: 3000 }).state();
    assert.ok(hybrid.powerW < -4500 && solarW === solarAvailableW && hybridAcW <= 3000);
  });

  it('a limit holds back the battery as well', () => {
    const house = houseWith({ maxW: 1000 }, ({ controls }) => {
      controls.sky = 0;
      controls.extraLoadW = 8000;
    });
    assert.ok(Math.abs(house.state().hybridAcW - 1000) < 1, `${house.state().hybridAcW}`);
  });

  it('a set power is brought about by roof and battery, in both directions', () => {
    for (const setW of [8000, 2000, -3000]) {
      const house = houseWith({ setW }, ({ controls }) => {
        controls.sky = setW < 0 ? 0.1 : 0.6;
      });
      assert.ok(Math.abs(house.state().hybridAcW - setW) < 5, `${setW}: ${house.state().hybridAcW}`);
    }
  });

  it('an inverter that is not connected gives and takes nothing, and counts nothing', () => {
    const house = houseWith({ isConnected: false });
    const { hybridAcW, hybridVar, solarW, hybrid, isHybridConnected, producedWh, hybridOutWh } = house.state();
    assert.deepEqual([hybridAcW, hybridVar, solarW, hybrid.powerW, isHybridConnected], [0, 0, 0, 0, false]);
    house.step(60);
    assert.deepEqual([house.state().producedWh, house.state().hybridOutWh], [producedWh, hybridOutWh]);
  });

  it('reactive power has the sign that was asked for', () => {
    const factor = houseWith({ maxW: 4000, reactive: { kind: 'power_factor', cos: -0.8 } }, keepBatteryStill).state();
    assert.ok(Math.abs(factor.hybridVar + 3000) < 1, `${factor.hybridVar}`);
    assert.equal(houseWith({ reactive: { kind: 'fixed', var: 2500 } }).state().hybridVar, 2500);
  });

  it('whatever is ordered, no more than the roof has is taken, and no more apparent power is given (fast-check)', () => {
    const order = fc.record({
      isConnected: fc.boolean(),
      maxW: fc.double({ min: 0, max: 12_000, noNaN: true }),
      setW: fc.option(fc.double({ min: -5000, max: 10_000, noNaN: true }), { nil: undefined }),
      reactive: fc.record({
        kind: fc.constant('fixed' as const),
        var: fc.double({ min: -2e4, max: 2e4, noNaN: true }),
      }),
    });
    fc.assert(
      fc.property(order, fc.double({ min: 0, max: 1, noNaN: true }), (given, sky) => {
        const house = houseWith(given, ({ controls }) => {
          controls.sky = sky;
        });
        const { solarW, solarAvailableW, hybridAcW, hybridVar, gridW, storage, loadW, hybrid } = house.state();
        assert.ok(solarW >= 0 && solarW <= solarAvailableW);
        assert.ok(hybridAcW <= given.maxW + 1e-6, `${hybridAcW} W over ${given.maxW} W`);
        assert.ok(hybridVar === 0 || Math.hypot(hybridAcW, hybridVar) <= ratedVa + 1e-6);
        assert.ok(Math.abs(gridW + hybridAcW + storage.powerW - loadW) < 1e-6);
        assert.ok(Math.abs(hybrid.powerW) <= hybrid.maxPowerW + 1e-9);
      }),
      { numRuns: 100 },
    );
  });
});
