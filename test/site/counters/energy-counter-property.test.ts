import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CounterState, emptyCounter } from '../../../src/site/counters/counter-state.ts';
import { stepCounter } from '../../../src/site/counters/energy-counter.ts';

const maxPowerW = 10_000;
const modulusWh = 1_000_000;
const limits = { maxPowerW, resolutionWh: 1, modulusWh, gapMs: 60_000 };

type Fault =
  | { kind: 'none'; count: number }
  /** The reading is off by so much. */
  | { kind: 'spike' | 'dip'; wh: number; count: number }
  | { kind: 'zero'; count: number }
  | { kind: 'garbage'; readings: number[] }
  | { kind: 'outage'; count: number }
  | { kind: 'reset' }
  | { kind: 'exchange'; wh: number };

interface Street {
  everyS: number;
  startWh: number;
  /** Share of the largest power at each reading. */
  load: number[];
  faults: Fault[];
}

/** Faults that pass end within a minute, before anything else may be believed. */
const passing = (everyS: number): fc.Arbitrary<Fault> => {
  const count = fc.integer({ min: 1, max: Math.max(1, Math.min(10, Math.floor(50 / everyS))) });
  const wh = fc.integer({ min: 1, max: 500_000 });
  return fc.oneof(
    fc.record({ kind: fc.constant('dip' as const), wh, count }),
    fc.record({ kind: fc.constant('zero' as const), count }),
  );
};

const rising = (everyS: number): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constant('spike' as const),
    wh: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 201, max: 500_000 })),
    count: fc.integer({ min: 1, max: Math.max(1, Math.min(10, Math.floor(50 / everyS))) }),
  });

const outage = fc.record({ kind: fc.constant('outage' as const), count: fc.integer({ min: 1, max: 400 }) });

const renewing: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ kind: 'reset' }),
  fc.record({ kind: fc.constant('exchange' as const), wh: fc.integer({ min: 0, max: 900_000 }) }),
  fc.record({
    kind: fc.constant('garbage' as const),
    readings: fc.array(fc.integer({ min: 0, max: 999_999 }), { minLength: 1, maxLength: 4 }),
  }),
);

const calm: fc.Arbitrary<Fault> = fc.constant({ kind: 'none', count: 20 });

/** @param highestWh near the end of its digits another number may always be a rollover */
const streets = (
  faultOf: (everyS: number) => fc.Arbitrary<Fault>,
  highestWh: number = modulusWh / 2,
): fc.Arbitrary<Street> =>
  fc.constantFrom(1, 5, 10, 30).chain((everyS) =>
    fc.record({
      everyS: fc.constant(everyS),
      startWh: fc.integer({ min: 0, max: highestWh - 1 }),
      load: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
      faults: fc.array(fc.oneof(calm, faultOf(everyS)), { maxLength: 20 }),
    }),
  );

/**
 * Walks down a street and counts.
 * @returns after every reading what was booked and what has really flowed, Wh, whole numbers as the counter shows them
 */
