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
  const isTimeless = /^src\/(model|site|control)\//.test(file) || /(en|de)code\.ts$/.test(file);
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

  /** Small files that break one rule each, in every way that is looked for. */
  const wrong: [name: string, fault: RegExp, file: string, texts: string[]][] = [
    ['a name in camel case', /kebab-case/, 'src/model/myFile.ts', ['/** x */']],
    ['a name with an underscore', /kebab-case/, 'test/model/my_file.test.ts', ['']],
    [
      'a hole in the types',
      /hole/,
      'src/model/a.ts',
      [
        'const a: any = 1;',
        'b as any;',
        'c<any>();',
        '// @ts-ignore',
        '// @ts-expect-error',
        '// biome-ignore lint: x',
      ],
    ],
    ['something left to do', /left to do/, 'src/model/a.ts', ['// TODO later', '// FIXME', '// XXX', '// HACK']],
    [
      'code in a comment',
      /commented-out/,
      'src/model/a.ts',
      [
        '\n  // const a = 1;\n',
        '\n// if (a) {\n',
        '\n// return a;\n',
        '\n// import a from "a";\n',
        '\n// await a();\n',
      ],
    ],
    [
      'a test that does not run',
      /does not run/,
      'test/model/a.test.ts',
      ["it.skip('x', f)", "it.only('x', f)", "describe.skip('x', f)", "describe.only('x', f)", "xit('x', f)"],
    ],
    ...['src/model/a.ts', 'src/site/a.ts', 'src/control/a.ts', 'src/drivers/modbus/codec/decode.ts'].map(
      (file): [string, RegExp, string, string[]] => [
        `the time in ${file}`,
        /takes the time/,
        file,
        ['Date.now();', 'new Date();', 'setTimeout(f, 1);', 'setInterval(f, 1);'],
      ],
    ),
  ];
  for (const [name, fault, file, texts] of wrong)
    it(`notices ${name}`, () => {
      for (const text of texts) {
        const [found, ...others] = faultsOf(file, `/** x */ ${text}`);
        assert.match(found ?? 'nothing', fault, text);
        assert.deepEqual(others, [], text);
      }
    });

  it('notices a source that does not introduce itself', () => {
    assert.match(faultsOf('src/site/a.ts', 'const a = 1;').join(), /what it is about/);
  });

  it('finds nothing in what is right', () => {
    const right =
      '/** What it is about. */\n// If it is late, the import waits.\nexport const anyone = (now: number) => now;\n';
    assert.deepEqual(faultsOf('src/site/a.ts', right), []);
  });
});
