import assert from 'node:assert/strict';
import { CommandFailure, type Order } from '../../../../src/drivers/driver.ts';
import { ModbusActuators } from '../../../../src/drivers/modbus/actuators/modbus-actuators.ts';
import { RegisterImage, type UnitImages } from '../../../../src/drivers/modbus/server/register-image.ts';
import type { Bus } from '../../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../../../../src/drivers/modbus/transport/tcp-link.ts';
import { type FaultyServer, startFaultyServer } from '../../../../src/simulator/modbus/faulty-server.ts';
import { createFastClock } from '../../../support/fast-clock.ts';
import { resolvedOf } from '../../../support/modbus/test-profiles.ts';
import { until } from '../../../support/until.ts';

/** No faster than the real one, but it stands still with the process: the device is in it as well. */
const clock = createFastClock(1);
const now = (): number => clock.monotonic();
const signal = (): AbortSignal => new AbortController().signal;

const order = (verb: string | undefined, params: Order['params'] = {}, more: Partial<Order> = {}): Order => ({
  actuator: 'battery',
  ...(verb === undefined ? {} : { verb }),
  params,
  limits: {},
  startBy: Number.POSITIVE_INFINITY,
  notAfter: verb === undefined ? Number.POSITIVE_INFINITY : now() + 60_000,
  ...more,
});

/** A battery with everything a profile can say about commands. */
const profile = {
  schema: 'profile/1',
  id: 'told',
  title: 'Told',
  class: 'battery',
  connection: { timeoutMs: 1000 },
  settings: {
    max_w: { title: 'Largest power', unit: 'W', default: 3000 },
    rated_w: { title: 'Rated', unit: 'W', point: 'rated', default: 1000 },
    watchdog_s: { title: 'Watchdog', unit: 's', default: 0.2 },
  },
  points: [
    { name: 'power', quantity: 'battery/power', addr: 0, type: 'int16', unit: 'W' },
    { name: 'soc', quantity: 'battery/soc', addr: 1, type: 'uint16', unit: '%' },
    { name: 'rated', addr: 2, type: 'uint16', unit: 'W' },
    { name: 'mode', addr: 10, type: 'uint16', access: 'rw', enum: { 0: 'auto', 2: 'forced' } },
    { name: 'target', addr: 11, type: 'int32', wordOrder: 'little', access: 'rw', unit: 'W' },
    { name: 'ceiling', addr: 13, type: 'uint16', access: 'rw', scale: 10, unit: 'W' },
    { name: 'secret', addr: 20, type: 'uint16', access: 'w' },
    { name: 'timeout', addr: 21, type: 'uint16', access: 'rw' },
    { name: 'reserve', addr: 22, type: 'uint16', access: 'rw', persistent: true },
    { name: 'key', addr: 23, type: 'uint16' },
    { name: 'limit', addr: 30, type: 'uint16', access: 'w' },
    { name: 'limited', quantity: 'ev_charger/current_limit', addr: 31, type: 'uint16', unit: 'A' },
  ],
  actuators: [
    {
      component: 'battery',
      setpoints: {
        charge: {
          params: { power_w: { max: '$max_w', limitedBy: 'limit_charge' } },
          steps: [
            { point: 'target', value: '-$power_w' },
            { point: 'ceiling', value: '$limit_charge' },
            { point: 'mode', value: 2 },
          ],
        },
        discharge: {
          params: { power_w: { max: '$rated_w' } },
          steps: [{ point: 'secret', value: '$power_w' }],
          effect: {
            point: 'power',
            value: '$power_w',
            tolerance: 50,
            withinMs: 600,
            unless: [{ point: 'soc', max: 5, reason: 'empty' }],
          },
        },
        hold: {
          params: { allow: { choices: ['none', 'charge'], default: 'none' } },
          requires: [{ point: 'key', is: [1], why: 'turn the key at the device first' }],
          steps: [{ point: 'target', value: { param: 'allow', map: { none: 0, charge: '-$max_w' } } }],
        },
      },
      limits: { limit_charge: { params: { power_w: { max: '$max_w' } } } },
      setup: [{ point: 'timeout', value: '$watchdog_s' }],
      fallback: {
        means: { mode: 'auto' },
        steps: [
          { point: 'mode', value: 0 },
          { point: 'ceiling', value: '$limit_charge' },
        ],
      },
      watchdog: [{ kind: 'write', point: 'secret', value: 7, timeoutS: '$watchdog_s' }],
      settleMs: 500,
    },
    {
      component: 'ev_charger',
      setpoints: {
        set_current_limit: {
          params: { current_a: { min: 6, max: 32 } },
          steps: [{ point: 'limit', value: '$current_a' }],
          effect: { point: 'limited', value: '$current_a', tolerance: 0.5, withinMs: 600 },
        },
      },
      fallback: { means: { current_a: 6 }, steps: [{ point: 'limit', value: 6 }] },
      latencyMs: 7000,
    },
  ],
  config: {
    set_reserve_soc: { component: 'battery', params: { soc: {} }, steps: [{ point: 'reserve', value: '$soc' }] },
  },
};

