import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PointValue } from '../../../../src/drivers/sunspec/codec/model-codec.ts';
import { ScaleFactors } from '../../../../src/drivers/sunspec/server/scale-factors.ts';
import { placeModel } from '../../../support/sunspec/placed-models.ts';
import { serve } from '../../../support/sunspec/served-registers.ts';

/** Numbers of every size that a quantity may have, with up to three decimals. */
const amounts = fc
  .record({ digits: fc.integer({ min: -99_999, max: 99_999 }), exponent: fc.integer({ min: -3, max: 6 }) })
  .map(({ digits, exponent }) => Number(`${digits}e${exponent}`));

/** The points of a model by the factor that scales them, with quantity, finest step, and largest amount as an integer. */
const scaled = [
  { id: 203, point: 'W', factor: 'W_SF', quantity: 'power', finest: 0, most: 32_767 },
  { id: 203, point: 'PhVphA', factor: 'V_SF', quantity: 'voltage/l1', finest: -2, most: 32_767 },
  { id: 203, point: 'AphB', factor: 'A_SF', quantity: 'current/l2', finest: -2, most: 32_767 },
  { id: 103, point: 'PhVphA', factor: 'V_SF', quantity: 'voltage/l1', finest: -2, most: 65_534 },
  { id: 103, point: 'W', factor: 'W_SF', quantity: 'power', finest: 0, most: 32_767 },
  { id: 701, point: 'Hz', factor: 'Hz_SF', quantity: 'frequency', finest: -3, most: 2 ** 32 - 2 },
] as const;

describe('the scale factors of a model that is served', () => {
  for (const { id, point, factor, quantity, finest, most } of scaled)
    it(`${id}:${point} is told to half a step of the finest factor that all values so far fit under`, () => {
      fc.assert(
        fc.property(fc.array(amounts, { minLength: 1, maxLength: 8 }), (values) => {
          const tell = serve(id);
          let largest = 0;
          for (const value of values) {
            const { [point]: told, [factor]: exponent } = tell({ [quantity]: value });
            const signed = id === 203 || point === 'W' ? value : Math.abs(value);
            largest = Math.max(largest, Math.abs(value));
            assert.ok(typeof told === 'number' && typeof exponent === 'number', `${value} is not told`);
            const step = 10 ** exponent;
            assert.ok(Math.abs(told - signed) <= step * 0.5000001, `${told}, not ${signed}, in steps of ${step}`);
            assert.ok(exponent >= finest);
            const isFinest = exponent === finest || Math.round((largest * 10) / step) > most;
            assert.ok(isFinest, `${largest} would fit in steps of ${step / 10}`);
          }
        }),
        { numRuns: 100 },
      );
    });

  it('leave the pattern that means "not implemented" alone', () => {
    const told = (id: number, quantity: string, value: number, point: string, factor: string) => {
      const { [point]: number, [factor]: exponent } = serve(id)({ [quantity]: value });
      return [number, exponent];
    };
    assert.deepEqual(told(103, 'voltage/l1', 655.34, 'PhVphA', 'V_SF'), [655.34, -2]);
    assert.deepEqual(told(103, 'voltage/l1', 655.35, 'PhVphA', 'V_SF'), [655.4, -1]);
    assert.deepEqual(told(203, 'voltage/l1', -327.68, 'PhVphA', 'V_SF'), [-327.7, -1]);
    assert.deepEqual(told(701, 'frequency', 4_294_967.294, 'Hz', 'Hz_SF'), [4_294_967.294, -3]);
    assert.deepEqual(told(701, 'frequency', 4_294_967.295, 'Hz', 'Hz_SF'), [4_294_967.3, -2]);
  });

  it('keep four digits of a power factor without units', () => {
    const { PF, PFL1, PF_SF } = serve(701)({ power_factor: -0.9995, 'power_factor/l1': 1 });
    assert.deepEqual([PF, PFL1, PF_SF], [-0.9995, 1, -4]);
  });

  it('are shared: the largest of their values decides', () => {
    const tell = serve(203);
    const { PhVphA, PhVphAB, V_SF } = tell({ 'voltage/l1': 230.12, 'voltage/l1_l2': 398.59 });
    assert.deepEqual([PhVphA, PhVphAB, V_SF], [230.1, 398.6, -1]);
  });

  it('are kept while a value is not known for a while, and not told meanwhile', () => {
    const tell = serve(203);
    tell({ power: 50_000 });
    assert.deepEqual([tell({}).W_SF, tell({}).W], [null, null]);
    assert.deepEqual([tell({ power: 12 }).W_SF, tell({ power: 12 }).W], [1, 10]);
  });

  it('leave values without a factor as they are, and tell no more than they were given', () => {
    const factors = new ScaleFactors(placeModel(103, { length: 50 }));
    const given = new Map<string, PointValue>([['St', 4]]);
    assert.deepEqual(factors.scale(given), given);
  });
});
