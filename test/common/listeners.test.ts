import assert from 'node:assert/strict';
import { Listeners } from '../../src/common/listeners.ts';

describe('listeners', () => {
  it('hear of everything in the order in which they were added, until they are removed', () => {
    const listeners = new Listeners<number>();
    const heard: string[] = [];
    const remove = listeners.add((news) => heard.push(`a${news}`));
    listeners.add((news) => heard.push(`b${news}`));
    listeners.notify(1);
    remove();
    listeners.notify(2);
    assert.deepEqual(heard, ['a1', 'b1', 'b2']);
  });

  it('may leave while they hear', () => {
    const listeners = new Listeners<void>();
    let heard = 0;
    const remove = listeners.add(() => remove());
    listeners.add(() => heard++);
    listeners.notify();
    assert.equal(heard, 1);
  });
});
