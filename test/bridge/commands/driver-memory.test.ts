/** Facts that a driver keeps in the journal of its bridge. */
import assert from 'node:assert/strict';
import { CommandJournal } from '../../../src/bridge/commands/command-journal.ts';
import { createMemoryJournal } from '../../support/memory-journal.ts';

describe('what a bridge keeps for its driver', () => {
  it('is there after a restart, and not once it has ended', () => {
    const disk = createMemoryJournal();
    const journal = new CommandJournal(disk);
    assert.ok(journal.saveKept('a', { value: 1 }, true));
    assert.ok(journal.saveKept('b', { value: 2 }, false));
    assert.ok(journal.saveKept('a', { value: 3 }, false));
    journal.saveKept('b', undefined, true);
    assert.deepEqual(journal.kept('a'), { value: 3 });
    const next = new CommandJournal(disk);
    assert.deepEqual([next.kept('a'), next.kept('b'), next.kept('c')], [{ value: 3 }, undefined, undefined]);
  });

  it('is there after the journal was written anew', () => {
    const disk = createMemoryJournal();
    const journal = new CommandJournal(disk);
    journal.saveKept('a', { value: 1 }, true);
    for (let n = 0; n <= 50_000; n++) journal.saveKept('b', { n }, false);
    assert.ok(disk.records.length < 100, `${disk.records.length} records`);
    const next = new CommandJournal(disk);
    assert.deepEqual([next.kept('a'), next.kept('b')], [{ value: 1 }, { n: 50_000 }]);
  });

  it('tells where it could not be written down', () => {
    const disk = createMemoryJournal();
    disk.isWritable = false;
    assert.equal(new CommandJournal(disk).saveKept('a', { value: 1 }, true), false);
  });
});
