import assert from 'node:assert/strict';
import { EffectWatch } from '../../../src/bridge/commands/effect-watch.ts';
import { type ExpectedEffect, expectedEffects } from '../../../src/bridge/commands/expected-effect.ts';
import type { Actuator } from '../../../src/drivers/driver.ts';
import type { Params } from '../../../src/model/command.ts';

const atMost = (max: number, tolerance = 1): ExpectedEffect => ({
  quantity: 'current',
  min: Number.NEGATIVE_INFINITY,
  max,
  tolerance,
});
const exactly = (watts: number): ExpectedEffect => ({ quantity: 'power', min: watts, max: watts, tolerance: 150 });

describe('the watch on what a component measures', () => {
  let watch: EffectWatch;
  let told: [string, boolean | undefined, number][];
  const tell = (aim: ExpectedEffect, now: number): void => {
    watch.begin(new Map([['verb', aim]]));
    watch.onCarriedOut(now);
  };
  const measure = (quantity: string, value: number, at: number, part?: string): void =>
    watch.onMeasured({ quantity, value, at, ts: at, ...(part === undefined ? {} : { part }) });

  beforeEach(() => {
    told = [];
    watch = new EffectWatch(
      () => ({ latencyS: 5, timeConstantS: 0 }),
      (verb, { isReached, at }) => told.push([verb, isReached, at]),
    );
  });

  it('counts the phase with the most, and none of before', () => {
    measure('current', 16, 0, 'l1');
    measure('current', 16, 0, 'l2');
    measure('current', 16, 100, 'l3');
    tell(atMost(10), 100);
    measure('current', 9.8, 1000, 'l1');
    assert.deepEqual(told, [['verb', true, 1000]]);
    measure('current', 16, 2000, 'l2');
    measure('current', 9.8, 7100, 'l1');
    measure('current', 16, 7200, 'l2');
    assert.deepEqual(told.at(-1), ['verb', false, 7200]);
  });

  it('waits for what was there before until the time of the device is over, and no longer', () => {
    measure('power', -600, 0);
    tell(exactly(-600), 100);
    measure('power', -600, 5099);
    assert.deepEqual(told, []);
    measure('power', -600, 5100);
    assert.deepEqual(told, [['verb', true, 5100]]);
  });

  it('believes at once what went and came back', () => {
    measure('power', -600, 0);
    tell(exactly(-600), 100);
    measure('power', -600, 1000);
    measure('power', 0, 2000);
    assert.deepEqual(told, []);
    measure('power', -600, 3000);
    assert.deepEqual(told, [['verb', true, 3000]]);
  });

  it('says what it measures instead, to a tenth of its unit', () => {
    const said: (string | undefined)[] = [];
    const speaking = new EffectWatch(
      () => ({ latencyS: 5, timeConstantS: 0 }),
      (_, { what }) => said.push(what),
    );
    const miss = (effect: ExpectedEffect, value: number, part?: string): void => {
      const { quantity } = effect;
      speaking.begin(new Map([['verb', effect]]));
      speaking.onCarriedOut(0);
      for (const at of [1000, 6000])
        speaking.onMeasured({ quantity, value, at, ts: at, ...(part === undefined ? {} : { part }) });
    };
    miss(atMost(10), 16.26, 'l1');
    miss(exactly(-1000), 300);
    miss({ ...exactly(0), min: -1000, max: Number.POSITIVE_INFINITY }, -1500.04);
    assert.deepEqual(said, [
      'current is 16.3 A instead of at most 10 A',
      'power is 300 W instead of -1000 W',
      'power is -1500 W instead of at least -1000 W',
    ]);
  });

  it('is not misled by the phases of a power that is told as a sum', () => {
    measure('power', 5000, 0);
    tell(exactly(1000), 100);
    measure('power', 1000, 1000, 'l1');
    assert.deepEqual(told, []);
  });
});

