import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readers = [...filesIn('src', '.ts'), ...filesIn('nodes', '.ts'), 'scripts/start.mjs', 'dev/settings.cjs'];

describe('what is written about operating', () => {
  it('names every environment variable that is read, and no other', () => {
    const used = new Set(
      readers.flatMap((path) => read(path).match(/(?<=process\.env\.|portFrom\(')EMS_[A-Z_]+/g) ?? []),
    );
    const told = new Set(read('docs/operating.md').match(/EMS_[A-Z_]+/g));
    assert.ok(used.size > 3);
    assert.deepEqual([...told].sort(), [...used].sort());
  });
});
