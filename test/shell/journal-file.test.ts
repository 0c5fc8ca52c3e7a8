import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { type JournalFile, openJournal } from '../../src/shell/journal-file.ts';

describe('the journal file', () => {
  let userDir: string;
  let warnings: string[];
  const journals: JournalFile[] = [];

  const open = (content = 'commands'): JournalFile => {
    const RED = { settings: { userDir } } as unknown as NodeAPI;
    const journal = openJournal(RED, { name: 'x', content }, (text) => warnings.push(text));
    journals.push(journal);
    return journal;
  };
  const path = (): string => join(userDir, 'ems', 'x.journal');

  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-journal-'));
    warnings = [];
  });
  afterEach(() => {
    for (const each of journals.splice(0)) each.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('holds what was written, for the next process, in its order', () => {
    assert.deepEqual(open().load(), []);
    const journal = open();
    for (const n of [1, 2, 3]) assert.ok(journal.append({ n, text: 'ü\n' }, n === 2));
    // Nobody has closed it: that is how a process is killed.
    assert.deepEqual(
      open().load(),
      [1, 2, 3].map((n) => ({ n, text: 'ü\n' })),
    );
    assert.equal(statSync(path()).mode & 0o077, 0, 'others can read it');
  });

  it('forgets a line that was torn, and no other', () => {
    const journal = open();
    journal.append({ n: 1 }, false);
    journal.append({ n: 2 }, false);
    journal.close();
    writeFileSync(path(), readFileSync(path()).subarray(0, -4));
    open().append({ n: 3 }, false);
    assert.deepEqual(open().load(), [{ n: 1 }, { n: 3 }]);
  });

  it('does not believe a line that somebody has changed', () => {
    open().append({ lease: 10 }, false);
    open().append({ lease: 20 }, false);
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('10', '99'));
    appendFileSync(path(), '\nnonsense\n12345678 {"a":1}');
    assert.deepEqual(open().load(), [{ lease: 20 }]);
  });

  it('puts records in the place of all, and goes on behind them', () => {
    const journal = open();
    for (const n of [1, 2, 3]) journal.append({ n }, false);
    assert.ok(journal.rewrite([{ n: 3 }]));
    journal.append({ n: 4 }, false);
    assert.deepEqual(open().load(), [{ n: 3 }, { n: 4 }]);
  });

  it('says once that it cannot be written, and is written again when it can', () => {
    const journal = open();
    mkdirSync(path(), { recursive: true });
    assert.deepEqual([journal.append({ n: 1 }, false), journal.append({ n: 2 }, true)], [false, false]);
    assert.equal(journal.rewrite([{ n: 3 }]), false);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /journal of commands cannot be written: E/);
    rmSync(path(), { recursive: true });
    assert.ok(journal.append({ n: 4 }, false));
    assert.deepEqual(open().load(), [{ n: 4 }]);
  });

  it('says what it is about', () => {
    const journal = open('charging sessions');
    mkdirSync(path(), { recursive: true });
    assert.equal(journal.append({ n: 1 }, false), false);
    assert.match(warnings.join(), /^the journal of charging sessions cannot be written: E/);
    rmSync(path(), { recursive: true });
  });

  it('keeps what it has where it cannot be written anew', () => {
    const journal = open();
    journal.append({ n: 1 }, false);
    mkdirSync(`${path()}.new`);
    assert.equal(journal.rewrite([{ n: 2 }]), false);
    assert.ok(journal.append({ n: 3 }, false));
    assert.deepEqual(open().load(), [{ n: 1 }, { n: 3 }]);
  });

  it('is gone when nobody needs it any more', () => {
    const journal = open();
    journal.append({ n: 1 }, false);
    journal.remove();
    assert.deepEqual(open().load(), []);
  });
});
