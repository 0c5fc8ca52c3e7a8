import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CounterState, emptyCounter } from '../../../src/site/counters/counter-state.ts';
import { stepCounter } from '../../../src/site/counters/energy-counter.ts';

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

/** Readings that rise by 1 Wh every 10 s. */
const everyTenSeconds = (from: number, wh: number, count: number): [s: number, wh: number][] =>
  Array.from({ length: count }, (_, i) => [from + i * 10, wh + i]);

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

  it('ignores what is no reading of a counter', () => {
    const samples = [-1, Number.NaN, 100, Number.POSITIVE_INFINITY, 104].map((wh, i): [number, number] => [i * 10, wh]);
    assert.deepEqual(feed(samples), { total: 4, events: [] });
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

  for (const [resolutionWh, noiseWh] of [
    [1, 10],
    [10, 20],
  ] as const)
    it(`takes ${noiseWh} Wh less for noise where it counts in steps of ${resolutionWh} Wh, and more for another meter`, () => {
      const showing = (wh: number): string[] => {
        const samples = Array.from({ length: 8 }, (_, i): [number, number] => [10 + i * 10, wh]);
        return feed([[0, 10_000], ...samples], { resolutionWh }).events;
      };
      assert.deepEqual([showing(10_000 - noiseWh), showing(9999 - noiseWh)], [[], ['counter_exchanged']]);
    });

  for (const everyS of [1, 5, 30])
    it(`confirms a reset after a minute, read every ${everyS} s`, () => {
      const samples: [number, number][] = [[0, 10_000]];
      for (let s = everyS; s <= 120; s += everyS) samples.push([s, s / 10]);
      const { total, events } = feed(samples);
      assert.deepEqual(events, ['counter_reset']);
      assert.ok(Math.abs(total - 12) < 1e-9, String(total));
    });

  it('confirms a reset by no fewer than three readings', () => {
    const samples: [number, number][] = [
      [0, 10_000],
      [10, 1],
      [70, 7],
    ];
    assert.deepEqual(feed(samples), { total: 0, events: [] });
    assert.deepEqual(feed([...samples, [80, 8]]), { total: 8, events: ['counter_reset'] });
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

  describe('that came to the end of its digits in an outage', () => {
    const modulusWh = 100_000;
    /** Counts on at a power, and is not read between two times. */
    const outage = (startWh: number, watts: number, untilS: number, seconds: number): [s: number, wh: number][] =>
      [0, ...Array.from({ length: Math.floor((seconds - untilS) / 10) + 1 }, (_, i) => untilS + i * 10)].map((s) => [
        s,
        Math.floor(startWh + (watts * s) / 3600) % modulusWh,
      ]);

    for (const [startWh, watts, untilS] of [
      [99_900, 2000, 3600],
      [95_000, 5000, 7200],
      [99_999, 12_000, 100],
      [99_700, 12_000, 120],
    ] as const)
      it(`counts over it while it is confirmed: ${startWh} Wh, ${watts} W for ${untilS} s`, () => {
        const seconds = untilS + 200;
        const { total, events } = feed(outage(startWh, watts, untilS, seconds), { modulusWh });
        const flowed = Math.floor(startWh + (watts * seconds) / 3600) - startWh;
        assert.deepEqual([total, events], [flowed, ['counter_rollover']]);
      });

    it('is another one where it cannot have counted so far', () => {
      const samples = outage(99_900, 1000, 100, 300).map(([s, wh]): [number, number] => [s, s === 0 ? wh : wh + 5000]);
      const { total, events } = feed(samples, { modulusWh });
      assert.deepEqual(events, ['counter_exchanged']);
      assert.ok(total < 60, `${total}`);
    });

    it('has begun again where it shows 0 first: what it lacks to the end is not booked', () => {
      const samples = Array.from({ length: 12 }, (_, i): [number, number] => [3600 + i * 10, i]);
      const { total, events } = feed([[0, 99_000], ...samples], { modulusWh });
      assert.deepEqual([total, events], [11, ['counter_reset']]);
    });
  });

  it('counts over the end of its digits from above nine tenths of them to below one', () => {
    const rolled = (last: number, next: number) =>
      feed(
        [
          [0, last],
          [60, next],
        ],
        { modulusWh: 1000 },
      );
    assert.deepEqual(rolled(901, 99), { total: 198, events: ['counter_rollover'] });
    for (const [last, next] of [
      [900, 50],
      [905, 100],
      [1000, 50],
    ] as const)
      assert.deepEqual(rolled(last, next), { total: 0, events: [] }, `${last} to ${next}`);
  });

  it('may step by what can flow in a quarter of an hour, however often it is read', () => {
    const standing = Array.from({ length: 180 }, (_, i): [number, number] => [10 + i * 10, 101]);
    const stepped = (wh: number) => feed([[0, 100], ...standing, [1810, 101 + wh]], { gapMs: 3_600_000 }).total;
    assert.deepEqual([stepped(3127), stepped(3128)], [3128, 1]);
  });

  it('remembers the lowest it has shown in the minute before', () => {
    const low = [75, 85, 95, 145].map((s): [number, number] => [s, 1000]);
    const spike: [number, number][] = [
      [0, 1000],
      [65, 1150],
      [70, 1150],
    ];
    assert.deepEqual(feed([...spike, ...low, [150, 1151]]), { total: 151, events: [] });
  });

  it('makes up for an outage, once the first readings after it agree', () => {
    const { total, events } = feed([[0, 100], ...everyTenSeconds(3600, 900, 7)]);
    assert.deepEqual([total, events], [800 + 6, ['counter_recovered']]);
  });

  it('does not count what another meter had counted before', () => {
    for (const start of [50_000, 7000]) {
      const { total, events } = feed([[0, 10_000], ...everyTenSeconds(10, start, 8)]);
      assert.deepEqual([total, events], [7, ['counter_exchanged']], `begins at ${start}`);
    }
  });

  it('does not count the outage again where another meter stands there after it', () => {
    const { total, events } = feed([[0, 100], ...everyTenSeconds(3600, 90_000, 8)]);
    assert.deepEqual([total, events], [7, ['counter_exchanged']]);
  });

  it('comes back from a spike that was taken for another meter with nothing but what it counted itself', () => {
    const { total } = feed([
      [0, 10_000],
      ...everyTenSeconds(10, 9_000_000, 10),
      ...everyTenSeconds(120, 10_010, 10),
      ...everyTenSeconds(300, 10_020, 2),
    ]);
    assert.equal(total, 9 + 9 + 2);
  });

  it('waits at the high-water mark for what a low spike has counted too much', () => {
    const { total, events } = feed([[0, 100], [10, 100], [20, 128], ...everyTenSeconds(30, 101, 40)]);
    assert.deepEqual([total, events], [40, []]);
  });

  it('is not led up by one low spike after the other', () => {
    const idle = (from: number): [number, number][] => everyTenSeconds(from, 100, 8).map(([s]) => [s, 100]);
    const { total } = feed([...idle(0), [80, 300], ...idle(90), [170, 500], ...idle(180), [260, 700], ...idle(270)]);
    assert.equal(total, 200);
  });

  it('ignores a night of zeros', () => {
    const night: [number, number][] = Array.from({ length: 500 }, (_, i) => [10 + i * 60, 0]);
    const { total, events } = feed([[0, 10_000], ...night, ...everyTenSeconds(30_100, 10_001, 8)]);
    assert.deepEqual([total, events], [8, []]);
  });

  it('follows a meter that counts in steps of minutes, though it is read every second', () => {
    for (const [stepS, limit] of [
      [300, 10_000],
      [900, 2000],
    ] as const) {
      const samples = Array.from({ length: 4000 }, (_, s): [number, number] => [s, Math.floor(s / stepS) * 400]);
      const { total, events } = feed(samples, { maxPowerW: limit });
      assert.deepEqual([total, events], [Math.floor(3999 / stepS) * 400, []]);
    }
  });

  it('does not book what another meter shows after a night of zeros', () => {
    const night: [number, number][] = Array.from({ length: 500 }, (_, i) => [10 + i * 60, 0]);
    const { total, events } = feed([[0, 100_000], ...night, ...everyTenSeconds(30_000, 50_000, 8)]);
    assert.deepEqual([total, events], [7, ['counter_exchanged']]);
  });

  it('believes power above the ceiling that is shown steadily, says so once, and books all of it', () => {
    // 20 kW at a ceiling of 10 kW: 200 Wh in 36 s.
    const samples = Array.from({ length: 40 }, (_, i): [number, number] => [i * 36, i * 200]);
    const { total, events } = feed(samples);
    assert.deepEqual([total, events], [39 * 200, ['counter_above_ceiling']]);
  });

  it('says when nothing has fitted for long', () => {
    const random = fc.sample(fc.integer({ min: 100_000, max: 9_000_000 }), { numRuns: 100, seed: 1 });
    const { total, events } = feed([[0, 100], ...random.map((wh, i): [number, number] => [10 + i * 10, wh])]);
    assert.deepEqual([total, events], [0, ['counter_doubted']]);
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
