import assert from 'node:assert/strict';
import { UnclaimedMessages } from '../../../src/mqtt/subscriptions/unclaimed-messages.ts';

interface Message {
  topic: string;
  payload: Buffer;
}

describe('messages that nobody takes at the moment', () => {
  let unclaimed: UnclaimedMessages<Message>;
  let settled: number[];
  beforeEach(() => {
    unclaimed = new UnclaimedMessages();
    settled = [];
  });
  const keep = (count: number, bytes = 1, topic = 't'): void => {
    for (let i = 0; i < count; i++) {
      const n = i;
      void unclaimed.keep({ topic, payload: Buffer.alloc(bytes, n) }).then(() => settled.push(n));
    }
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('are handed over in their order, and done when they were taken', async () => {
    keep(3);
    keep(1, 1, 'other');
    const handed: number[] = [];
    let finish: () => void = () => {};
    unclaimed.claim(
      (topic) => topic === 't',
      ({ payload }) => {
        handed.push(payload[0] ?? -1);
        if (payload[0] !== 1) return undefined;
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    );
    await turn();
    assert.deepEqual(
      [handed, settled],
      [
        [0, 1, 2],
        [0, 2],
      ],
    );
    finish();
    await turn();
    assert.deepEqual(settled, [0, 2, 1]);
    unclaimed.giveUp();
    await turn();
    assert.deepEqual(settled, [0, 2, 1, 0], 'the one that nobody claimed');
  });

  it('are 10,000 at most, and the oldest goes first', async () => {
    keep(10_002);
    await turn();
    assert.deepEqual(settled, [0, 1]);
  });

  it('are 16 MB at most', async () => {
    keep(17, 1024 * 1024);
    await turn();
    assert.deepEqual(settled, [0]);
    unclaimed.claim(
      () => true,
      () => {},
    );
    await turn();
    keep(16, 1024 * 1024);
    await turn();
    assert.equal(settled.length, 17, 'those that were claimed take no room');
  });
});
