import assert from 'node:assert/strict';
import { pause } from '../../src/common/pause.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('a pause', () => {
  it('lasts as long as was asked for', async () => {
    const clock = createVirtualClock();
    let isOver = false;
    const pausing = pause(500, clock).then(() => {
      isOver = true;
    });
    await clock.advanceAsync(499);
    assert.equal(isOver, false);
    await clock.advanceAsync(1);
    await pausing;
  });

  it('ends with its signal, also where that was given before', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const pausing = pause(60_000, clock, controller.signal);
    controller.abort();
    await pausing;
    const late = pause(60_000, clock, controller.signal);
    await clock.advanceAsync(0);
    await late;
  });
});
