import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quirksSchema } from '../../src/drivers/ocpp/quirks.ts';
import { reasons } from '../../src/model/common.ts';
import { roles } from '../../src/model/meta.ts';
import { filesIn, root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const forms = filesIn('nodes', '.html');

interface Option {
  value: string;
  /** Of its text in the catalogs; undefined: the value itself is shown. */
  key?: string;
}
interface Select {
  name: string;
  options: Option[];
}

const selectsOf = (html: string): Select[] =>
  [...html.matchAll(/<select id="([^"]*)"[^>]*>([\s\S]*?)<\/select>/g)].map(([, name = '', inside = '']) => ({
    name,
    options: [...inside.matchAll(/<option value="([^"]*)"(?: data-i18n="([^"]*)")?>/g)].map(([, value = '', key]) => ({
      value,
      ...(key === undefined ? {} : { key }),
    })),
  }));

const wordsOf = (language: string, key: string): unknown => {
  const [type] = key.split('.');
  return key
    .split('.')
    .reduce<unknown>(
      (found, level) => (found as Record<string, unknown> | undefined)?.[level],
      JSON.parse(read(`locales/${language}/${type}.json`)),
    );
};

describe('what is chosen in forms', () => {
  for (const file of forms)
    it(`${file}: each choice has a word of its own, in every language`, () => {
      for (const { name, options } of selectsOf(read(file)))
        for (const language of ['en-US', 'de']) {
          const words = options.map(({ value, key }) => {
            const text = key === undefined ? undefined : wordsOf(language, key);
            assert.ok(typeof text === 'string' && text !== '', `${name}: "${value}" has no word in ${language}`);
            return text;
          });
          assert.equal(new Set(words).size, words.length, `${name}: two choices read alike in ${language}: ${words}`);
        }
    });

  it('everything that a preset says of a charging station has words in every language', () => {
    for (const language of ['en-US', 'de']) {
      const words = wordsOf(language, 'ems-ocpp.station.quirk') as Record<string, string>;
      assert.deepEqual(Object.keys(words).sort(), Object.keys(quirksSchema.shape).sort(), language);
      for (const text of Object.values(words)) assert.match(text, /__value__/);
    }
  });

  it('every reason why a value is not good has words in every language', () => {
    for (const language of ['en-US', 'de'])
      assert.deepEqual(Object.keys(wordsOf(language, 'ems-pick.reason') as object).sort(), Object.keys(reasons).sort());
  });

  it('the roles of a meter are those of the model', () => {
    const role = selectsOf(read('nodes/ems-modbus.html')).find(({ name }) => name === 'node-input-role');
    assert.deepEqual(role?.options.map(({ value }) => value).sort(), ['', ...roles].sort());
  });
});
