import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CounterState, emptyCounter, stepCounter } from '../../src/site/counters.ts';

const limits = { maxPowerW: 10_000, resolutionWh: 1, gapMs: 60_000 };

/** Feeds samples [second, Wh]; returns the sum of all increments and the events. */
const feed = (samples: [s: number, wh: number][], more: Partial<typeof limits & { modulusWh: number }> = {}) => {
  let state: CounterState = emptyCounter;
  let total = 0;
  const events: string[] = [];
  for (const [s, wh] of samples) {
    const step = stepCounter(state, { ts: s * 1000, wh }, { ...limits, ...more });
    state = step.state;
    total += step.deltaWh;
    assert.ok(step.deltaWh >= 0, `${step.deltaWh}`);
    if (step.event) events.push(step.event);
  }
  return { total, events };
};

describe('a counter', () => {
  it('adds what it counts', () => {
    assert.deepEqual(
      feed([
        [0, 100],
        [10, 102],
        [20, 105],
      ]),
      { total: 5, events: [] },
    );
  });

  it('adds up to the difference of its ends, however it is sampled (fast-check)', () => {
    const steps = fc.array(fc.record({ s: fc.integer({ min: 1, max: 50 }), wh: fc.nat({ max: 2 }) }), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(fc.nat({ max: 1e9 }), steps, (start, increments) => {
        let [s, wh] = [0, start];
        const samples: [number, number][] = [[s, wh]];
        for (const step of increments) {
          s += step.s;
          wh += step.wh;
          samples.push([s, wh]);
        }
        assert.equal(feed(samples).total, wh - start);
      }),
    );
  });

  it('ignores a dip to 0 that comes back', () => {
    assert.equal(
      feed([
        [0, 100],
        [10, 0],
        [20, 102],
        [30, 0],
        [40, 0],
        [50, 104],
      ]).total,
      4,
    );
  });

  it('ignores a spike', () => {
    assert.equal(
      feed([
        [0, 100],
        [10, 9_000_000],
        [20, 101],
        [30, 102],
      ]).total,
      2,
    );
  });

  it('ignores noise below, and counts on from the highest it has seen', () => {
    assert.equal(
      feed([
        [0, 100],
        [10, 95],
        [20, 99],
        [30, 101],
      ]).total,
      1,
    );
  });

  for (const everyS of [1, 5, 30])
    it(`confirms a reset after a minute, read every ${everyS} s`, () => {
      const samples: [number, number][] = [[0, 10_000]];
      for (let s = everyS; s <= 120; s += everyS) samples.push([s, s / 10]);
      const { total, events } = feed(samples);
      assert.deepEqual(events, ['counter_reset']);
      assert.ok(Math.abs(total - 12) < 1e-9, String(total));
    });

  it('counts over the end of its digits', () => {
    const { total, events } = feed(
      [
        [0, 99_998],
        [10, 1],
      ],
      { modulusWh: 100_000 },
    );
    assert.deepEqual([total, events], [3, ['counter_rollover']]);
  });

  it('makes up for an outage', () => {
    const { total, events } = feed([
      [0, 100],
      [3600, 900],
      [3610, 900],
      [3620, 901],
    ]);
    assert.equal(total, 801);
    assert.ok(events.length <= 1);
  });

  it('does not count what another meter had counted before', () => {
    const { total, events } = feed([
      [0, 100],
      [10, 50_000],
      [20, 50_001],
      [30, 50_002],
      [40, 50_003],
    ]);
    assert.deepEqual(events, ['counter_exchanged']);
    assert.equal(total, 3);
  });

  it('changes nothing for nonsense and for what is older', () => {
    assert.equal(
      feed([
        [10, 100],
        [20, Number.NaN],
        [20, -5],
        [5, 4000],
        [30, 101],
      ]).total,
      1,
    );
  });
});