const walk = ({ everyS, startWh, load, faults }: Street) => {
  let [ts, trueWh, shownSince, base] = [0, 0, 0, startWh];
  let [booked, at, renewals] = [0, 0, 0];
  let state: CounterState = emptyCounter;
  const trail: { booked: number; true: number }[] = [];

  const pass = (): number => {
    ts += everyS * 1000;
    trueWh += ((load[at++ % load.length] ?? 0) * maxPowerW * everyS) / 3600;
    return Math.floor(base + trueWh - shownSince) % modulusWh;
  };
  const read = (wh: number): void => {
    const step = stepCounter(state, { wh, ts }, limits);
    state = step.state;
    assert.ok(step.deltaWh >= 0 && Number.isFinite(step.deltaWh), `booked ${step.deltaWh}`);
    booked += step.deltaWh;
    trail.push({ booked, true: trueWh });
  };
  const renew = (wh: number): void => {
    [base, shownSince] = [wh, trueWh];
    renewals++;
  };

  read(startWh);
  for (const fault of [...faults, { kind: 'none', count: 80 } satisfies Fault]) {
    if (fault.kind === 'reset') renew(0);
    else if (fault.kind === 'exchange') renew(fault.wh);
    else if (fault.kind === 'garbage') {
      renewals += fault.readings.length;
      for (const wh of fault.readings) {
        pass();
        read(wh);
      }
    } else
      for (let i = 0; i < fault.count; i++) {
        const shown = pass();
        if (fault.kind === 'none') read(shown);
        else if (fault.kind === 'spike') read((shown + fault.wh) % modulusWh);
        else if (fault.kind === 'dip') read(Math.max(0, shown - fault.wh));
        else if (fault.kind === 'zero') read(0);
      }
    // What has to be confirmed is, before the next fault; after a passing one a single reading is right again.
    const isWaiting = fault.kind === 'outage' || fault.kind === 'reset' || fault.kind === 'exchange';
    for (let s = isWaiting ? 0 : 300; s <= 300; s += everyS) read(pass());
  }
  // A counter that came to its end exactly shows a 0, which is not believed before it counts on.
  let shown = pass();
  for (; shown === 0; shown = pass()) trueWh += 1;
  read(shown);
  return { trail, renewals, booked, trueWh };
};

const atMostWh = (s: number): number => (maxPowerW * 1.25 * s) / 3600 + 3;
/** What one reading alone is believed, and what the meter rounds. */
const intervalWh = atMostWh(60);
/** The longest step of a meter, which another meter may seem to be. */
const stepWh = atMostWh(900);

describe('counters whatever they show (P4, P9; fast-check)', () => {
  it('dips, zeros, wraps and outages contribute exactly what has flowed', () => {
    fc.assert(
      fc.property(
        streets((everyS) => fc.oneof(passing(everyS), outage), modulusWh),
        (street) => {
          const { booked, trueWh } = walk(street);
          assert.ok(Math.abs(booked - trueWh) <= 2, `booked ${booked} of ${trueWh}`);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('a spike up and back contributes nothing, or is waited for', () => {
    fc.assert(
      fc.property(
        streets((everyS) => fc.oneof(passing(everyS), rising(everyS))),
        (street) => {
          const { trail, booked, trueWh } = walk(street);
          for (const each of trail) assert.ok(each.booked <= each.true + intervalWh, JSON.stringify(each));
          assert.ok(booked >= trueWh - 2, `booked ${booked} of ${trueWh}`);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('never book more than has flowed but for one interval, and one step for every other meter', () => {
    fc.assert(
      fc.property(
        streets((everyS) => fc.oneof(passing(everyS), rising(everyS), renewing)),
        (street) => {
          const { trail, renewals } = walk(street);
          for (const each of trail)
            assert.ok(each.booked <= each.true + intervalWh + renewals * stepWh, JSON.stringify(each));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a reset contributes no more than has flowed', () => {
    fc.assert(
      fc.property(
        streets(() => fc.constant<Fault>({ kind: 'reset' })),
        (street) => {
          const { trail } = walk(street);
          for (const each of trail) assert.ok(each.booked <= each.true + 2, JSON.stringify(each));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('survive being saved and loaded after any reading', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 60 }), fc.nat(60), (readings, cut) => {
        const run = (from: CounterState, part: number[], first: number): [CounterState, number] => {
          let [state, total] = [from, 0];
          for (const [i, wh] of part.entries()) {
            const step = stepCounter(state, { wh, ts: (first + i) * 10_000 }, limits);
            state = step.state;
            total += step.deltaWh;
          }
          return [state, total];
        };
        const [, whole] = run(emptyCounter, readings, 1);
        const [half, before] = run(emptyCounter, readings.slice(0, cut), 1);
        const [, after] = run(JSON.parse(JSON.stringify(half)), readings.slice(cut), 1 + cut);
        assert.equal(before + after, whole);
      }),
    );
  });
});