describe('what a component should measure', () => {
  const actuator = (type: string, verbs: Actuator['verbs'] = {}): Actuator => ({
    key: type,
    type,
    verbs,
    minWriteIntervalMs: 0,
    verifyS: 1,
    verification: 'readback',
    isPersistent: false,
  });
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const rows: [string, string, Params, [string, number, number] | undefined][] = [
    ['battery', 'charge', { power_w: 1000 }, ['power', -1000, -1000]],
    ['battery', 'charge', { power_w: 1000, source: 'solar_only' }, ['power', -1000, 0]],
    ['battery', 'discharge', { power_w: 1000 }, ['power', 1000, 1000]],
    ['battery', 'discharge', { power_w: 1000, allow_export: false }, ['power', 0, 1000]],
    ['battery', 'charge', {}, undefined],
    ['battery', 'discharge', {}, undefined],
    ['battery', 'limit_charge', {}, undefined],
    ['battery', 'limit_discharge', {}, undefined],
    ['battery', 'hold', {}, ['power', 0, 0]],
    ['battery', 'hold', { allow: 'charge' }, ['power', low, 0]],
    ['battery', 'hold', { allow: 'discharge' }, ['power', 0, high]],
    ['battery', 'limit_charge', { power_w: 1000 }, ['power', -1000, high]],
    ['battery', 'limit_discharge', { power_w: 1000 }, ['power', low, 1000]],
    ['inverter', 'limit_power', { power_w: 1000 }, ['power', low, 1000]],
    ['heat_pump', 'limit_power', { power_w: 1000 }, ['power', low, 1000]],
    ['heat_pump', 'set_power', { power_w: 1000 }, undefined],
    ['heat_pump', 'set_sg_ready', { state: 'force' }, undefined],
    ['ev_charger', 'set_current_limit', { current_a: 10 }, ['current', low, 10]],
    ['ev_charger', 'set_current_limit', { current_a: 0 }, ['power', low, 0]],
    ['ev_charger', 'set_current_limit', {}, undefined],
    ['ev_charger', 'set_power_limit', {}, undefined],
    ['ev_charger', 'set_power_limit', { power_w: 4200 }, ['power', low, 4200]],
    ['ev_charger', 'resume', {}, undefined],
    ['ev_charger', 'pause', {}, ['power', low, 0]],
    ['ev_charger', 'set_phases', { phases: 1 }, undefined],
    ['relay', 'on', {}, undefined],
  ];
  for (const [type, verb, params, expected] of rows)
    it(`${type}: ${verb} ${JSON.stringify(params)}`, () => {
      const aim = expectedEffects(actuator(type), new Map([[verb, params]])).get(verb);
      assert.deepEqual(aim && [aim.quantity, aim.min, aim.max], expected);
    });

  it('may be missing where a charging battery is full, or a discharging one empty, and nowhere else', () => {
    const targets = ['charge', 'discharge', 'limit_discharge'].map((verb): [string, Params] => [
      verb,
      { power_w: 100 },
    ]);
    const excuses = [...expectedEffects(actuator('battery'), new Map(targets))].map(([verb, each]) => [
      verb,
      each.excuse,
    ]);
    assert.deepEqual(excuses, [
      ['charge', 'full'],
      ['discharge', 'empty'],
      ['limit_discharge', undefined],
    ]);
  });

  it('is met within what the profile says, with what a converter loses, or 2 % of the largest power', () => {
    const verbs = (max: number, tolerance?: number): Actuator['verbs'] => {
      const own = { params: { power_w: { max } }, maxLeaseS: 60, ...(tolerance === undefined ? {} : { tolerance }) };
      return { charge: { kind: 'setpoint', ...own }, limit_charge: { kind: 'limit', ...own } };
    };
    const tolerance = (own: Actuator['verbs'], verb: string, power_w: number): number | undefined =>
      expectedEffects(actuator('battery', own), new Map([[verb, { power_w }]])).get(verb)?.tolerance;
    assert.deepEqual(
      [
        tolerance(verbs(5000), 'charge', 1000),
        tolerance(verbs(5000), 'charge', 4000),
        tolerance(verbs(5000, 50), 'charge', 300),
        tolerance(verbs(5000), 'limit_charge', 4000),
        tolerance(verbs(100_000), 'limit_charge', 4000),
      ],
      [150, 400, 50, 150, 2000],
    );
  });

  it('is met by a current within what the driver says, and within 1 A at least', () => {
    const tolerance = (own: number): number | undefined => {
      const box = actuator('ev_charger', {
        set_current_limit: { kind: 'limit', params: {}, maxLeaseS: 60, tolerance: own },
      });
      return expectedEffects(box, new Map([['set_current_limit', { current_a: 10 }]])).get('set_current_limit')
        ?.tolerance;
    };
    assert.deepEqual([tolerance(0.5), tolerance(3)], [1, 3]);
  });
});
