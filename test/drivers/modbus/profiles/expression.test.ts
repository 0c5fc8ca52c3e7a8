/** The arithmetic of profiles. */
import assert from 'node:assert/strict';
import {
  createOrderScope,
  evaluate,
  expressionPattern,
  namesIn,
  type Scope,
} from '../../../../src/drivers/modbus/profiles/expression.ts';

const scope: Scope = {
  name: (name) => ({ a: 3, b: 5, foreign: true })[name],
  point: (name) => (name === 'p.x' ? 10 : undefined),
  found: (name) => (name === 'p.x' ? 7 : undefined),
};

describe('expressions of profiles', () => {
  for (const [text, value] of [
    ['2 * $a', 6],
    ['-$a * @p.x / 2', -15],
    ['found@p.x * 2', 14],
    ['min($a, $b)', 3],
    ['max(-100, -100 * $a / $b)', -60],
    ['min($b, 2 * $a, found@p.x)', 5],
    ['min($a, $unknown)', undefined],
    ['found@other', undefined],
  ] as const)
    it(`${text} is ${value}`, () => {
      assert.match(text, expressionPattern);
      assert.equal(evaluate(text, scope), value);
    });

  for (const text of [
    'min($a)',
    'min($a, max($a, $b))',
    'mean($a, $b)',
    'found@',
    '$a + $b',
    'min($a $b)',
    '2 * min($a, $b)',
  ])
    it(`${text} is none`, () => assert.doesNotMatch(text, expressionPattern));

  it('choose by a condition as by a word', () => {
    assert.equal(evaluate({ param: 'foreign', map: { true: 'found@p.x', false: 1 } }, scope), 7);
  });

  it('tell what they use', () => {
    assert.deepEqual(namesIn({ param: 'foreign', map: { true: 'found@p.x', false: 'min($a, @q)' } }), {
      names: ['foreign', 'a'],
      points: ['q'],
      found: ['p.x'],
    });
  });

  it('know the seconds that are left of an order: whole ones, and at least 1', () => {
    const leaseAt = (now: number, notAfter: number) =>
      evaluate(
        '$lease_s',
        createOrderScope(
          { actuator: { limits: {} }, action: { params: {} } },
          { actuator: 'a', params: {}, limits: {}, startBy: 0, notAfter },
          { settings: scope, now: () => now },
        ),
      );
    assert.deepEqual(
      [leaseAt(0, 60_000), leaseAt(500, 60_000), leaseAt(59_900, 60_000), leaseAt(70_000, 60_000)],
      [60, 60, 1, 1],
    );
    assert.equal(leaseAt(0, Number.POSITIVE_INFINITY), undefined);
  });
});
