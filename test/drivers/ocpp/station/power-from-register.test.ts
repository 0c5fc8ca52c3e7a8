import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RegisterPower } from '../../../../src/drivers/ocpp/station/power-from-register.ts';

/** Readings every so many seconds, of a register that counts in steps. */
const read = (registerPower: RegisterPower, watts: number[], everyS: number, stepWh: number, startWh = 5003): void => {
  let wh = startWh;
  for (const [i, w] of watts.entries()) {
    const at = i * everyS * 1000;
    registerPower.note({ wh: Math.floor(wh / stepWh + 1e-9) * stepWh, at, monotonic: at });
    wh += (w * everyS) / 3600;
  }
};

describe('what flows by the register', () => {
  it('is not known by one reading, nor by two that are close to each other', () => {
    const registerPower = new RegisterPower();
    assert.equal(registerPower.power(), undefined);
    read(registerPower, [7200, 7200, 7200], 10, 1);
    assert.equal(registerPower.power(), undefined);
    assert.equal(registerPower.intervalS(), 10);
  });

  it('is within a tenth of what flows, whatever the steps and the interval, where it flows evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1400, max: 22_000 }),
        fc.constantFrom(0.1, 1, 10),
        fc.constantFrom(5, 10, 30, 60, 300),
        (watts, stepWh, everyS) => {
          const registerPower = new RegisterPower();
          read(
            registerPower,
            Array.from({ length: Math.ceil(600 / everyS) + 3 }, () => watts),
            everyS,
            stepWh,
          );
          const power = registerPower.power() ?? Number.NaN;
          assert.ok(Math.abs(power - watts) <= 0.11 * watts, `${power} instead of ${watts}`);
        },
      ),
    );
  });

  it('is not known rather than wrong where a register counts coarsely, and from its second step on within a sample', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3600, max: 22_000 }),
        fc.constantFrom(100, 1000),
        fc.constantFrom(5, 10, 30, 60),
        fc.integer({ min: 0, max: 999 }),
        (watts, stepWh, everyS, startWh) => {
          const registerPower = new RegisterPower();
          const stepS = (stepWh * 3600) / watts;
          const isNear = (power: number): boolean =>
            Math.abs(power - watts) <= (0.35 + everyS / Math.max(stepS, everyS)) * watts && power > 0.5 * watts;
          const count = Math.ceil((4 * Math.max(stepS, 60)) / everyS);
          for (let i = 0; i < count; i++) {
            const wh = Math.floor((startWh + (watts * i * everyS) / 3600) / stepWh) * stepWh;
            registerPower.note({ wh, at: i * everyS * 1000, monotonic: i * everyS * 1000 });
            const power = registerPower.power();
            assert.ok(power === undefined || isNear(power), `${power} instead of ${watts} after ${i * everyS} s`);
          }
          assert.ok(registerPower.power() !== undefined);
        },
      ),
      { examples: [[6103, 100, 30, 444]], numRuns: 1000 },
    );
  });

  it('is nothing where the register stands still for longer than a car that charges would let it', () => {
    const registerPower = new RegisterPower();
    const at = (minutes: number, wh: number): number | undefined => {
      registerPower.note({ wh, at: minutes * 60_000, monotonic: minutes * 60_000 });
      return registerPower.power();
    };
    assert.deepEqual(
      [0, 20, 40, 44, 100].map((minutes) => at(minutes, 5000)),
      [undefined, undefined, undefined, 0, 0],
    );
    at(110, 6000);
    // Both steps may lie on either side of a reading.
    assert.equal(at(116, 7000), undefined);
    assert.equal(at(122, 8000), 10_000);
    assert.equal(at(142, 8000), 3000);
    assert.equal(at(166, 8000), 0);
  });

  it('falls with a register that stands still, as far as its steps can tell', () => {
    const registerPower = new RegisterPower();
    read(registerPower, [...Array.from({ length: 10 }, () => 7200), 0, 0, 0, 0], 10, 1);
    assert.equal(registerPower.power(), Math.round(3600 / 30));
  });

  it('keeps of a register that stands still two readings, and the interval in which they come', () => {
    const registerPower = new RegisterPower();
    read(registerPower, [7200, 7200, 7200, ...Array.from({ length: 500 }, () => 0)], 10, 1);
    assert.ok(registerPower.readings.length <= 6, `${registerPower.readings.length} readings`);
    assert.deepEqual([registerPower.intervalS(), registerPower.power()], [10, 0]);
  });

  it('keeps few readings, however often it is read', () => {
    for (const everyS of [0.5, 5, 10]) {
      const registerPower = new RegisterPower();
      read(
        registerPower,
        Array.from({ length: 2000 }, () => 7200),
        everyS,
        0.1,
      );
      assert.ok(registerPower.readings.length <= 56, `${registerPower.readings.length} readings`);
      assert.ok(Math.abs((registerPower.power() ?? 0) - 7200) < 72);
    }
  });

  it('begins anew where the register does, and after a long silence', () => {
    const registerPower = new RegisterPower();
    read(
      registerPower,
      Array.from({ length: 10 }, () => 7200),
      10,
      1,
    );
    registerPower.note({ wh: 3, at: 100_000, monotonic: 100_000 });
    assert.equal(registerPower.power(), undefined);
    registerPower.note({ wh: 9, at: 200_000, monotonic: 200_000 });
    assert.equal(registerPower.power(), 216);
    registerPower.note({ wh: 50_000, at: 9_000_000, monotonic: 9_000_000 });
    assert.equal(registerPower.power(), undefined);
  });

  it('readings that come late count for nothing', () => {
    const registerPower = new RegisterPower();
    read(
      registerPower,
      Array.from({ length: 10 }, () => 7200),
      10,
      1,
    );
    const before = registerPower.power();
    registerPower.note({ wh: 5001, at: 5000, monotonic: 95_000 });
    assert.equal(registerPower.power(), before);
  });

  it('since a time: by two readings after it, and at the least without its last step', () => {
    const registerPower = new RegisterPower();
    read(
      registerPower,
      Array.from({ length: 10 }, () => 3600),
      10,
      1,
    );
    assert.equal(registerPower.riseSince(85_000), undefined);
    assert.deepEqual(registerPower.riseSince(65_000), { powerW: 3600, leastW: 3600 - 180 });
  });
});
