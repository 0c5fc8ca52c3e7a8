/** When polls begin, in virtual time: some of them take longer than their interval. */
import assert from 'node:assert/strict';
import { PollSchedule } from '../../../../src/drivers/modbus/polling/poll-schedule.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

describe('the schedule of polls', () => {
  const intervalMs = 100;

  /** @param durationsMs of the polls one after the other; those that follow take no time */
  const run = (...durationsMs: number[]) => {
    const clock = createVirtualClock();
    const begun: number[] = [];
    const pending = new Set<object>();
    const after: typeof clock.after = (ms, done) => {
      const timer = clock.after(ms, () => {
        pending.delete(timer);
        done();
      });
      pending.add(timer);
      return {
        cancel() {
          pending.delete(timer);
          timer.cancel();
        },
      };
    };
    const schedule = new PollSchedule(intervalMs, { ...clock, after }, async () => {
      begun.push(clock.monotonic());
      const durationMs = durationsMs[begun.length - 1] ?? 0;
      if (durationMs > 0) await new Promise<void>((resolve) => clock.after(durationMs, resolve));
    });
    schedule.start(0);
    return { clock, begun, pending, schedule };
  };

  it('is not moved by a poll that takes a part of its interval', async () => {
    const { clock, begun } = run(30, 99, 1);
    await clock.advanceAsync(450);
    assert.deepEqual(begun, [0, 100, 200, 300, 400]);
  });

  it('polls once more at once after one that took too long, and then on the beat again', async () => {
    const { clock, begun } = run(250, 10);
    await clock.advanceAsync(450);
    assert.deepEqual(begun, [0, 250, 300, 400]);
  });

  it('polls once where one ends on the beat', async () => {
    const { clock, begun } = run(200, 5);
    await clock.advanceAsync(350);
    assert.deepEqual(begun, [0, 200, 300]);
  });

  it('has no timer beside a poll, so that a thousand devices of a slow bus do not wake for nothing', async () => {
    const { clock, begun, pending } = run(1000, 1000, 1000);
    await clock.advanceAsync(2950);
    assert.deepEqual([begun, pending.size], [[0, 1000, 2000], 0]);
  });

  it('tells during a poll when the next one is due', async () => {
    const { clock, schedule } = run(30);
    await clock.advanceAsync(20);
    assert.deepEqual([schedule.isPolling, schedule.nextAt], [true, 100]);
    await clock.advanceAsync(20);
    assert.deepEqual([schedule.isPolling, schedule.nextAt], [false, 100]);
  });

  it('ends with the poll at work where it is closed', async () => {
    const { clock, begun, schedule, pending } = run(150);
    await clock.advanceAsync(20);
    schedule.close();
    await clock.advanceAsync(1000);
    assert.deepEqual([begun, pending.size], [[0], 0]);
  });
});
