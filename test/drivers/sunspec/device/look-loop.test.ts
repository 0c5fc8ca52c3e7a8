/** Looks at a device that is not always there. */
import assert from 'node:assert/strict';
import { LookLoop } from '../../../../src/drivers/sunspec/device/look-loop.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const createLoop = (look: () => Promise<string | undefined>) => {
  const clock = createVirtualClock();
  const closing = new AbortController();
  const failures: [string, number][] = [];
  const loop = new LookLoop({
    clock,
    signal: closing.signal,
    look,
    failed: (reason, retryMs) => failures.push([reason, retryMs]),
  });
  return { loop, clock, closing, failures };
};

describe('SunSpec: looks at a device', () => {
  it('are never two at the same time; one that is wanted meanwhile follows', async () => {
    const open: (() => void)[] = [];
    const { loop, clock } = createLoop(() => new Promise((resolve) => open.push(() => resolve(undefined))));
    const first = loop.want();
    await loop.want();
    await loop.want();
    assert.equal(open.length, 1);
    open[0]?.();
    await clock.advanceAsync(0);
    assert.equal(open.length, 2);
    loop.settle();
    open[1]?.();
    await first;
    assert.equal(open.length, 2);
  });

  it('are repeated less and less often until the device shows itself, and fail in words', async () => {
    let looks = 0;
    const { loop, clock, failures } = createLoop(async () => {
      looks++;
      if (looks === 1) throw new Error('broken');
      return looks < 8 ? 'not there' : undefined;
    });
    const looking = loop.want();
    await clock.advanceAsync(600_000);
    await looking;
    assert.equal(looks, 8);
    assert.deepEqual([failures[0]?.[0], failures[1]?.[0]], ['Error: broken', 'not there']);
    const pauses = failures.map(([, ms]) => ms);
    assert.ok(
      pauses.every((ms, n) => ms <= Math.min(60_000, 5000 * 2 ** n) && ms >= 2500),
      pauses.join(),
    );
  });

  it('in vain are further and further apart, while a device comes and goes', async () => {
    const looks: number[] = [];
    const { loop, clock } = createLoop(async () => {
      looks.push(clock.monotonic() / 1000);
      return undefined;
    });
    const begin = clock.monotonic() / 1000;
    for (let second = 0; second < 3600; second += 5) {
      void loop.wantSpaced();
      await clock.advanceAsync(5000);
    }
    assert.deepEqual(
      looks.map((at) => at - begin),
      [0, 60, 180, 420, 900, 1800, 2700, 3600],
    );
  });

  it('that have shown something new are followed at once', async () => {
    let looks = 0;
    const { loop, clock } = createLoop(async () => {
      looks++;
      if (looks < 3) loop.settle();
      return undefined;
    });
    for (let n = 0; n < 5; n++) void loop.wantSpaced().then(() => {});
    for (let n = 0; n < 5; n++) {
      void loop.wantSpaced();
      await clock.advanceAsync(0);
    }
    assert.equal(looks, 3);
  });

  it('end with the driver', async () => {
    const { loop, clock, closing, failures } = createLoop(async () => 'not there');
    const looking = loop.want();
    await clock.advanceAsync(0);
    closing.abort();
    await looking;
    assert.equal(failures.length, 1);
  });
});
