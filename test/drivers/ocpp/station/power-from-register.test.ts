import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  createRegisterPower,
  intervalOf,
  noteReading,
  powerOf,
  type RegisterPower,
  riseSince,
} from '../../../../src/drivers/ocpp/station/power-from-register.ts';

/** Readings every so many seconds, of a register that counts in steps. */
const read = (flow: RegisterPower, watts: number[], everyS: number, stepWh: number, startWh = 5003): void => {
  let wh = startWh;
  for (const [i, w] of watts.entries()) {
    const at = i * everyS * 1000;
    noteReading(flow, { wh: Math.floor(wh / stepWh + 1e-9) * stepWh, at, monotonic: at });
    wh += (w * everyS) / 3600;
  }
};

describe('what flows by the register', () => {
  it('is not known by one reading, nor by two that are close to each other', () => {
    const flow = createRegisterPower();
    assert.equal(powerOf(flow), undefined);
    read(flow, [7200, 7200, 7200], 10, 1);
    assert.equal(powerOf(flow), undefined);
    assert.equal(intervalOf(flow), 10);
  });

  it('is within a tenth of what flows, whatever the steps and the interval, where it flows evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1400, max: 22_000 }),
        fc.constantFrom(0.1, 1, 10),
        fc.constantFrom(5, 10, 30, 60, 300),
        (watts, stepWh, everyS) => {
          const flow = createRegisterPower();
          read(
            flow,
            Array.from({ length: Math.ceil(600 / everyS) + 3 }, () => watts),
            everyS,
            stepWh,
          );
          const power = powerOf(flow) ?? Number.NaN;
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
          const flow = createRegisterPower();
          const stepS = (stepWh * 3600) / watts;
          const isNear = (power: number): boolean =>
            Math.abs(power - watts) <= (0.35 + everyS / Math.max(stepS, everyS)) * watts && power > 0.5 * watts;
          const count = Math.ceil((4 * Math.max(stepS, 60)) / everyS);
          for (let i = 0; i < count; i++) {
            const wh = Math.floor((startWh + (watts * i * everyS) / 3600) / stepWh) * stepWh;
            noteReading(flow, { wh, at: i * everyS * 1000, monotonic: i * everyS * 1000 });
            const power = powerOf(flow);
            assert.ok(power === undefined || isNear(power), `${power} instead of ${watts} after ${i * everyS} s`);
          }
          assert.ok(powerOf(flow) !== undefined);
        },
      ),
      { examples: [[6103, 100, 30, 444]], numRuns: 1000 },
    );
  });

  it('is nothing where the register stands still for longer than a car that charges would let it', () => {
    const flow = createRegisterPower();
    const at = (minutes: number, wh: number): number | undefined => {
      noteReading(flow, { wh, at: minutes * 60_000, monotonic: minutes * 60_000 });
      return powerOf(flow);
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
    const flow = createRegisterPower();
    read(flow, [...Array.from({ length: 10 }, () => 7200), 0, 0, 0, 0], 10, 1);
    assert.equal(powerOf(flow), Math.round(3600 / 30));
  });

  it('keeps of a register that stands still two readings, and the interval in which they come', () => {
    const flow = createRegisterPower();
    read(flow, [7200, 7200, 7200, ...Array.from({ length: 500 }, () => 0)], 10, 1);
    assert.ok(flow.readings.length <= 6, `${flow.readings.length} readings`);
    assert.deepEqual([intervalOf(flow), powerOf(flow)], [10, 0]);
  });

  it('keeps few readings, however often it is read', () => {
    for (const everyS of [0.5, 5, 10]) {
      const flow = createRegisterPower();
      read(
        flow,
        Array.from({ length: 2000 }, () => 7200),
        everyS,
        0.1,
      );
      assert.ok(flow.readings.length <= 56, `${flow.readings.length} readings`);
      assert.ok(Math.abs((powerOf(flow) ?? 0) - 7200) < 72);
    }
  });

  it('begins anew where the register does, and after a long silence', () => {
    const flow = createRegisterPower();
    read(
      flow,
      Array.from({ length: 10 }, () => 7200),
      10,
      1,
    );
    noteReading(flow, { wh: 3, at: 100_000, monotonic: 100_000 });
    assert.equal(powerOf(flow), undefined);
    noteReading(flow, { wh: 9, at: 200_000, monotonic: 200_000 });
    assert.equal(powerOf(flow), 216);
    noteReading(flow, { wh: 50_000, at: 9_000_000, monotonic: 9_000_000 });
    assert.equal(powerOf(flow), undefined);
  });

  it('readings that come late count for nothing', () => {
    const flow = createRegisterPower();
    read(
      flow,
      Array.from({ length: 10 }, () => 7200),
      10,
      1,
    );
    const before = powerOf(flow);
    noteReading(flow, { wh: 5001, at: 5000, monotonic: 95_000 });
    assert.equal(powerOf(flow), before);
  });

  it('since a time: by two readings after it, and at the least without its last step', () => {
    const flow = createRegisterPower();
    read(
      flow,
      Array.from({ length: 10 }, () => 3600),
      10,
      1,
    );
    assert.equal(riseSince(flow, 85_000), undefined);
    assert.deepEqual(riseSince(flow, 65_000), { powerW: 3600, leastW: 3600 - 180 });
  });
});
