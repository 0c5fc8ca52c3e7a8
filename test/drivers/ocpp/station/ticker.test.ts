import assert from 'node:assert/strict';
import { Ticker } from '../../../../src/drivers/ocpp/station/ticker.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

describe('time, for a charging station', () => {
  const begin = () => {
    const clock = createVirtualClock();
    const steps: number[] = [];
    let isUsable = true;
    const ticker = new Ticker(clock, {
      stepMs: 10_000,
      isUsable: () => isUsable,
      step: () => steps.push(clock.monotonic()),
    });
    ticker.start();
    return {
      clock,
      steps,
      ticker,
      setUsable(value: boolean) {
        isUsable = value;
      },
    };
  };

  it('passes by itself where it is silent', () => {
    const { clock, steps } = begin();
    clock.advance(30_000);
    assert.deepEqual(steps, [10_000, 20_000, 30_000]);
  });

  it('passes with its messages where they come, and not with each', () => {
    const { clock, steps, ticker } = begin();
    for (let second = 1; second <= 24; second++) {
      clock.advance(1000);
      ticker.heard();
    }
    assert.deepEqual(steps, [8000, 16_000, 24_000]);
  });

  it('passes by itself again, once messages stop', () => {
    const { clock, steps, ticker } = begin();
    clock.advance(8000);
    ticker.heard();
    clock.advance(22_000);
    assert.deepEqual(steps, [8000, 20_000, 30_000]);
  });

  it('stands still where there is no station, and goes on with it', () => {
    const { clock, steps, ticker, setUsable } = begin();
    setUsable(false);
    clock.advance(25_000);
    ticker.heard();
    assert.deepEqual(steps, []);
    setUsable(true);
    ticker.heard();
    assert.deepEqual(steps, [25_000]);
  });

  it('ends with its driver', () => {
    const { clock, steps, ticker } = begin();
    ticker.close();
    clock.advance(60_000);
    assert.deepEqual(steps, []);
  });
});