describe('orders on a Modbus device', () => {
  let server: FaultyServer;
  let holding: NonNullable<UnitImages['holding']>;
  let bus: Bus;
  let actuators: ModbusActuators;
  let drifts: string[];
  let writes: number;
  /** The device rounds: this is what its ceiling becomes, whatever is written. */
  let roundsTo: number | undefined;
  /** Once it is told the first, its power is the second, W. */
  let follows: [told: number, power: number] | undefined;

  const open = (settings: Record<string, number> = {}, described: object = profile): void => {
    const resolved = resolvedOf(described);
    drifts = [];
    const polled = (name: string): number | undefined => (name === 'rated' ? 2500 : undefined);
    const sink = { described() {}, drifted: (_: string, what: string) => void drifts.push(what) };
    actuators = new ModbusActuators({
      resolved,
      bus,
      unit: 1,
      clock,
      settings,
      sink,
      polled,
    });
  };
  const held = (...addresses: number[]): number[] => addresses.map((address) => holding.peek(address));
  const failure = async (applying: Promise<unknown>): Promise<CommandFailure> => {
    const outcome = await applying.then(
      (applied) => JSON.stringify(applied),
      (error: unknown) => error,
    );
    assert.ok(outcome instanceof CommandFailure, String(outcome));
    return outcome;
  };

  beforeEach(async () => {
    holding = new RegisterImage();
    writes = 0;
    roundsTo = undefined;
    follows = undefined;
    const onWritten = (): void => {
      writes++;
      if (follows?.[0] === holding.peek(20)) {
        holding.set(0, follows[1]);
        follows = undefined;
      }
      if (roundsTo !== undefined) holding.set(13, roundsTo);
    };
    const images: UnitImages = { holding, onWritten };
    for (const address of [0, 1, 2, 10, 11, 12, 13, 21, 22, 23]) holding.set(address, 0);
    for (const address of [10, 11, 12, 13, 20, 21, 22, 30]) holding.allowWrite(address);
    server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, new Map([[1, images]]));
    const link = createTcpLink({ host: '127.0.0.1', port: server.port }, clock);
    bus = createBus(link, clock);
    bus.attach(1, { timeoutMs: 3000, maxInFlight: 1, interRequestMs: 0 });
    await until(() => link.state().kind === 'open', 'the link opens');
    open();
  });
  afterEach(async () => {
    actuators.close();
    await bus.close();
    await server.close();
  });

  it('writes the steps in both word orders and scales, and reads them back', async () => {
    const applied = await actuators.apply(order('charge', { power_w: 1500 }), signal());
    assert.deepEqual(applied, { verified: true, by: 'register' });
    // -1500 as 32 bits, the less significant word first; 3000 W in tens.
    assert.deepEqual(held(10, 11, 12, 13), [2, 0xfa24, 0xffff, 300]);
  });

  it('keeps a limit in force, and lifts it where nobody limits', async () => {
    await actuators.apply(order('charge', { power_w: 500 }, { limits: { limit_charge: 800 } }), signal());
    assert.deepEqual(held(13), [80]);
    await actuators.apply(order(undefined, {}, { limits: { limit_charge: 600 } }), signal());
    assert.deepEqual(held(10, 13), [0, 60]);
    await actuators.apply(order(undefined), signal());
    assert.deepEqual(held(10, 13), [0, 300]);
  });

  it('says that nothing can be read back, where the effect does not show', async () => {
    follows = [1000, 980];
    const seen = await actuators.apply(order('discharge', { power_w: 1000 }), signal());
    assert.deepEqual(seen, { verified: true, by: 'effect' });
    holding.set(0, 0);
    holding.set(1, 50);
    assert.deepEqual(await actuators.apply(order('discharge', { power_w: 1000 }), signal()), {
      verified: false,
      reason: 'no_effect',
    });
    holding.set(1, 3);
    assert.deepEqual(await actuators.apply(order('discharge', { power_w: 1000 }), signal()), {
      verified: false,
      reason: 'empty',
    });
  });

  it('proves nothing by an effect that was there before', async () => {
    const discharge = (power_w: number) => actuators.apply(order('discharge', { power_w }), signal());
    holding.set(0, 500);
    holding.set(1, 50);
    assert.deepEqual(await discharge(540), { verified: false, reason: 'within_tolerance' });
    assert.deepEqual(await discharge(540), { verified: false, reason: 'within_tolerance' });
    follows = [1000, 1010];
    assert.deepEqual(await discharge(1000), { verified: true, by: 'effect' });
    assert.deepEqual(await discharge(1000), { verified: true, by: 'effect' }, 'renewed');
    assert.deepEqual(await discharge(1040), { verified: false, reason: 'within_tolerance' });
    holding.set(1, 3);
    assert.deepEqual(await discharge(1030), { verified: false, reason: 'empty' });
    holding.set(1, 50);
    holding.set(0, 0);
    follows = [1000, 1000];
    assert.deepEqual(await discharge(1000), { verified: true, by: 'effect' });
    actuators.usable();
    assert.deepEqual(await discharge(1000), { verified: false, reason: 'within_tolerance' }, 'it was away');
  });

  it('proves nothing by an effect of which nobody knows whether it was there before', async () => {
    const get = holding.get.bind(holding);
    holding.set(0, 510);
    holding.set(1, 50);
    // It cannot be read until the order is written.
    holding.get = (address) => (address === 0 && holding.peek(20) !== 500 ? undefined : get(address));
    const applied = await actuators.apply(order('discharge', { power_w: 500 }), signal());
    assert.deepEqual(applied, { verified: false, reason: 'within_tolerance' });
  });

  it('takes the limit that a wallbox tells for what it holds, and not for what comes of it', async () => {
    holding.set(31, 10);
    const limited = actuators.apply(
      order('set_current_limit', { current_a: 10 }, { actuator: 'ev_charger' }),
      signal(),
    );
    assert.deepEqual(await limited, { verified: true, by: 'register' });
  });

  it('says what the device needs, as far as it is known', () => {
    const needs = actuators.describe().map(({ latencyS, timeConstantS, verifyS, verbs }) => {
      const tolerances = Object.values(verbs).map(({ tolerance }) => tolerance);
      return { latencyS, timeConstantS, verifyS, tolerances };
    });
    assert.deepEqual(needs.slice(0, 2), [
      {
        latencyS: undefined,
        timeConstantS: undefined,
        verifyS: 0.6,
        tolerances: [undefined, 50, undefined, undefined],
      },
      // IEC 61851-1: the car has followed after 5 s.
      { latencyS: 7, timeConstantS: 1.7, verifyS: 1, tolerances: [0.5] },
    ]);
  });

  it('stops waiting for an effect when something newer is to be done', async () => {
    // Longer than the test would wait.
    const [battery, ...others] = profile.actuators;
    open({}, { ...profile, actuators: [{ ...battery, latencyMs: 600_000 }, ...others] });
    follows = [1000, 0];
    let looks = 0;
    const get = holding.get.bind(holding);
    holding.get = (address) => {
      if (address === 0 && holding.peek(20) === 1000) looks++;
      return get(address);
    };
    const controller = new AbortController();
    const waiting = actuators.apply(order('discharge', { power_w: 1000 }), controller.signal);
    await until(() => looks > 0, 'the effect is looked for');
    controller.abort();
    assert.deepEqual(await waiting, { verified: false, reason: 'replaced' });
  });

  it('notices a register that does not take the value', async () => {
    roundsTo = 290;
    const failed = await failure(actuators.apply(order('charge', { power_w: 1500 }), signal()));
    assert.equal(failed.code, 'READBACK_MISMATCH');
    assert.match(failed.message, /ceiling reads 2900 instead of 3000/);
  });

  it('writes with the power of ten that the device tells, but with none that reading would not believe', async () => {
    const points = [
      { name: 'power_sf', addr: 40, type: 'int16', nan: ['0x8000'] },
      { name: 'wanted', addr: 41, type: 'int16', access: 'rw', unit: 'W', scaleFrom: 'power_sf' },
    ];
    const [battery, ...others] = profile.actuators;
    const charge = { params: { power_w: { max: 3000 } }, steps: [{ point: 'wanted', value: '$power_w' }] };
    const scaled = { ...battery, setpoints: { ...battery?.setpoints, charge } };
    open({}, { ...profile, points: [...profile.points, ...points], actuators: [scaled, ...others] });
    holding.allowWrite(41);
    const apply = (exponent: number, power_w: number) => {
      holding.set(40, exponent);
      holding.set(41, 0);
      return actuators.apply(order('charge', { power_w }), signal());
    };
    for (const [exponent, power_w, register] of [
      [1, 1500, 150],
      [0xfffe, 15, 1500],
      [0xfff6, 0, 0],
      [10, 0, 0],
    ] as const) {
      assert.deepEqual(await apply(exponent, power_w), { verified: true, by: 'register' }, String(exponent));
      assert.deepEqual(held(41), [register]);
    }
    const before = writes;
    for (const [exponent, message] of [
      [11, /reports 11 as power_sf, but a power of ten lies between -10 and 10/],
      [0xfff5, /reports -11 as power_sf/],
      [0x8000, /does not report power_sf/],
    ] as const) {
      const { code, message: told } = await failure(apply(exponent, 0));
      assert.equal(code, 'DEVICE_REJECTED');
      assert.match(told, message);
    }
    assert.equal(writes, before, 'nothing is written');
  });

  it('writes a part of a register, leaves its other bits alone, and heeds only its own when it reads back', async () => {
    const points = [
      { name: 'reserve_on', addr: 40, type: 'uint16', bit: 4, access: 'rw' },
      { name: 'grid_on', addr: 40, type: 'uint16', bit: 5, access: 'rw' },
      { name: 'percent', addr: 41, type: 'u8l', access: 'rw' },
    ];
    const steps = [
      { point: 'reserve_on', value: 1 },
      { point: 'grid_on', value: 0 },
      { point: 'percent', value: 80 },
    ];
    const [battery, ...others] = profile.actuators;
    const parted = { ...battery, setpoints: { charge: { params: { power_w: {} }, steps } }, watchdog: [] };
    open({}, { ...profile, points: [...profile.points, ...points], actuators: [parted, ...others] });
    for (const address of [40, 41]) holding.allowWrite(address);
    holding.set(40, 0x8021);
    holding.set(41, 0x7f0a);
    assert.deepEqual(await actuators.apply(order('charge', { power_w: 1 }), signal()), {
      verified: true,
      by: 'register',
    });
    assert.deepEqual(held(40, 41), [0x8011, 0x7f50]);
    // Somebody else turns another bit of the register.
    holding.set(40, 0x8010);
    assert.deepEqual(await actuators.apply(order('charge', { power_w: 1 }), signal()), {
      verified: true,
      by: 'register',
    });
    assert.deepEqual(held(40), [0x8010]);
  });

  it('tells in the words of commands what went wrong', async () => {
    assert.equal((await failure(actuators.apply(order('hold'), signal()))).code, 'INTERLOCK');
    holding.set(23, 1);
    assert.deepEqual(await actuators.apply(order('hold', { allow: 'charge' }), signal()), {
      verified: true,
      by: 'register',
    });
    assert.deepEqual(held(11, 12), [0xf448, 0xffff]);
    assert.equal((await failure(actuators.apply(order('limit_charge'), signal()))).code, 'UNSUPPORTED');
    assert.equal(
      (await failure(actuators.apply(order('discharge', { power_w: 70_000 }), signal()))).code,
      'OUT_OF_RANGE',
    );
    await server.setFault(1, { kind: 'exception' });
    assert.equal((await failure(actuators.apply(order(undefined), signal()))).code, 'DEVICE_REJECTED');
    await server.setFault(1, { kind: 'dead' });
    assert.equal((await failure(actuators.apply(order(undefined), signal()))).code, 'TIMEOUT');
    await server.setFault(1, { kind: 'offline' });
    await until(() => bus.linkState().kind !== 'open', 'the connection is gone');
    assert.equal((await failure(actuators.apply(order(undefined), signal()))).code, 'DEVICE_OFFLINE');
  });

  it('writes nothing when the time is over', async () => {
    const before = writes;
    assert.equal(
      (await failure(actuators.apply(order('charge', { power_w: 1 }, { startBy: now() - 1 }), signal()))).code,
      'EXPIRED',
    );
    assert.equal(
      (await failure(actuators.apply(order('charge', { power_w: 1 }, { notAfter: now() - 1 }), signal()))).code,
      'EXPIRED',
    );
    assert.equal(writes, before);
  });

  it('prepares the device once, and again after it was away', async () => {
    await actuators.apply(order(undefined), signal());
    assert.deepEqual(held(21), [0], 'not for the safe state alone');
    holding.set(0, 1);
    await actuators.apply(order('charge', { power_w: 1 }), signal());
    holding.set(21, 99);
    await actuators.apply(order('charge', { power_w: 2 }), signal());
    assert.deepEqual(held(21), [99]);
    actuators.usable();
    await actuators.apply(order('charge', { power_w: 3 }), signal());
    assert.deepEqual(held(21), [0]);
  });

  it('feeds the watchdog of the device for as long as the lease lasts, and not longer', async () => {
    const end = now() + 450;
    await actuators.apply(order('charge', { power_w: 1 }, { notAfter: end }), signal());
    await until(() => holding.peek(20) === 7, 'the token is written');
    holding.set(20, 0);
    await until(() => holding.peek(20) === 7, 'and again');
    await until(() => now() > end, 'the lease is over');
    holding.set(20, 0);
    const before = writes;
    // Two periods of the watchdog.
    await until(() => now() > end + 250, 'time passes');
    assert.deepEqual([held(20), writes], [[0], before]);
  });

  it('feeds it in time, however often the order is renewed meanwhile', async () => {
    for (let fed = 0; fed < 3; fed++) {
      holding.set(20, 0);
      const until = now() + 5000;
      while (holding.peek(20) !== 7) {
        assert.ok(now() < until, `fed ${fed} times while it was renewed`);
        await actuators.apply(order('charge', { power_w: 1000 }), signal());
      }
    }
  });

  it('does not feed it in the safe state', async () => {
    await actuators.apply(order('charge', { power_w: 1 }), signal());
    await actuators.apply(order(undefined), signal());
    const [before, at] = [writes, now()];
    await until(() => now() > at + 250, 'time passes');
    assert.equal(writes, before);
  });

  it('spares registers that wear out', async () => {
    const reserve = (soc: number): Order => order('set_reserve_soc', { soc }, { actuator: 'battery#set_reserve_soc' });
    assert.deepEqual(await actuators.apply(reserve(20), signal()), { verified: true, by: 'register' });
    const before = writes;
    assert.deepEqual(await actuators.apply(reserve(20), signal()), { verified: true, by: 'register' });
    assert.equal(writes, before);
    await actuators.apply(reserve(30), signal());
    assert.equal(writes, before + 1);
  });

  it('offers what it can, with the ranges that the form, the device and the profile give, in this order', () => {
    const ranges = () => {
      const [battery] = actuators.describe();
      const { charge, discharge } = battery?.verbs ?? {};
      return [charge?.params.power_w?.max, discharge?.params.power_w?.max];
    };
    assert.deepEqual(ranges(), [3000, 2500]);
    actuators.close();
    open({ max_w: 4000, rated_w: 1234 });
    assert.deepEqual(ranges(), [4000, 1234]);
    const [battery, , reserve] = actuators.describe();
    assert.deepEqual(battery?.fallback, { means: { mode: 'auto' } });
    assert.equal(battery?.watchdogS, 0.2);
    assert.deepEqual([reserve?.isPersistent, reserve?.verbs.set_reserve_soc?.kind], [true, 'config']);
  });
});
