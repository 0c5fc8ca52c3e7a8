import assert from 'node:assert/strict';
import { ServerSendQuota } from '../../../src/mqtt/subscriptions/server-send-quota.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('how many messages a broker sends before it waits', () => {
  let clock: VirtualClock;
  let sendWindow: ServerSendQuota;
  let held: number;
  beforeEach(() => {
    clock = createVirtualClock();
    // Not the beginning of all time.
    clock.advance(10_000);
    sendWindow = new ServerSendQuota(clock);
    sendWindow.onConnack();
    held = 0;
  });
  /** @returns after which of them the broker may be waiting */
  const arrive = (count: number): number[] => {
    const waits: number[] = [];
    for (let i = 1; i <= count; i++) {
      held++;
      if (sendWindow.onPublish(held)) waits.push(i);
    }
    return waits;
  };
  const acknowledge = (): void => {
    const count = held;
    held = 0;
    sendWindow.onAcknowledged(count, 0);
  };
  /** The broker sends so many, and waits until they are acknowledged after the gathering time. */
  const stall = (count: number): number[] => {
    const waits = arrive(count);
    clock.advance(100);
    acknowledge();
    return waits;
  };

  it('is ten at first', () => {
    assert.deepEqual(arrive(9), []);
    assert.deepEqual(arrive(1), [1]);
  });

  it('is what was seen, where that is more', () => {
    arrive(30);
    acknowledge();
    clock.advance(1000);
    assert.deepEqual(arrive(29), []);
    assert.deepEqual(arrive(1), [1]);
  });

  it('is what came twice at once, and nothing more until it was acknowledged', () => {
    stall(4);
    // The first could have come by chance.
    assert.deepEqual(stall(4), []);
    assert.deepEqual(stall(4), []);
    clock.advance(1000);
    assert.deepEqual(arrive(4), [4]);
  });

  for (const [first, second] of [
    [4, 2],
    [2, 4],
  ] as const)
    it(`is the larger of the two where they differ, since the broker sends no more: ${first} and ${second}`, () => {
      for (const count of [1, first, second]) stall(count);
      clock.advance(1000);
      assert.deepEqual(arrive(4), [4]);
    });

  it('is not learnt where more than these were held back: it may be the others that the broker waits for', () => {
    for (let i = 0; i < 4; i++) {
      arrive(4);
      clock.advance(100);
      sendWindow.onAcknowledged(3, 1);
      held = 1;
    }
    clock.advance(1000);
    held = 0;
    assert.deepEqual(arrive(9), []);
  });

  it('is not learnt from two connections, of which each has come to a halt once', () => {
    for (const count of [1, 4]) stall(count);
    sendWindow.onConnack();
    stall(4);
    clock.advance(1000);
    assert.deepEqual(arrive(9), []);
  });

  it('is not learnt from messages that come and go by themselves', () => {
    for (const wait of [500, 300, 700, 400, 600]) {
      clock.advance(wait);
      assert.deepEqual(stall(1), []);
    }
    for (let i = 0; i < 10; i++) {
      assert.deepEqual(arrive(1), []);
      clock.advance(50);
      assert.deepEqual(arrive(1), []);
      clock.advance(50);
      acknowledge();
    }
  });

  it('grows again where more come at once than was thought', () => {
    for (let i = 0; i < 3; i++) stall(2);
    clock.advance(1000);
    assert.deepEqual(arrive(5), [2, 3, 4, 5]);
    acknowledge();
    clock.advance(1000);
    assert.deepEqual(arrive(4), []);
  });

  it('does not hold up a stream: as many in a moment go on at once, and those of the next', () => {
    for (let i = 0; i < 9; i++) {
      assert.deepEqual(arrive(1), []);
      acknowledge();
      clock.advance(5);
    }
    assert.deepEqual(arrive(1), [1]);
    acknowledge();
    clock.advance(100);
    assert.deepEqual(arrive(1), [1]);
    acknowledge();
    clock.advance(300);
    assert.deepEqual(arrive(1), [], 'it is over');
  });

  it('is ten again with another connection', () => {
    arrive(30);
    sendWindow.onConnack();
    held = 0;
    clock.advance(1000);
    assert.deepEqual(arrive(10), [10]);
  });
});
