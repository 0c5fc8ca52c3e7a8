import assert from 'node:assert/strict';
import { EditorJobs } from '../../src/shell/editor-jobs.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

class Work {
  isClosed = false;
  finish: () => void = () => {};

  run(): Promise<void> {
    return new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.finish();
  }
}

describe('work for the editor', () => {
  const start = () => {
    const clock = createVirtualClock();
    const jobs = new EditorJobs<Work>(clock);
    const all: Work[] = [];
    const begin = (key: string): string | undefined =>
      jobs.begin(key, () => {
        const work = new Work();
        all.push(work);
        return work;
      });
    return { clock, jobs, all, begin };
  };

  it('is one at a time: the same is joined, and another one has to wait', async () => {
    const { jobs, all, begin } = start();
    const first = begin('a');
    assert.equal(begin('a'), first);
    assert.equal(begin('b'), undefined);
    assert.equal(all.length, 1);
    all[0]?.finish();
    await Promise.resolve();
    await Promise.resolve();
    const second = begin('b');
    assert.ok(second && second !== first);
    assert.ok(jobs.get(first ?? ''), 'the results of the first are still there');
  });

  it('ends by itself once nobody asks for it any more', async () => {
    const { clock, jobs, all, begin } = start();
    const id = begin('a') ?? '';
    for (let minute = 0; minute < 5; minute++) {
      await clock.advance(60_000);
      assert.ok(jobs.get(id));
    }
    await clock.advance(80_000);
    assert.equal(all[0]?.isClosed, true);
    assert.equal(jobs.get(id), undefined);
    assert.ok(begin('b'), 'another one may begin');
  });

  it('is closed when it is ended, and only once', async () => {
    const { jobs, all, begin } = start();
    const id = begin('a') ?? '';
    await jobs.end(id);
    await jobs.end(id);
    assert.equal(all[0]?.isClosed, true);
    assert.equal(jobs.get(id), undefined);
  });

  it('makes room: the oldest results go where many forms keep theirs open', async () => {
    const { jobs, all, begin } = start();
    const ids: string[] = [];
    for (let n = 0; n < 9; n++) {
      ids.push(begin(String(n)) ?? '');
      all[n]?.finish();
      await Promise.resolve();
      await Promise.resolve();
    }
    assert.equal(jobs.get(ids[0] ?? ''), undefined);
    assert.equal(all[0]?.isClosed, true);
    assert.ok(jobs.get(ids[1] ?? ''));
  });
});
