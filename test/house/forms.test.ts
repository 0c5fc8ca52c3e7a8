import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modbusClientFields, modbusFields } from '../../src/drivers/modbus/codec/limits.ts';
import { chargePointFields, ocppServerFields } from '../../src/drivers/ocpp/codec/limits.ts';
import { quirksSchema } from '../../src/drivers/ocpp/quirks.ts';
import { siteServerFields, sunspecFields } from '../../src/drivers/sunspec/codec/limits.ts';
import { reasons } from '../../src/model/common.ts';
import * as limits from '../../src/model/limits.ts';
import { roles } from '../../src/model/meta.ts';
import { selections } from '../../src/mqtt/subscriptions/topic-selection.ts';
import { filesIn, root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const forms = filesIn('nodes', '.html');

interface Option {
  value: string;
  /** Key of its text in the catalogs; undefined: the value itself is shown. */
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

  for (const file of forms)
    it(`${file}: the help explains each field in the words of the form`, () => {
      const type = file.replace(/^nodes\/|\.html$/g, '');
      for (const language of ['en-US', 'de']) {
        const help = read(`locales/${language}/${type}.md`);
        const told = [...help.matchAll(/^: (\w+) \([^)]*\) : \*\*(.+?)[.?]\*\* (.*)$/gm)];
        for (const [, field, label = '', text = ''] of told) {
          // The help says the unit at the end, the form in its label.
          assert.equal(
            String(wordsOf(language, `${type}.label.${field}`)).replace(/ \(ms\)$/, ''),
            label.replace(/ \(ms\)$/, ''),
          );
          assert.ok(
            text.startsWith(String(wordsOf(language, `${type}.hint.${field}`))),
            `${language} ${field}: ${text}`,
          );
        }
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

  /** Fields of the forms by node type, as the tables of the limits have them. */
  const tables: Record<string, Record<string, object>> = {
    'ems-aggregate': limits.aggregateFields,
    'ems-broker': limits.brokerFields,
    'ems-command': limits.commandFields,
    'ems-heartbeat': limits.heartbeatFields,
    'ems-local-broker': limits.localBrokerFields,
    'ems-modbus': { ...modbusFields, role: limits.choiceOf(['', ...roles]) },
    'ems-modbus-client': modbusClientFields,
    'ems-ocpp': chargePointFields,
    'ems-ocpp-server': ocppServerFields,
    'ems-pick': limits.pickFields,
    'ems-simulator': limits.simulatorFields,
    'ems-site': limits.siteFields,
    'ems-subscribe': { ...limits.subscribeFields, what: limits.choiceOf(selections) },
    'ems-sunspec': { ...sunspecFields, role: limits.choiceOf(['', ...roles]) },
    'ems-sunspec-server': siteServerFields,
    'ems-validate': limits.validateFields,
  };
  const valuesOf = (field: object): string[] | undefined =>
    'values' in field && Array.isArray(field.values) ? [...field.values].sort() : undefined;

  for (const [type, fields] of Object.entries(tables)) {
    it(`${type}: what the html offers is what the node takes, and nothing else`, () => {
      for (const { name, options } of selectsOf(read(`nodes/${type}.html`))) {
        const field = /^node-(?:config-)?input-([A-Za-z]+)$/.exec(name)?.[1];
        // Their choices come from the runtime.
        if (!field || ['preset', 'profile'].includes(field)) continue;
        assert.deepEqual(options.map(({ value }) => value).sort(), valuesOf(fields[field] ?? {}), field);
      }
    });

    it(`${type}: a hint that tells a range tells the one that holds`, () => {
      for (const language of ['en-US', 'de'])
        for (const [name, field] of Object.entries(fields)) {
          const hint = wordsOf(language, `${type}.hint.${name}`);
          const range = /(-?\d[\d.,]*) (?:to|bis) (-?[\d.,]*\d)/.exec(String(hint));
          if (!range || !('min' in field) || !('max' in field)) continue;
          const told = range.slice(1).map((number) => Number(number.replace(',', '.')));
          assert.deepEqual(told, [field.min, field.max], `${language} ${name}: ${hint}`);
        }
    });
  }
});
