/** Answers that turn out later to be those of another request, and what the driver does with what it has told of them. */

import assert from 'node:assert/strict';
import type { Cycle, Driver, DriverEvent } from '../../../../src/drivers/driver.ts';
import { createModbusDriver } from '../../../../src/drivers/modbus/driver.ts';
import { exceptionFailure, timeoutFailure } from '../../../../src/drivers/modbus/failures.ts';
import type { ReadRequest } from '../../../../src/drivers/modbus/messages.ts';
import type { Bus } from '../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { sinkOf } from '../../../support/driver-sink.ts';
import { createScriptedLink, type ScriptedLink } from '../../../support/modbus/scripted-link.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const word = (addr: number, more: object = {}) => ({ name: `p${addr}`, addr, type: 'uint16', unit: 'W', ...more });
const feeding = (addr: number, more: object = {}) => word(addr, { quantity: `meter/x_p${addr}`, ...more });
const intervalMs = 1000;

describe('an answer that turns out to be that of another request', () => {
  let clock: VirtualClock;
  let bus: Bus;
  let driver: Driver;
  let cycles: Cycle[];
  let events: DriverEvent[];
  let link: ScriptedLink;
  /** @returns its words; throws what it fails with */
  let answer: (request: ReadRequest) => number[];

  const good = ({ address, count }: ReadRequest): number[] => Array.from({ length: count }, (_, i) => address + i);
  const start = (points: object[]): void => {
    const resolved = resolvedPoints(points);
    bus = createBus(link, clock);
    driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'w' }, clock);
    driver.start(sinkOf({ cycle: (cycle) => cycles.push(cycle), event: (event) => events.push(event) }));
  };
  const withdraw = (request: ReadRequest | undefined): void => {
    assert.ok(request);
    link.notice({ kind: 'withdrawn', request, reason: 'more answers came than were asked for' });
  };
  const lastOf = (quantity: string): unknown => {
    const channel = driver.describe().channels.findIndex((each) => each.quantity === quantity);
    return cycles.flatMap(({ samples }) => samples).findLast((sample) => sample.channel === channel)?.value;
  };
  const requests = (): ReadRequest[] => link.asked.map(({ request }) => request);
  const last = (address: number): ReadRequest | undefined =>
    requests().findLast((request) => request.address === address);

  beforeEach(() => {
    clock = createVirtualClock();
    [cycles, events] = [[], []];
    answer = good;
    link = createScriptedLink(async (request) =>
      Buffer.from(answer(request).flatMap((each) => [each >> 8, each & 0xff])),
    );
  });
  afterEach(async () => {
    await driver.close();
    await bus.close();
  });

  it('is taken back at once, and told again when it was read again, though nothing changed', async () => {
    start([feeding(10), feeding(20)]);
    await clock.advanceAsync(100);
    assert.deepEqual([lastOf('x_p10'), lastOf('x_p20')], [10, 20]);
    withdraw(last(10));
    assert.deepEqual([lastOf('x_p10'), lastOf('x_p20')], [null, 20]);
    assert.equal(events.at(-1)?.name, 'reading_withdrawn');
    await clock.advanceAsync(intervalMs);
    assert.equal(lastOf('x_p10'), 10);
  });

  it('is taken back although the requests were planned anew since then', async () => {
    start([feeding(10), feeding(20), feeding(30)]);
    let inDoubt: ReadRequest | undefined;
    answer = (request) => {
      const old = inDoubt;
      inDoubt = undefined;
      if (old) withdraw(old);
      // Absent for five seconds; then all requests are planned anew.
      if (request.address === 30) throw exceptionFailure(request, 2);
      return good(request);
    };
    await clock.advanceAsync(4500);
    const before = last(10);
    inDoubt = before;
    cycles = [];
    await clock.advanceAsync(intervalMs);
    assert.notEqual(last(10), before, 'planned anew');
    assert.equal(events.at(-1)?.name, 'reading_withdrawn');
    assert.deepEqual(
      cycles.flatMap(({ samples }) => samples.flatMap(({ channel, value }) => (channel === 0 ? [value] : []))),
      [null, 10],
    );
  });

  it('is taken back while its block is being taken apart', async () => {
    start([feeding(10), feeding(11), feeding(20)]);
    answer = (request) => {
      if (request.address === 10 && request.count === 2) throw exceptionFailure(request, 2);
      if (request.address === 11) {
        withdraw(last(10));
        throw exceptionFailure(request, 2);
      }
      return good(request);
    };
    await clock.advanceAsync(100);
    assert.equal(lastOf('x_p10'), null);
  });

  it('is an error of the poll in which it came, and of no later one', async () => {
    start([feeding(10), feeding(20), feeding(30)]);
    let isDoubtful = true;
    answer = (request) => {
      if (request.address === 30 && isDoubtful) {
        isDoubtful = false;
        withdraw(last(10));
      }
      return good(request);
    };
    await clock.advanceAsync(100);
    const poll = cycles.at(-1);
    assert.deepEqual(poll?.errors, ['more answers came than were asked for']);
    assert.deepEqual(
      poll?.samples.map(({ value, reason }) => value ?? reason),
      ['modbus_exception', 20, 30],
    );
    await clock.advanceAsync(intervalMs);
    assert.deepEqual(cycles.at(-1)?.errors, []);
    assert.equal(lastOf('x_p10'), 10);
  });

  it('is told again where its points have come into another block since then', async () => {
    start([feeding(10), feeding(11), feeding(20)]);
    await clock.advanceAsync(100);
    const whole = last(10);
    answer = (request) => {
      if (request.address === 11 || request === whole) throw exceptionFailure(request, 2);
      return good(request);
    };
    await clock.advanceAsync(intervalMs);
    assert.deepEqual([whole?.count, last(10)?.count], [2, 1]);
    withdraw(whole);
    assert.equal(lastOf('x_p10'), null);
    await clock.advanceAsync(intervalMs);
    assert.equal(lastOf('x_p10'), 10);
  });

  it('tells nothing again of what is made from others', async () => {
    start([
      feeding(10),
      word(20, { group: 'slow' }),
      word(30, { group: 'slow' }),
      { name: 'sum', quantity: 'meter/x_sum', unit: 'W', sum: ['p20', 'p30'] },
    ]);
    await clock.advanceAsync(100);
    assert.equal(lastOf('x_sum'), 50);
    withdraw(last(10));
    assert.equal(cycles.at(-1)?.samples.length, 1);
    withdraw(last(20));
    assert.equal(lastOf('x_sum'), null);
  });

  it('does not stay in the identity of the device', async () => {
    start([feeding(10), { name: 'serial', identity: 'serial', addr: 50, type: 'string', len: 2 }]);
    answer = (request) => (request.address === 50 ? [0x5858, 0x5858] : good(request));
    await clock.advanceAsync(100);
    assert.equal(driver.describe().serial, 'XXXX');
    answer = (request) => (request.address === 50 ? [0x4142, 0x4344] : good(request));
    withdraw(last(50));
    await clock.advanceAsync(intervalMs);
    assert.equal(driver.describe().serial, 'ABCD');
  });

  it('is asked for again as the identity, where it did not come', async () => {
    start([feeding(10), { name: 'serial', identity: 'serial', addr: 50, type: 'string', len: 2 }]);
    answer = (request) => {
      if (request.address === 50) throw timeoutFailure(request, 1);
      return good(request);
    };
    await clock.advanceAsync(5000);
    assert.ok(requests().filter(({ address }) => address === 50).length <= 2, 'not with every poll');
    answer = (request) => (request.address === 50 ? [0x4142, 0x4344] : good(request));
    await clock.advanceAsync(61_000);
    assert.equal(driver.describe().serial, 'ABCD');
    const count = requests().filter(({ address }) => address === 50).length;
    await clock.advanceAsync(120_000);
    assert.equal(requests().filter(({ address }) => address === 50).length, count, 'once it is known');
  });
});
