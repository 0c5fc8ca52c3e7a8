import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesIn, root } from '../support/house-rules.ts';

/** The rooms that keep the rules below. */
const rooms = ['common', 'drivers/modbus', 'model', 'mqtt', 'shell', 'simulator'];

const metaphors = /desk|lobby|rider|pulse|book|standing|tidings|turnstile|door|judge|sheet|starter|nudge|oddit(y|ies)/i;
/** File names that every folder or driver may have. */
const templates = ['index.ts', 'driver.ts', 'messages.ts'];
/** First words of comments without a subject. */
const subjectless = /^(Of|By|What|Where|Who|Whoever|Whom|It|Its)\b/;
const mostSubjectless = 0.02;

const exported = /^export (?:default )?(?:abstract )?(?:async )?(?:function|class|interface|type|const) (\w+)/gm;

/** @returns names of types, functions and constants that a file exports */
const namesIn = (text: string): string[] => [...text.matchAll(exported)].map(([, name = '']) => name);

/** @returns comments without their marks */
const commentsIn = (text: string): string[] => {
  const blocks = [...text.matchAll(/\/\*\*?([\s\S]*?)\*\//g)].map(([, body = '']) => body.replace(/^\s*\*\s?/gm, ''));
  const lines = [...text.matchAll(/(?<!\/\/.*\n)^\s*\/\/(.*)$/gm)].map(([, body = '']) => body);
  return [...blocks, ...lines].map((comment) => comment.trim()).filter((comment) => comment !== '');
};

/** @returns exported functions and classes without a docstring */
const undocumentedIn = (text: string): string[] => {
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    const [, name] = /^export (?:default )?(?:abstract )?(?:async )?(?:function|class) ?(\w*)/.exec(line) ?? [];
    const [, constant] = /^export const (\w+)/.exec(line) ?? [];
    const rest = lines.slice(i, i + 6).join('\n');
    const isFunction = /^export const \w+(?:: [^=]*(?:=>[^=]*)?)?\s*=\s*(?:async )?(?:<[\s\S]*?>)?\s*(?:\(|\w+ =>)/;
    const found = name ?? (constant !== undefined && isFunction.test(rest) ? constant : undefined);
    return found === undefined || lines[i - 1]?.trimEnd().endsWith('*/') ? [] : [found];
  });
};

describe('the house: words', () => {
  const files = rooms.flatMap((room) => filesIn(`src/${room}`, '.ts'));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));

  it('no file and no export has the name of a metaphor', () => {
    const names = [...texts].flatMap(([file, text]) => [basename(file), ...namesIn(text)].map((name) => [file, name]));
    assert.deepEqual(
      names.filter(([, name = '']) => metaphors.test(name)),
      [],
    );
  });

  it('no two files of these rooms have the same name', () => {
    const seen = new Map<string, string[]>();
    for (const file of files) seen.set(basename(file), [...(seen.get(basename(file)) ?? []), file]);
    const twice = [...seen].filter(([name, paths]) => paths.length > 1 && !templates.includes(name));
    assert.deepEqual(twice, []);
  });

  it('every exported function and class has a docstring', () => {
    const missing = [...texts].flatMap(([file, text]) => undocumentedIn(text).map((name) => `${file}: ${name}`));
    assert.deepEqual(missing, []);
  });

  it('comments have a subject', () => {
    const comments = [...texts.values()].flatMap(commentsIn);
    const without = comments.filter((comment) => subjectless.test(comment));
    assert.ok(without.length / comments.length <= mostSubjectless, without.join('\n'));
  });

  it('and what is against these rules is noticed', () => {
    assert.deepEqual(
      namesIn('export class CommandDesk {}\nexport const a = 1;').filter((name) => metaphors.test(name)),
      ['CommandDesk'],
    );
    assert.deepEqual(
      undocumentedIn('export const a = (): void => {};\n/** b */\nexport class B {}\nexport const c = 1;'),
      ['a'],
    );
    assert.deepEqual(commentsIn('/** Of it. */\n// Where\n// it is\nconst a = 1; // no'), ['Of it.', 'Where']);
  });
});
