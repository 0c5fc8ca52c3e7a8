import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { discoverySentences } from '../../src/drivers/sunspec/discovery/discovery-notes.ts';
import { root } from '../support/house-rules.ts';

const notesIn = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(join(root, `locales/${language}/ems-sunspec.json`), 'utf8'))['ems-sunspec'].note;

const valuesIn = (text = ''): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([, name = '']) => name).sort();

describe('the house: notes of a SunSpec discovery', () => {
  it('stand in the English catalog as they stand in logs', () => {
    assert.deepEqual(notesIn('en-US'), { ...discoverySentences });
  });

  it('tell the same values in German', () => {
    const german = notesIn('de');
    assert.deepEqual(Object.keys(german), Object.keys(discoverySentences));
    for (const [code, sentence] of Object.entries(discoverySentences))
      assert.deepEqual(valuesIn(german[code]), valuesIn(sentence), code);
  });
});
