import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brandPlaces, discoverySentences } from '../../src/drivers/sunspec/index.ts';
import { root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/connect-an-inverter.md');
const said = [...Object.values(discoverySentences), read('src/drivers/sunspec/device/read-models.ts')].join('\n');

describe('the page about connecting an inverter', () => {
  it('explains sentences as the scan and the driver say them', () => {
    const part = page.slice(page.indexOf('## When it does not answer'), page.indexOf('## When a command'));
    const quoted = [...part.matchAll(/^\| `([^`]+)`/gm)].map(([, sentence = '']) => sentence);
    assert.ok(quoted.length >= 8);
    for (const sentence of quoted) {
      const words = sentence.split(/\.\.\.|\d[\d, ]*/).filter((part) => part.trim().length > 3);
      for (const each of words) assert.ok(said.includes(each.trim()), `nobody says "${each.trim()}"`);
    }
  });

  it('names every brand whose places the scan knows', () => {
    for (const brand of Object.keys(brandPlaces)) assert.match(page, new RegExp(brand, 'i'));
  });

  it('leads to pages and pictures that are there', () => {
    for (const [, target = ''] of page.matchAll(/\]\(([^)#]+)/g))
      assert.ok(existsSync(join(root, 'docs', target)), target);
  });
});
