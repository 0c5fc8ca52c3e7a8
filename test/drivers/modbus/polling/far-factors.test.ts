import assert from 'node:assert/strict';
import type { Cycle, DeviceState } from '../../../../src/drivers/driver.ts';
import { createModbusDriver } from '../../../../src/drivers/modbus/index.ts';
import { sinkOf } from '../../../support/driver-sink.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';
import { type SimulatedUnit, simulateUnits } from '../../../support/sunspec/simulated-units.ts';
import { until } from '../../../support/until.ts';

const unit = 1;
const [factorAt, nearAt, farAt] = [10, 11, 300];

const resolved = resolvedPoints([
  { name: 'sf', addr: factorAt, type: 'int16' },
  { name: 'near', quantity: 'meter/power/l1', addr: nearAt, type: 'uint16', scaleFrom: 'sf', unit: 'W' },
  { name: 'far', quantity: 'meter/power/l2', addr: farAt, type: 'uint16', scaleFrom: 'sf', scaleFar: true, unit: 'W' },
]);

/** Polls a device until a test has seen enough. @param factorOf gives the factor at its nth read */
const poll = async (factorOf: (nth: number) => number, polls: number) => {
  let reads = 0;
  const answer: SimulatedUnit = (address, count) =>
    Array.from({ length: count }, (_, n) => {
      const register = address + n;
      if (register === factorAt) return factorOf(reads++) & 0xffff;
      return register === nearAt ? 5 : 7;
    });
  const { bus, clock, asked } = simulateUnits({ [unit]: answer });
  const driver = createModbusDriver({ resolved, bus, unit, intervalMs: 1000, name: 'd' }, clock);
  const cycles: Cycle[] = [];
  const states: DeviceState[] = [];
  driver.start(sinkOf({ cycle: (cycle) => cycles.push(cycle), state: (state) => states.push(state) }));
  await until(() => cycles.length >= polls, `${polls} polls`);
  await driver.close();
  await bus.close();
  const values = cycles.slice(0, polls).map(({ samples }) => samples.map(({ value }) => value));
  return { values, cycles, asked: asked(), states };
};

describe('a scale factor too far from its value for one request', () => {
  it('is read before and after the value', async () => {
    const { values, asked } = await poll(() => 2, 2);
    assert.deepEqual(values, [
      [500, 700],
      [500, 700],
    ]);
    assert.deepEqual(asked.slice(0, 3), ['1: 10+2', '1: 300+1', '1: 10+1']);
  });

  it('that has changed by then leaves the far value without one, and the near value good', async () => {
    const { values, cycles } = await poll((nth) => nth % 2, 2);
    assert.deepEqual(values, [
      [5, null],
      [5, null],
    ]);
    assert.match(
      cycles[0]?.errors.join() ?? '',
      /unit 1, holding 10: the scale factor sf changed from 0 to 1 with its values/,
    );
    assert.equal(cycles[0]?.samples[1]?.reason, 'modbus_exception');
  });

  it('that has changed since the last poll scales values that have not', async () => {
    const { values } = await poll((nth) => Math.floor(nth / 2), 3);
    assert.deepEqual(values, [
      [5, 7],
      [50, 70],
      [500, 700],
    ]);
  });

  it('that the device does not tell leaves both without a value', async () => {
    const { values } = await poll(() => -32_768, 1);
    assert.deepEqual(values, [[null, null]]);
  });
});
