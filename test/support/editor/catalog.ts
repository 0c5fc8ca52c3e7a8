/** The sentences of the catalogs in each language. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Phrase } from '../../../src/model/phrase.ts';
import { root } from '../house-rules.ts';

export const languages = ['en-US', 'de'] as const;

const find = (language: string, type: string, key: string): unknown => {
  const catalog: unknown = JSON.parse(readFileSync(join(root, `locales/${language}/${type}.json`), 'utf8'));
  return [type, ...key.split('.')].reduce<unknown>(
    (level, name) => (level as Record<string, unknown> | undefined)?.[name],
    catalog,
  );
};

/** The keys below one, which are the same in each language. */
export const keysOf = (type: string, key: string): string[] => {
  const [keys = [], ...others] = languages.map((language) => Object.keys(find(language, type, key) as object));
  for (const other of others) assert.deepEqual(other, keys);
  return keys;
};

/** A sentence with what belongs in it, in each language. @throws where one is missing, or something in it is */
export const say = (type: string, { key, params }: Phrase): string[] =>
  languages.map((language) => {
    const text = find(language, type, key);
    if (typeof text !== 'string') throw new Error(`${language} has no ${key}`);
    return text.replace(/__(.+?)__/g, (_, name: string) => {
      const value = params[name];
      if (value === undefined) throw new Error(`${key} says ${name}, which is not there`);
      return String(value);
    });
  });
