import assert from 'node:assert/strict';
import { type Gap, type Knot, pruneKnots } from '../../../src/site/energy/late-samples.ts';

const knotOf = (at: number, gap?: Gap): Knot => ({ w: 100, at, gap, isClosed: false });
/** Samples at equal distances, the last of them at 0 ms. */
const knotsEvery = (ms: number, count: number, gapOf: () => Gap | undefined = () => undefined): Knot[] =>
  Array.from({ length: count }, (_, i) => {
    const at = (i + 1 - count) * ms;
    return knotOf(at, at < 0 ? gapOf() : undefined);
  });
const timesOf = (knots: Knot[]): number[] => knots.map(({ at }) => at);

describe('the samples that are kept for those that come late', () => {
  it('are those of half a minute, and eight at least', () => {
    for (const [ms, count] of [
      [1000, 31],
      [10_000, 8],
    ] as const)
      assert.deepEqual(timesOf(pruneKnots(knotsEvery(ms, 100))), timesOf(knotsEvery(ms, count)));
  });

  it('are both ends of a gap as well, after which nothing is known of what was forgotten', () => {
    const [begin, end] = [knotOf(-900_000, { pieces: 1 }), knotOf(-300_000)];
    const kept = pruneKnots([knotOf(-910_000), begin, end, ...knotsEvery(10_000, 20)]);
    assert.deepEqual(timesOf(kept), [-900_000, -300_000, ...timesOf(knotsEvery(10_000, 8))]);
    assert.deepEqual([begin.isClosed, end.isClosed, kept.at(2)?.isClosed], [false, true, false]);
  });

  it('are the ends of the last 32 gaps, and of the last 256 pieces', () => {
    assert.equal(pruneKnots(knotsEvery(100_000, 50, () => ({ pieces: 1 }))).length, 33);
    const gap = { pieces: 300 };
    assert.equal(pruneKnots(knotsEvery(100_000, 301, () => gap)).length, 257);
  });
});
