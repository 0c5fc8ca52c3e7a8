import assert from 'node:assert/strict';
import { type CounterCandidate, candidateState, moveCandidate } from '../../../src/site/counters/counter-candidate.ts';

const limits = { maxPowerW: 10_000, resolutionWh: 1, gapMs: 60_000 };

describe('a series of readings that waits to be believed', () => {
  const stateOf = (more: Partial<CounterCandidate>, wh = 400, ms = 60_000): string =>
    candidateState(
      { first: { wh: 7, ts: 5000 }, latest: { wh: 7 + wh, ts: 5000 + ms }, count: 3, fastestW: 12_500, ...more },
      limits,
    );

  it('is believed after three readings and a minute, up to a quarter above the largest power', () => {
    assert.equal(stateOf({}), 'confirmed');
    assert.equal(stateOf({ count: 2 }), 'waiting');
    assert.equal(stateOf({}, 400, 59_999), 'waiting');
    assert.equal(stateOf({ fastestW: 12_501 }), 'waiting');
  });

  it('is believed above that after six steady readings', () => {
    assert.equal(stateOf({ count: 5, fastestW: 48_000 }), 'waiting');
    assert.equal(stateOf({ count: 6, fastestW: 48_000 }), 'above_ceiling');
    assert.equal(stateOf({ count: 6, fastestW: 48_001 }), 'unsteady');
  });

  it('keeps its times together where the clock of the device was off', () => {
    const candidate = { first: { wh: 1, ts: 10 }, latest: { wh: 2, ts: 20 }, count: 2, fastestW: 5 };
    const moved = { first: { wh: 1, ts: 110 }, latest: { wh: 2, ts: 120 }, count: 2, fastestW: 5 };
    assert.deepEqual(moveCandidate(candidate, 100), moved);
    assert.deepEqual(moveCandidate({ ...candidate, zeroAt: 5 }, 100), { ...moved, zeroAt: 105 });
  });
});
