import assert from 'node:assert/strict';
import { Semaphore } from '../../src/common/semaphore.ts';

describe('work that is bounded', () => {
  it('lets so many work at once, so many wait, and nobody else in', async () => {
    const semaphore = new Semaphore(2, 3);
    const ends: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const work = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
      return 'done';
    };
    const all = Array.from({ length: 7 }, () => semaphore.tryRun(work));
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      ends[i]?.();
    }
    assert.deepEqual(await Promise.all(all), ['done', 'done', 'done', 'done', 'done', undefined, undefined]);
    assert.equal(most, 2);
  });

  it('who has time is never turned away, and neither kind keeps the other out', async () => {
    const semaphore = new Semaphore(1, 2);
    const done: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      done.push(name);
      return name;
    };
    const patient = ['p1', 'p2', 'p3', 'p4'].map((name) => semaphore.run(work(name)));
    const hurried = ['h1', 'h2', 'h3'].map((name) => semaphore.tryRun(work(name)));
    assert.deepEqual(await Promise.all(hurried), ['h1', 'h2', undefined]);
    assert.deepEqual(await Promise.all(patient), ['p1', 'p2', 'p3', 'p4']);
    assert.deepEqual(done, ['p1', 'h1', 'p2', 'h2', 'p3', 'p4']);
    assert.equal(await semaphore.tryRun(work('h4')), 'h4');
  });

  it('work that fails gives its place back', async () => {
    const semaphore = new Semaphore(1, 1);
    await assert.rejects(
      semaphore.tryRun(() => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await semaphore.tryRun(() => Promise.resolve(1)), 1);
  });
});
