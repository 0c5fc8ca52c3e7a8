import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver } from '../../../../src/drivers/driver.ts';
import { createModbusDriver } from '../../../../src/drivers/modbus/driver.ts';
import { exceptionFailure } from '../../../../src/drivers/modbus/failures.ts';
import type { ReadRequest } from '../../../../src/drivers/modbus/messages.ts';
import type { Bus } from '../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { sinkOf } from '../../../support/driver-sink.ts';
import { createScriptedLink } from '../../../support/modbus/scripted-link.ts';
import { resolvedOf } from '../../../support/modbus/test-profiles.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const addresses = [10, 11, 20, 30, 40];
const profile = {
  schema: 'profile/1',
  id: 'refusing',
  title: 'Four blocks',
  class: 'meter',
  points: addresses.map((addr) => ({
    name: `p${addr}`,
    quantity: `meter/x_p${addr}`,
    addr,
    type: 'uint16',
    unit: 'W',
  })),
};
const intervalMs = 500;

describe('a device that refuses', () => {
  const clock = createVirtualClock();
  let bus: Bus;
  let driver: Driver;
  let states: DeviceState[];
  let last: Cycle | undefined;
  let isRefused: (request: ReadRequest) => boolean;

  beforeEach(() => {
    states = [];
    isRefused = () => false;
    const link = createScriptedLink(async (request) => {
      if (isRefused(request)) throw exceptionFailure(request, 2);
      return Buffer.from(Array.from({ length: request.count }, (_, i) => [0, request.address + i]).flat());
    });
    const resolved = resolvedOf(profile);
    bus = createBus(link, clock);
    driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'm' }, clock);
    driver.start(
      sinkOf({
        state: (state) => states.push(state),
        cycle(cycle) {
          last = cycle;
        },
      }),
    );
  });
  afterEach(async () => {
    await driver.close();
    await bus.close();
  });

  const values = (): unknown[] =>
    (last?.samples ?? []).toSorted((a, b) => a.channel - b.channel).map(({ value }) => value);
  const reasons = (): string => states.flatMap((state) => ('reason' in state ? state.reason : [])).join();

  for (let count = 1; count <= 20; count++)
    it(`everything, ${count} times in a row, has all its points again, wherever in a poll that ends`, async () => {
      await clock.advanceAsync(intervalMs);
      assert.deepEqual(values(), addresses);
      let left = count;
      isRefused = () => left-- > 0;
      await clock.advanceAsync(120_000);
      assert.ok(left < 0, 'it was asked until it refused no more');
      assert.deepEqual(values(), addresses);
      assert.equal(states.at(-1)?.kind, 'online');
      assert.doesNotMatch(reasons(), /refuses p/);
    });

  it('one register is named, and has the others', async () => {
    isRefused = ({ address, count }) => address <= 20 && address + count > 20;
    await clock.advanceAsync(4 * intervalMs);
    assert.match(reasons(), /refuses p20$/);
    assert.deepEqual(values(), [10, 11, 30, 40]);
  });
});
