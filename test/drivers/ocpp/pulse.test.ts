import assert from 'node:assert/strict';
import { createPulse } from '../../../src/drivers/ocpp/station/pulse.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('time, for a charging station', () => {
  const begin = () => {
    const clock = createVirtualClock();
    const steps: number[] = [];
    let isUsable = true;
    const pulse = createPulse(
      10_000,
      () => isUsable,
      () => steps.push(clock.monotonic()),
      clock,
    );
    pulse.start();
    return {
      clock,
      steps,
      pulse,
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
    const { clock, steps, pulse } = begin();
    for (let second = 1; second <= 24; second++) {
      clock.advance(1000);
      pulse.heard();
    }
    assert.deepEqual(steps, [8000, 16_000, 24_000]);
  });

  it('passes by itself again, once messages stop', () => {
    const { clock, steps, pulse } = begin();
    clock.advance(8000);
    pulse.heard();
    clock.advance(22_000);
    assert.deepEqual(steps, [8000, 20_000, 30_000]);
  });

  it('stands still where there is no station, and goes on with it', () => {
    const { clock, steps, pulse, setUsable } = begin();
    setUsable(false);
    clock.advance(25_000);
    pulse.heard();
    assert.deepEqual(steps, []);
    setUsable(true);
    pulse.heard();
    assert.deepEqual(steps, [25_000]);
  });

  it('ends with its driver', () => {
    const { clock, steps, pulse } = begin();
    pulse.close();
    clock.advance(60_000);
    assert.deepEqual(steps, []);
  });
});
