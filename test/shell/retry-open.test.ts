import assert from 'node:assert/strict';
import { retryOpening } from '../../src/shell/retry-open.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('what is opened and may be taken', () => {
  const start = () => {
    const clock = createVirtualClock();
    const told: string[] = [];
    let isTaken = true;
    let closed = 0;
    const opening = retryOpening(
      clock,
      async () => {
        if (isTaken) throw new Error('taken');
        return {
          close: async () => {
            closed++;
          },
        };
      },
      {
        opened: () => told.push('opened'),
        failed: (_, isFirst) => told.push(isFirst ? 'failed first' : 'failed again'),
      },
    );
    return {
      clock,
      told,
      opening,
      closed: () => closed,
      free() {
        isTaken = false;
      },
    };
  };

  it('is tried again until it works', async () => {
    const running = start();
    await running.clock.advanceAsync(11_000);
    assert.deepEqual(running.told, ['failed first', 'failed again', 'failed again']);
    assert.equal(running.opening.current(), undefined);
    running.free();
    await running.clock.advanceAsync(5000);
    assert.equal(running.told.at(-1), 'opened');
    await running.opening.close();
    assert.equal(running.closed(), 1);
  });

  it('is not opened after it was closed', async () => {
    const running = start();
    await running.clock.advanceAsync(0);
    await running.opening.close();
    running.free();
    await running.clock.advanceAsync(60_000);
    assert.deepEqual([running.told, running.closed()], [['failed first'], 0]);
  });
});
