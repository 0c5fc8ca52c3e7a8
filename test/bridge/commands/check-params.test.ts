import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boundByLimits, checkParams } from '../../../src/bridge/commands/check-params.ts';
import type { ParameterRange, VerbDescription } from '../../../src/drivers/driver.ts';
import type { Params } from '../../../src/model/command.ts';
import { findVerb, type Verb } from '../../../src/model/verbs.ts';

const verbOf = (type: string, name: string): Verb => {
  const verb = findVerb(type, name);
  assert.ok(verb);
  return verb;
};

/** What a wallbox makes of a current. @param range of this device */
const current = (current_a: number, range: ParameterRange, clamps = false) => {
  const description: VerbDescription = { kind: 'setpoint', params: { current_a: range }, maxLeaseS: 3600 };
  return checkParams({ current_a }, { verb: verbOf('ev_charger', 'set_current_limit'), description, clamps });
};
const described = (params: VerbDescription['params'], kind: VerbDescription['kind'] = 'limit'): VerbDescription => ({
  kind,
  params,
  maxLeaseS: 3600,
});
const taken = (params: Params, isClamped = false) => ({ ok: true, params, isClamped });
const codeOf = (checked: ReturnType<typeof checkParams>): string => (checked.ok ? 'ok' : checked.code);

const box: ParameterRange = { unit: 'A', min: 6, max: 16 };
const pausing: ParameterRange = { ...box, isZeroAllowed: true };

describe('the range of a parameter', () => {
  it('holds both of its ends, and nothing beyond them', () => {
    for (const value of [6, 7.5, 16]) assert.deepEqual(current(value, box), taken({ current_a: value }), `${value}`);
    for (const value of [-1, 0, 5.999, 16.001, 500])
      assert.equal(codeOf(current(value, box)), 'OUT_OF_RANGE', `${value}`);
  });

  it('without ends holds every value', () => {
    for (const value of [-5, 0, 0.5, 500]) assert.deepEqual(current(value, { unit: 'A' }), taken({ current_a: value }));
  });

  it('holds 0 below its lower end only where the device takes it', () => {
    assert.deepEqual(current(0, pausing), taken({ current_a: 0 }));
    for (const value of [0.1, 5.9, -1]) assert.equal(codeOf(current(value, pausing)), 'OUT_OF_RANGE', `${value}`);
  });

  it('is named with what was asked for', () => {
    for (const [range, words] of [
      [box, 'current_a 40 is outside 6..16 A'],
      [pausing, 'current_a 40 is outside 0 or 6..16 A'],
      [{ min: 1, max: 3, unit: '1' }, 'current_a 40 is outside 1..3'],
    ] as const) {
      const checked = current(40, range);
      assert.equal(checked.ok ? '' : checked.message, words);
    }
  });

  it('is come into where that is asked for, which is said', () => {
    assert.deepEqual(current(40, box, true), taken({ current_a: 16 }, true));
    assert.deepEqual(current(2, box, true), taken({ current_a: 6 }, true));
    assert.deepEqual(current(10, box, true), taken({ current_a: 10 }));
    // Less than the least is off where the device can be off: never more than was asked for.
    assert.deepEqual(current(5, pausing, true), taken({ current_a: 0 }, true));
    assert.deepEqual(current(0, pausing, true), taken({ current_a: 0 }));
    assert.deepEqual(current(6, pausing, true), taken({ current_a: 6 }));
  });

  it('is cut into steps downwards, and a value on a step stays', () => {
    const stepped = (value: number, step: number): number => {
      const checked = current(value, { ...box, min: 0, step });
      return checked.ok ? (checked.params.current_a as number) : Number.NaN;
    };
    assert.deepEqual([stepped(9.9, 1), stepped(10, 1), stepped(15.95, 0.5)], [9, 10, 15.5]);
    for (let tenths = 0; tenths <= 160; tenths++) assert.equal(stepped(tenths / 10, 0.1), tenths / 10);
    // A billionth of a step is the error of a sum in binary.
    assert.deepEqual([stepped(10 - 0.9e-9, 1), stepped(10 - 1.1e-9, 1)], [10, 9]);
    assert.deepEqual(current(9.9, { ...box, step: 1 }), taken({ current_a: 9 }, true));
    assert.deepEqual(current(6.4, { unit: 'A', min: 6.2, max: 16, step: 1 }), taken({ current_a: 6.2 }, true));
  });

  it('is never left, and never is more taken than was asked for, however it is clamped (fast-check)', () => {
    const range = fc.record({
      min: fc.integer({ min: 0, max: 20 }),
      width: fc.integer({ min: 0, max: 100 }),
      step: fc.constantFrom(undefined, 0.1, 0.5, 1, 3),
      isZeroAllowed: fc.boolean(),
    });
    fc.assert(
      fc.property(range, fc.double({ min: 0, max: 150, noNaN: true }), ({ min, width, step, isZeroAllowed }, value) => {
        const max = min + width;
        const checked = current(value, { min, max, isZeroAllowed, ...(step !== undefined && { step }) }, true);
        assert.ok(checked.ok);
        const { current_a: brought } = checked.params as { current_a: number };
        assert.ok((brought >= min && brought <= max) || (isZeroAllowed && brought === 0), `${brought}`);
        assert.ok(brought <= Math.max(value, isZeroAllowed ? 0 : min) + 1e-6, `${brought} of ${value}`);
        assert.equal(checked.isClamped, brought !== value);
      }),
    );
  });
});

