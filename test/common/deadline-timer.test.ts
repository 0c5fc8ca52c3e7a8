import assert from 'node:assert/strict';
import { DeadlineTimer } from '../../src/common/deadline-timer.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

describe('one timer for many deadlines', () => {
  let clock: VirtualClock;
  let startedAt: number;
  let ranAt: number[];
  let timer: DeadlineTimer;

  beforeEach(() => {
    clock = createVirtualClock();
    startedAt = clock.monotonic();
    ranAt = [];
    timer = new DeadlineTimer(clock, () => ranAt.push(clock.monotonic() - startedAt));
  });

  it('fires once, at the earliest of the deadlines', () => {
    for (const ms of [300, 100, 200]) timer.by(startedAt + ms);
    clock.advance(1000);
    assert.deepEqual(ranAt, [100]);
  });

  it('fires at once for a deadline that has passed, and takes new deadlines then', () => {
    timer.by(startedAt - 50);
    clock.advance(0);
    timer.by(startedAt + 70);
    clock.advance(1000);
    assert.deepEqual(ranAt, [0, 70]);
  });

  it('forgets its deadlines when it is cancelled', () => {
    timer.by(startedAt + 100);
    timer.cancel();
    clock.advance(1000);
    assert.deepEqual(ranAt, []);
    timer.by(startedAt + 1500);
    clock.advance(1000);
    assert.deepEqual(ranAt, [1500]);
  });
});
