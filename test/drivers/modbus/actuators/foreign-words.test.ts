/** Registers of a plain Modbus device that others set as well, as a profile describes them. */
import assert from 'node:assert/strict';
import { pause } from '../../../../src/common/pause.ts';
import type { DriverMemory, Order } from '../../../../src/drivers/driver.ts';
import { ModbusActuators } from '../../../../src/drivers/modbus/actuators/modbus-actuators.ts';
import { createBus, inspectProfile } from '../../../../src/drivers/modbus/index.ts';
import type { ReadRequest, WriteRequest } from '../../../../src/drivers/modbus/messages.ts';
import { createJumpingClock } from '../../../support/jumping-clock.ts';
import { createScriptedLink } from '../../../support/modbus/scripted-link.ts';
import { resolvedOf } from '../../../support/modbus/test-profiles.ts';

/** An inverter with a limit in W that the portal of its vendor sets as well; 5000 W are its rated power. */
const profile = {
  schema: 'profile/1',
  id: 'shared-limit',
  title: 'Shared limit',
  class: 'inverter',
  settings: { rated_w: { title: 'Rated power', unit: 'W', default: 5000 } },
  points: [
    { name: 'power', quantity: 'solar/power', addr: 0, type: 'int16', unit: 'W' },
    { name: 'limit', addr: 10, type: 'uint16', access: 'rw', writeFc: 16 },
    { name: 'on', addr: 11, type: 'uint16', access: 'rw', writeFc: 16 },
  ],
  actuators: [
    {
      component: 'solar',
      limits: { limit_power: { params: { power_w: { min: 0, max: '$rated_w' } } } },
      fallback: {
        means: { power_w: '$rated_w' },
        steps: [
          {
            together: [
              { point: 'limit', value: '$limit_power' },
              { point: 'on', value: 1 },
            ],
          },
        ],
      },
      foreign: {
        keep: ['limit', 'on'],
        switches: ['on'],
        limits: { limit_power: { value: 'found@limit', while: { point: 'on', is: [1] } } },
      },
    },
  ],
};

const order = (limit?: number): Order => ({
  actuator: 'solar',
  params: {},
  limits: limit === undefined ? {} : { limit_power: limit },
  startBy: Number.POSITIVE_INFINITY,
  notAfter: Number.POSITIVE_INFINITY,
});

describe('registers that others set as well', () => {
  let words: Map<number, number>;
  let kept: Map<string, object>;
  let canSave: boolean;
  let actuators: ModbusActuators;
  /** What the next write waits for. */
  let gate: Promise<void> | undefined;
  const clock = createJumpingClock();

  const memory: DriverMemory = {
    load: (key) => structuredClone(kept.get(key)),
    save(key, facts) {
      if (!canSave) return false;
      if (facts) kept.set(key, structuredClone(facts));
      else kept.delete(key);
      return true;
    },
  };
  const open = (given: { memory?: DriverMemory } = { memory }, described: object = profile): void => {
    const link = createScriptedLink(async ({ address, count }: ReadRequest) => {
      const data = Buffer.alloc(count * 2);
      for (let n = 0; n < count; n++) data.writeUInt16BE(words.get(address + n) ?? 0, n * 2);
      return data;
    });
    const bus = createBus(link, clock);
    bus.attach(1, { timeoutMs: 1000, maxInFlight: 1, interRequestMs: 0 });
    const write = async ({ address, values }: WriteRequest): Promise<void> => {
      const waited = gate;
      gate = undefined;
      await waited;
      for (const [n, word] of values.entries()) words.set(address + n, word);
    };
    actuators = new ModbusActuators({
      resolved: resolvedOf(described),
      bus: { ...methodsOf(bus), write },
      unit: 1,
      clock,
      settings: {},
      sink: { described() {}, drifted() {}, event() {}, ...given },
      polled: () => undefined,
    });
  };
  const apply = (limit?: number) => actuators.apply(order(limit), new AbortController().signal);
  const held = (): (number | undefined)[] => [words.get(10), words.get(11)];

  beforeEach(() => {
    words = new Map([
      [0, 100],
      [10, 3500],
      [11, 1],
    ]);
    kept = new Map();
    canSave = true;
    gate = undefined;
    open();
  });
  afterEach(() => actuators.close());

  it('bound what we write, and are written back', async () => {
    assert.deepEqual(await apply(4000), { verified: true, by: 'register', foreignLimits: { limit_power: 3500 } });
    assert.deepEqual(held(), [3500, 1]);
    assert.deepEqual(await apply(2000), { verified: true, by: 'register' });
    assert.deepEqual(held(), [2000, 1]);
    await apply();
    assert.deepEqual(held(), [3500, 1]);
    assert.deepEqual([...kept], [], 'nothing is remembered any more');
  });

  it('are known to the next process', async () => {
    await apply(2000);
    open();
    await apply(1000);
    open();
    await apply();
    assert.deepEqual(held(), [3500, 1]);
  });

  it('are not written while they cannot be remembered', async () => {
    canSave = false;
    await assert.rejects(apply(2000), /could not be written down/);
    assert.deepEqual(held(), [3500, 1]);
    open({});
    await assert.rejects(apply(2000), /could not be written down/);
    assert.deepEqual(held(), [3500, 1]);
  });

  it('are left alone by a safe state that nothing was written before', async () => {
    await apply();
    assert.deepEqual(held(), [3500, 1]);
  });

  it('count as changed by others where one of them holds something else', async () => {
    await apply(2000);
    words.set(10, 1500);
    await apply(2000);
    assert.deepEqual(held(), [1500, 1]);
    // Somebody lifts the limit by the switch alone: the value stays as they wrote it last.
    words.set(11, 0);
    await apply(2000);
    assert.deepEqual(held(), [2000, 1]);
    await apply();
    assert.deepEqual(held(), [1500, 0]);
  });

  it('are not overwritten by a refresh that is still under way', async () => {
    const [actuator] = profile.actuators;
    const watchdog = [{ kind: 'rewrite', periodMs: 1000 }];
    open({ memory }, { ...profile, actuators: [{ ...actuator, watchdog }] });
    await apply(2000);
    let release = (): void => {};
    gate = new Promise((resolve) => {
      release = resolve;
    });
    const from = clock.monotonic();
    await pause(2500, clock);
    assert.ok(clock.monotonic() - from >= 2000, 'a refresh is under way');
    const restored = apply();
    await pause(2500, clock);
    release();
    await restored;
    assert.deepEqual(held(), [3500, 1]);
  });

  it('are not remembered while the device tells no value', async () => {
    const nan = ['0xffff'];
    const points = profile.points.map((point) => (point.name === 'limit' ? { ...point, nan } : point));
    open({ memory }, { ...profile, points });
    await apply(2000);
    words.set(10, 0xffff);
    await assert.rejects(apply(1000), /does not report limit at the moment/);
    await assert.rejects(apply(), /does not report limit at the moment/);
    words.set(10, 2000);
    await apply();
    assert.deepEqual(held(), [3500, 1]);
  });

  it('are forgotten where the facts that were kept are of other registers', async () => {
    await apply(2000);
    kept.set('foreign solar limit', { found: { other: { words: [1], value: 1 } }, ours: [{}] });
    open();
    await apply();
    assert.deepEqual(held(), [2000, 1], 'what stands there may be of somebody else');
  });
});

