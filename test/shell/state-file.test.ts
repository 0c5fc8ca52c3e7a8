import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { createStateFile } from '../../src/shell/state-file.ts';

describe('a state file', () => {
  let userDir: string;

  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-state-'));
  });
  afterEach(() => rmSync(userDir, { recursive: true, force: true }));

  const open = () => createStateFile({ settings: { userDir } } as unknown as NodeAPI, 'ems-x-1');
  const path = () => join(userDir, 'ems', 'ems-x-1.json');

  it('gives back what was saved, to the next run', async () => {
    assert.equal(open().load(), undefined);
    await open().save({ totals: { solar: 1.5 } });
    assert.deepEqual(open().load(), { totals: { solar: 1.5 } });
  });

  it('can be read by its owner alone', async () => {
    await open().save({});
    assert.equal(statSync(path()).mode & 0o077, 0);
  });

  it('takes the generation before where the last one was torn', async () => {
    const file = open();
    await file.save({ n: 1 });
    await file.save({ n: 2 });
    writeFileSync(path(), readFileSync(path(), 'utf8').slice(0, -2));
    assert.deepEqual(open().load(), { n: 1 });
  });

  it('believes nothing that somebody has changed', async () => {
    await open().save({ n: 1 });
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('"n":1', '"n":9'));
    assert.equal(open().load(), undefined);
  });

  it('writes the last of many states given at once', async () => {
    const file = open();
    await Promise.all(Array.from({ length: 50 }, (_, n) => file.save({ n })));
    assert.deepEqual(open().load(), { n: 49 });
  });

  it('leaves nothing behind when it is removed', async () => {
    const file = open();
    await file.save({ n: 1 });
    await file.save({ n: 2 });
    await file.remove();
    assert.deepEqual(readdirSync(join(userDir, 'ems')), []);
  });
});
