import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BalanceInputs, computeBalance, splitFlows, type Term } from '../../../src/site/power/balance.ts';

const term = (w: number | null): Term => ({ w, quality: w === null ? 'invalid' : 'good' });
const nothing = term(0);

/** @param ac of each hybrid inverter at its AC terminal, with what its strings give and its battery takes or gives */
const balanceOf = (
  gridW: number,
  hybrids: { ac: number; solar: number | null; battery: number | null }[],
  more: Partial<Record<'solarAc' | 'batteryAc' | 'generator', number>> = {},
) => {
  const { solarAc = 0, batteryAc = 0, generator = 0 } = more;
  const totalW = gridW + solarAc + batteryAc + generator + hybrids.reduce((sum, { ac }) => sum + ac, 0);
  const inputs: BalanceInputs = {
    total: term(totalW),
    grid: term(gridW),
    solarAc: term(solarAc),
    batteryAc: term(batteryAc),
    generator: term(generator),
    hybrids: hybrids.map(({ solar, battery }) => ({ solarDc: term(solar), batteryDc: term(battery) })),
    ev: nothing,
    heat: nothing,
  };
  return computeBalance(inputs);
};

describe('the balance of a site of which a part is unknown', () => {
  it('has no error, and not one of 0', () => {
    const unknown = { total: term(null), grid: term(null) };
    const parts = { solarAc: nothing, batteryAc: nothing, generator: nothing, hybrids: [], ev: nothing, heat: nothing };
    const { consumption, errorW } = computeBalance({ ...unknown, ...parts });
    assert.deepEqual([consumption.w, errorW], [null, null]);
  });
});

describe('the balance of a site with hybrid inverters', () => {
  it('shows their DC sides, and adds their AC terminals', () => {
    const { solar, battery, consumption, errorW } = balanceOf(-400, [{ ac: 2900, solar: 4000, battery: -1000 }]);
    assert.deepEqual([solar.w, battery.w, consumption.w, errorW], [4000, -1000, 2500, 0]);
  });

  it('takes what they lose from the sun first, then from the battery', () => {
    const byDay = balanceOf(-400, [{ ac: 2900, solar: 4000, battery: -1000 }]).flows;
    assert.deepEqual(byDay, {
      solar_load: 2500,
      solar_battery: 1000,
      solar_grid: 400,
      battery_load: 0,
      battery_grid: 0,
      grid_load: 0,
      grid_battery: 0,
    });
    const byNight = balanceOf(200, [{ ac: 1900, solar: 0, battery: 2000 }]).flows;
    assert.deepEqual(byNight, {
      solar_load: 0,
      solar_battery: 0,
      solar_grid: 0,
      battery_load: 1900,
      battery_grid: 0,
      grid_load: 200,
      grid_battery: 0,
    });
    const atDusk = balanceOf(0, [{ ac: 1850, solar: 60, battery: 2000 }]).flows;
    assert.deepEqual([atDusk?.solar_load, atDusk?.battery_load], [0, 1850]);
  });

  it('knows what is consumed where a DC side is not known, but not who feeds whom', () => {
    const { consumption, solar, flows } = balanceOf(100, [{ ac: 900, solar: null, battery: 0 }]);
    assert.deepEqual([consumption.w, solar.w, flows], [1000, null, null]);
  });

  it('counts the standby of an inverter at night as a load', () => {
    assert.deepEqual(splitFlows(330, -30, 0), {
      solar_load: 0,
      solar_battery: 0,
      solar_grid: 0,
      battery_load: 0,
      battery_grid: 0,
      grid_load: 330,
      grid_battery: 0,
    });
  });

  it('says who feeds whom so that it adds up at the AC side, whatever is lost on the way (P6, fast-check)', () => {
    const hybrid = fc.record({
      solar: fc.integer({ min: 0, max: 10_000 }),
      battery: fc.integer({ min: -5000, max: 5000 }),
      loss: fc.double({ min: 0, max: 0.08, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(hybrid, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: -8000, max: 8000 }),
        fc.record({
          solarAc: fc.integer({ min: 0, max: 5000 }),
          batteryAc: fc.integer({ min: -3000, max: 3000 }),
          generator: fc.integer({ min: 0, max: 2000 }),
        }),
        (given, gridW, more) => {
          const hybrids = given.map(({ solar, battery, loss }) => ({
            solar,
            battery,
            ac: solar + battery - loss * (solar + Math.abs(battery)),
          }));
          const { consumption, flows, errorW } = balanceOf(gridW, hybrids, more);
          if (!flows || errorW !== 0) return;
          for (const [name, w] of Object.entries(flows)) assert.ok((w as number) >= -1e-9, `${name} ${w}`);
          const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);
          near(flows.solar_load + flows.battery_load + flows.grid_load, consumption.w ?? Number.NaN);
          near(flows.grid_load + flows.grid_battery, Math.max(0, gridW));
          near(flows.solar_grid + flows.battery_grid, Math.max(0, -gridW));
        },
      ),
      { numRuns: 500 },
    );
  });
});
