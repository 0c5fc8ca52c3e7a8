import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compactFiles } from '../../scripts/sunspec-models.ts';
import { modelIds } from '../../src/drivers/sunspec/models/model-definitions.ts';
import { root } from '../support/house-rules.ts';

const folder = join(root, 'profiles/sunspec/models');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the house: SunSpec models', () => {
  it('are those of the source; node scripts/sunspec-models.ts writes them', () => {
    const files = compactFiles();
    const shipped = readdirSync(folder).filter((name) => name.endsWith('.json'));
    assert.deepEqual(shipped.sort(), [...files.keys()].sort());
    for (const [name, text] of files) assert.equal(readFileSync(join(folder, name), 'utf8'), text, name);
  });

  it('are the 112 that the SunSpec Alliance had published', () => {
    const ids = modelIds();
    assert.equal(ids.length, 112);
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    for (const id of [1, 103, 160, 203, 701, 714, 802]) assert.ok(ids.includes(id), String(id));
  });

  it('go with the licence and the notice of the SunSpec Alliance', () => {
    for (const path of ['profiles/sunspec/models', 'scripts/sunspec']) {
      assert.match(read(`${path}/LICENSE`), /Apache License\s+Version 2\.0/);
      assert.match(read(`${path}/NOTICE`), /SunSpec Alliance[\s\S]*Apache License[\s\S]*Changes:/);
    }
  });

  it('take little of the package', () => {
    const texts = modelIds().map((id) => readFileSync(join(folder, `${id}.json`)));
    assert.ok(Buffer.concat(texts).length < 170_000, `${Buffer.concat(texts).length} bytes`);
    assert.ok(gzipSync(Buffer.concat(texts)).length < 20_000);
  });
});
