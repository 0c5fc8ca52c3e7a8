import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesIn, root } from '../support/house-rules.ts';

/** @returns what is against the style of the house in one file */
const faultsOf = (file: string, text: string): string[] => {
  const faults: string[] = [];
  const say = (what: string): void => void faults.push(`${file}: ${what}`);
  if (!/^[a-z0-9-]+(\.test)?\.ts$/.test(basename(file))) say('a file name is kebab-case');
  if (/\b(TODO|FIXME|XXX|HACK)\b/.test(text)) say('something is left to do');
  if (/\bas any\b|: any\b|<any>|@ts-ignore|@ts-expect-error|biome-ignore/.test(text)) say('a hole in the types');
  if (/^\s*\/\/\s*(const|let|if|for|return|import|await)\b.*[;{]$/m.test(text)) say('commented-out code');
  if (/\b(describe|it)\.(only|skip)\(|\bx(it|describe)\(/.test(text)) say('a test that does not run');
  const isTimeless = /^src\/(model|site)\//.test(file) || /(en|de)code\.ts$/.test(file);
  if (isTimeless && /\bDate\.now\(|\bset(Timeout|Interval)\(|new Date\(\)/.test(text)) say('takes the time by itself');
  // A command has to begin with the line that says who runs it.
  if (file.startsWith('src/') && !/^(#!.*\n)?\/\*\*/.test(text)) say('does not begin by saying what it is about');
  return faults;
};

const sources = ['src', 'nodes', 'test', 'scripts', 'bench'].flatMap((folder) => filesIn(folder, '.ts'));
const self = 'test/house/style.test.ts';

describe('the house: style', () => {
  it('holds in every file', () => {
    const faults = sources
      .filter((file) => file !== self)
      .flatMap((file) => faultsOf(file, readFileSync(join(root, file), 'utf8')));
    assert.deepEqual(faults, []);
  });

  const wrong: [name: string, file: string, text: string][] = [
    ['a name in camel case', 'src/model/myFile.ts', '/** x */'],
    ['a hole in the types', 'src/model/a.ts', '/** x */ const a: any = 1;'],
    ['something left to do', 'src/model/a.ts', '/** x */ // TODO later'],
    ['code in a comment', 'src/model/a.ts', '/** x */\n  // const a = 1;\n'],
    ['a skipped test', 'test/model/a.test.ts', "it.skip('x', () => {})"],
    ['the time in a room without', 'src/site/a.ts', '/** x */ const now = Date.now();'],
    ['a source that does not introduce itself', 'src/site/a.ts', 'const a = 1;'],
  ];
  for (const [name, file, text] of wrong)
    it(`notices ${name}`, () => assert.equal(faultsOf(file, text).length, 1, faultsOf(file, text).join()));
});
