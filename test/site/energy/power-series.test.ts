import assert from 'node:assert/strict';
import { PowerSeries } from '../../../src/site/energy/power-series.ts';

const read = { isHeld: false, gapMs: 60_000 };
const onChange = { isHeld: true, gapMs: 60_000 };

describe('the power of a source over time', () => {
  it('that is held keeps its times together where the clock of the device was off', () => {
    const series = new PowerSeries();
    series.append({ w: 3600, at: 1000 }, onChange);
    const held = { positiveWh: 5, negativeWh: 0, coveredMs: 5000, uncoveredMs: 0 };
    assert.deepEqual(series.holdLast(6000, onChange), held);
    series.move(10_000);
    assert.deepEqual([series.last?.at, series.knownUntil], [11_000, 16_000]);
    assert.deepEqual(series.resumeSample, { w: 3600, at: 16_000, until: 71_000 });
    assert.equal(series.holdLast(17_000, onChange)?.positiveWh, 1);
  });

  it('may begin with a sample that comes second, up to half a minute before the first', () => {
    for (const [at, ms] of [
      [99_999, undefined],
      [100_000, 30_000],
      [129_999, 1],
      [129_999.6, undefined],
      [130_000, undefined],
    ] as const) {
      const series = new PowerSeries();
      series.append({ w: 100, at: 130_000 }, read);
      assert.equal(series.insert({ w: 100, at }, read)?.coveredMs, ms, String(at));
    }
  });

  it('begins with no earlier sample whose value was too old when the first one came', () => {
    const rules = { isHeld: true, gapMs: 10_000 };
    for (const [at, ms] of [
      [119_999, undefined],
      [120_000, 10_000],
    ] as const) {
      const series = new PowerSeries();
      series.append({ w: 100, at: 130_000 }, rules);
      assert.equal(series.insert({ w: 100, at }, rules)?.coveredMs, ms, String(at));
    }
  });

  it('takes late samples of the time since an earlier run, and none of before', () => {
    const series = new PowerSeries({ w: 100, at: 0 });
    series.append({ w: 100, at: 150_000 }, read);
    assert.equal(series.insert({ w: 100, at: 50_000 }, read)?.coveredMs, 50_000);
    assert.equal(series.insert({ w: 100, at: -1000 }, read), undefined);
  });

  it('names the gap that a late sample fills, until nothing of the gap is left', () => {
    const series = new PowerSeries();
    series.append({ w: 100, at: 0 }, read);
    const gap = series.append({ w: 100, at: 150_000 }, read)?.gap;
    assert.deepEqual(gap, { pieces: 1 });
    const first = series.insert({ w: 100, at: 50_000 }, read);
    assert.deepEqual([first?.gap === gap, first?.isFilled, first?.coveredMs], [true, false, 50_000]);
    const second = series.insert({ w: 100, at: 25_000 }, read);
    assert.deepEqual([second?.gap === gap, second?.isFilled, second?.coveredMs], [true, undefined, 0]);
    const last = series.insert({ w: 100, at: 100_000 }, read);
    assert.deepEqual([last?.gap === gap, last?.isFilled, last?.coveredMs], [true, true, 100_000]);
    const late = series.insert({ w: 200, at: 75_000 }, read);
    assert.deepEqual([late?.gap, late?.isFilled], [undefined, undefined]);
  });

  it('names the gap as well where the end of the gap was filled before', () => {
    const series = new PowerSeries();
    series.append({ w: 100, at: 0 }, read);
    const gap = series.append({ w: 100, at: 150_000 }, read)?.gap;
    series.insert({ w: 100, at: 100_000 }, read);
    const change = series.insert({ w: 200, at: 125_000 }, read);
    assert.deepEqual([change?.gap === gap, change?.isFilled], [true, undefined]);
  });

  it('counts another value of the same moment instead of the first', () => {
    const series = new PowerSeries();
    for (const at of [0, 36_000]) series.append({ w: 100, at }, read);
    const change = { positiveWh: 0.5, negativeWh: 0, coveredMs: 0, uncoveredMs: 0 };
    assert.deepEqual(series.append({ w: 200, at: 36_000 }, read), change);
  });

  it('takes no late sample closer than half a millisecond to another one', () => {
    for (const [at, ms] of [
      [0.4, undefined],
      [0.5, 0],
      [35_999.5, 0],
      [35_999.6, undefined],
    ] as const) {
      const series = new PowerSeries();
      for (const knownAt of [0, 36_000]) series.append({ w: 100, at: knownAt }, read);
      assert.equal(series.insert({ w: 100, at }, read)?.coveredMs, ms, String(at));
    }
  });

  it('has a gap that is not filled as long as a millisecond of it is left', () => {
    for (const [at, isFilled] of [
      [60_001, false],
      [60_000, true],
    ] as const) {
      const series = new PowerSeries();
      for (const knownAt of [0, 120_000]) series.append({ w: 100, at: knownAt }, onChange);
      assert.equal(series.insert({ w: 100, at }, onChange)?.isFilled, isFilled, String(at));
    }
  });
});
