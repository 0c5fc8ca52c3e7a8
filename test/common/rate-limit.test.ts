import assert from 'node:assert/strict';
import { KeyedTokenBuckets, TokenBucket } from '../../src/common/rate-limit.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('rate limits', () => {
  it('allow a burst, and then what comes by time', () => {
    const clock = createVirtualClock();
    const bucket = new TokenBucket({ perS: 2, burst: 3 }, clock.monotonic());
    const taken = (): number => [1, 1, 1, 1, 1].filter(() => bucket.take(clock.monotonic())).length;
    assert.equal(taken(), 3);
    clock.advance(1000);
    assert.equal(taken(), 2);
    clock.advance(60_000);
    assert.equal(taken(), 3);
    bucket.giveBack();
    assert.equal(taken(), 1);
  });

  it('are kept for a bounded number of keys', () => {
    const clock = createVirtualClock();
    const buckets = new KeyedTokenBuckets({ perS: 0, burst: 1 }, 2);
    const bucketOf = (key: string): TokenBucket => buckets.bucketOf(key, clock.monotonic());
    const isLeft = (key: string): boolean => bucketOf(key).take(clock.monotonic());
    assert.ok(isLeft('a'));
    bucketOf('b');
    assert.ok(!isLeft('a'));
    bucketOf('c');
    assert.ok(!isLeft('a'), 'used a moment ago');
    bucketOf('d');
    bucketOf('e');
    assert.ok(isLeft('a'), 'forgotten');
  });
});
