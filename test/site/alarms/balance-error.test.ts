import assert from 'node:assert/strict';
import { emptyHistory, extendHistory, isSuspect } from '../../../src/site/alarms/balance-error.ts';

describe('the balance of a site', () => {
  it('is suspect above an error of 2 %, and until the error is 1 %', () => {
    assert.equal(isSuspect({ errorWh: 20, consumptionWh: 980 }, false), false);
    assert.equal(isSuspect({ errorWh: 20.1, consumptionWh: 979.9 }, false), true);
    assert.equal(isSuspect({ errorWh: 10.1, consumptionWh: 989.9 }, true), true);
    assert.equal(isSuspect({ errorWh: 10, consumptionWh: 990 }, true), false);
  });

  it('stays as it was below a kilowatt-hour', () => {
    for (const wasSuspect of [true, false])
      assert.equal(isSuspect({ errorWh: 999, consumptionWh: 0 }, wasSuspect), wasSuspect);
    assert.equal(isSuspect({ errorWh: 1000, consumptionWh: 0 }, false), true);
  });

  it('fades over a day, from nothing', () => {
    const hour = extendHistory(emptyHistory, { ms: 3_600_000, consumptionW: 500, errorW: -100 });
    assert.deepEqual(hour, { errorWh: 100, consumptionWh: 500 });
    const day = extendHistory(hour, { ms: 86_400_000, consumptionW: 0, errorW: 0 });
    assert.deepEqual(day, { errorWh: 100 / Math.E, consumptionWh: 500 / Math.E });
  });
});