/** The methods of a bus, which is a class. */
const methodsOf = (bus: ReturnType<typeof createBus>): ReturnType<typeof createBus> => ({
  attach: (unit, limits) => bus.attach(unit, limits),
  read: (request) => bus.read(request),
  write: (request) => bus.write(request),
  reconnectSoon: () => bus.reconnectSoon(),
  health: (unit) => bus.health(unit),
  linkState: () => bus.linkState(),
  onChange: (listener) => bus.onChange(listener),
  onNotice: (listener) => bus.onNotice(listener),
  attachedUnit: () => bus.attachedUnit(),
  close: () => bus.close(),
});

describe('a profile with registers that others set', () => {
  const mistakeOf = (change: (actuator: (typeof profile)['actuators'][number]) => unknown): string => {
    const changed = structuredClone(profile);
    const [actuator] = changed.actuators;
    assert.ok(actuator);
    const actuators = [change(actuator)];
    return inspectProfile(JSON.stringify({ ...changed, actuators })).mistakes.join('; ');
  };

  it('has no mistake', () => assert.deepEqual(inspectProfile(JSON.stringify(profile)).mistakes, []));

  it('names only points that it keeps', () => {
    assert.match(
      mistakeOf((given) => ({ ...given, foreign: { ...given.foreign, keep: ['limit'] } })),
      /on is not among the points that are kept/,
    );
    assert.match(
      mistakeOf((given) => ({ ...given, foreign: { ...given.foreign, keep: ['power'] } })),
      /power has to be read and written back: it needs "access": "rw"/,
    );
    assert.match(
      mistakeOf(({ foreign: _, ...given }) => ({
        ...given,
        fallback: { ...given.fallback, steps: [{ point: 'limit', value: 'found@limit' }] },
      })),
      /found@limit is no point that foreign\.keep remembers/,
    );
  });

  it('needs steps for its safe state, or registers that others set', () => {
    assert.match(
      mistakeOf(({ foreign: _, fallback: { means }, ...given }) => ({ ...given, fallback: { means } })),
      /fallback needs steps: nothing is known that others have set/,
    );
  });

  it('bounds only limits that the actuator has', () => {
    const limits = { limit_charge: { value: 'found@limit', while: { point: 'on', is: [1] } } };
    assert.match(
      mistakeOf((given) => ({ ...given, foreign: { ...given.foreign, limits } })),
      /there is no limit "limit_charge"/,
    );
  });
});
