/** Orders of a device whose profile is exchanged while they are carried out, or in force. */
import assert from 'node:assert/strict';
import { type Applied, CommandFailure, type Driver, type Order } from '../../../../src/drivers/driver.ts';
import { HeldOrders } from '../../../../src/drivers/sunspec/device/held-orders.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const done: Applied = { verified: true, by: 'register' };
const order: Order = {
  actuator: 'solar',
  params: {},
  limits: { limit_power: 1000 },
  startBy: Number.POSITIVE_INFINITY,
  notAfter: 60_000,
};
const signal = new AbortController().signal;

/** A driver that carries out an order as the test says. */
const driverOf = (apply: Driver['apply']): Driver => ({
  describe: () => ({ protocol: 'test', source: 'test/d', channels: [], components: {} }),
  inspect: () => new Map(),
  actuators: () => [],
  apply,
  start() {},
  close: async () => {},
});

describe('orders over an exchange of drivers', () => {
  let told: string[];
  let lost: string[];
  let orders: HeldOrders;
  const clock = createVirtualClock();
  const obeying = (name: string): Driver =>
    driverOf(async ({ limits }) => {
      told.push(`${name} ${limits.limit_power}`);
      return done;
    });

  beforeEach(() => {
    told = [];
    lost = [];
    orders = new HeldOrders(clock, (actuator, what) => lost.push(`${actuator}: ${what}`));
  });

  it('are told that there is no driver yet', async () => {
    assert.equal(await orders.apply(order, signal), undefined);
  });

  it('begin again with the new driver where the old one was closed over them', async () => {
    let close = (_: Error): void => {};
    await orders.during(async () =>
      driverOf(
        () =>
          new Promise((_, reject) => {
            close = reject;
          }),
      ),
    );
    const applied = orders.apply(order, signal);
    await new Promise((resolve) => setImmediate(resolve));
    await orders.during(async () => {
      close(new CommandFailure('INTERNAL', 'replaced by a newer order'));
      return obeying('new');
    });
    assert.deepEqual(await applied, done);
    assert.deepEqual(told, ['new 1000']);
  });

  it('fail where their driver stays', async () => {
    await orders.during(async () => driverOf(() => Promise.reject(new CommandFailure('DEVICE_REJECTED', 'no'))));
    await assert.rejects(orders.apply(order, signal), /no/);
  });

  it('are told to the new driver while they are in force, and only then', async () => {
    await orders.during(async () => obeying('first'));
    await orders.apply(order, signal);
    await orders.during(async () => obeying('second'));
    await orders.apply({ ...order, limits: {}, notAfter: Number.POSITIVE_INFINITY }, signal);
    await orders.during(async () => obeying('third'));
    assert.deepEqual(told, ['first 1000', 'second 1000', 'second undefined']);
    await orders.apply({ ...order, notAfter: clock.monotonic() + 1000 }, signal);
    clock.advance(2000);
    await orders.during(async () => obeying('fourth'));
    assert.equal(told.at(-1), 'third 1000');
  });

  it('wait for one that is told again, and ask the bridge where that fails', async () => {
    await orders.during(async () => obeying('first'));
    await orders.apply(order, signal);
    await orders.during(async () => driverOf(() => Promise.reject(new CommandFailure('DEVICE_OFFLINE', 'away'))));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(lost, ['solar: away']);
  });
});