describe('a limit as a share of the rated power', () => {
  const verb = verbOf('solar', 'limit_power');
  const inverter = described({ power_w: { unit: 'W', min: 0, max: 8000, isOptional: true } });
  const limit = (params: Params) => checkParams(params, { verb, description: inverter, clamps: false });

  it('becomes watts, from nothing to all of it', () => {
    for (const [percent, power_w] of [
      [0, 0],
      [25, 2000],
      [100, 8000],
    ] as const)
      assert.deepEqual(limit({ percent }), taken({ power_w }), `${percent}`);
  });

  it('is refused beyond that', () => {
    for (const percent of [-0.1, 100.1, 5000]) {
      const checked = limit({ percent });
      assert.equal(codeOf(checked), 'OUT_OF_RANGE', `${percent}`);
      assert.equal(checked.ok ? '' : checked.message, `percent ${percent} is outside 0..100 %`);
    }
  });

  it('is one of two ways to say it, and one is needed', () => {
    assert.equal(codeOf(limit({ percent: 50, power_w: 100 })), 'SCHEMA');
    assert.equal(codeOf(limit({})), 'SCHEMA');
  });
});

describe('what else may be wrong with a parameter', () => {
  const verb = verbOf('battery', 'charge');
  const store = described(
    { power_w: { unit: 'W', min: 0, max: 3000 }, source: { choices: ['any'], isOptional: true } },
    'setpoint',
  );

  for (const [name, params, code] of [
    ['a name that the command does not have', { power_w: 1, watts: 1 }, 'SCHEMA'],
    ['one that this device does not take', { power_w: 1, until_soc: 50 }, 'UNSUPPORTED'],
    ['a number that is a text', { power_w: '1' }, 'SCHEMA'],
    ['a word that is a number', { power_w: 1, source: 5 }, 'SCHEMA'],
    ['a word that this device does not know', { power_w: 1, source: 'solar_only' }, 'OUT_OF_RANGE'],
    ['one that is missing', { source: 'any' }, 'SCHEMA'],
  ] as const)
    it(`${name} is refused`, () =>
      assert.equal(codeOf(checkParams(params, { verb, description: store, clamps: true })), code));

  it('a choice of yes or no is true or false', () => {
    const params = { power_w: { unit: 'W', min: 0, max: 3000 }, allow_export: { isOptional: true } };
    const checked = (allow_export: Params[string]) =>
      checkParams(
        { power_w: 1, allow_export },
        { verb: verbOf('battery', 'discharge'), description: described(params, 'setpoint'), clamps: false },
      );
    for (const allow_export of [true, false])
      assert.deepEqual(checked(allow_export), taken({ power_w: 1, allow_export }), `${allow_export}`);
    for (const wrong of [1, 'true']) {
      const refused = checked(wrong);
      assert.deepEqual(refused.ok || [refused.code, refused.message], ['SCHEMA', 'allow_export is true or false']);
    }
  });

  it('a schedule is a list, and a switch is on or off', () => {
    const profile = verbOf('ev_charger', 'set_profile');
    const checked = (schedule: Params[string]) =>
      checkParams({ schedule }, { verb: profile, description: described({ schedule: {} }), clamps: false });
    const schedule = [{ start_s: 0, current_a: 6 }];
    assert.deepEqual(checked(schedule), taken({ schedule }));
    for (const wrong of [6, 'now', true]) {
      const refused = checked(wrong);
      assert.deepEqual(refused.ok || [refused.code, refused.message], ['SCHEMA', 'schedule is a list']);
    }
  });

  it('nothing is, where it fits', () =>
    assert.deepEqual(
      checkParams({ power_w: 1, source: 'any' }, { verb, description: store, clamps: false }),
      taken({ power_w: 1, source: 'any' }),
    ));
});

describe('a setpoint within the limits of others', () => {
  const charge = described({ power_w: { unit: 'W', min: 500, max: 3000, limitedBy: 'limit_charge' } }, 'setpoint');
  const bound = (power_w: number, limit: number | undefined, range: Partial<ParameterRange> = {}): unknown => {
    const params = { power_w: { ...charge.params.power_w, ...range } };
    const limits: Record<string, number> = limit === undefined ? {} : { limit_charge: limit };
    return boundByLimits({ power_w }, { ...charge, params }, limits).power_w;
  };

  it('is no more than they allow, and no less than it is where they allow it', () => {
    assert.deepEqual([bound(2000, undefined), bound(2000, 2500), bound(2000, 2000)], [2000, 2000, 2000]);
    assert.deepEqual([bound(2000, 1200), bound(2000, 0)], [1200, 0]);
  });

  it('is off below the least that a device can do, where it can be off', () => {
    assert.deepEqual([bound(2000, 300, { isZeroAllowed: true }), bound(2000, 700, { isZeroAllowed: true })], [0, 700]);
    assert.equal(bound(2000, 1250, { step: 100 }), 1200);
  });
});
