import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { supportedDevicesText } from '../../scripts/supported-devices.ts';
import { modelIds } from '../../src/drivers/sunspec/index.ts';
import { root } from '../support/house-rules.ts';

const page = readFileSync(join(root, 'docs/supported-devices.md'), 'utf8');
const jsonIn = (folder: string): { id: string; title: string; unsure?: string[] }[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(root, folder, name), 'utf8')));

describe('the page of supported devices', () => {
  it('is what profiles, models and presets say; node scripts/supported-devices.ts writes it', () =>
    assert.equal(page, supportedDevicesText()));

  it('names every profile, and all that is unsure about it', () => {
    for (const { id, unsure = [] } of jsonIn('profiles')) {
      assert.ok(page.includes(`(\`${id}\`,`), id);
      for (const doubt of unsure) assert.ok(page.includes(doubt.replaceAll('|', '\\|').replaceAll('<', '&lt;')), doubt);
    }
  });

  it('names every preset of a charging station', () => {
    for (const { title } of jsonIn('profiles/ocpp')) assert.ok(page.includes(`| ${title} |`), title);
  });

  it('names every SunSpec model once', () => {
    const part = page.slice(page.indexOf('| models |'), page.indexOf('A scan looks'));
    for (const id of modelIds())
      assert.equal(part.match(new RegExp(`(?:[|,] |of )${id} [A-Za-z]`, 'g'))?.length, 1, String(id));
  });

  it('leads to pages that are there', () => {
    for (const [, target = ''] of page.matchAll(/\]\(([^)#]+)\)/g)) readFileSync(join(root, 'docs', target));
  });
});
