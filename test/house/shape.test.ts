import assert from 'node:assert/strict';
import { type Findings, figuresOf, findingsOf, type Rule, readSources, sameNames } from '../support/house-figures.ts';
import { factsOf, type SourceFacts } from '../support/source-facts.ts';

/**
 * How much of each room may be against a rule, as long as the room has not been put in order: the figure of the day on
 * which it was written, which may only become smaller. What is not listed is 0.
 * `node test/support/house-figures.ts` prints the figures of today.
 */
const limits: Record<string, Partial<Record<Rule, number>>> = {
  bridge: { 'files of 200 lines or more': 4 },
  drivers: { 'files of 200 lines or more': 1 },
  nodes: { 'files of 200 lines or more': 4 },
};

/** Share of the files of a room that may have 200 lines or more, and of its comments that may have no subject. */
const mostLongFiles = 0.1;
const mostWithoutSubject = 0.02;

describe('the house: names, lengths and comments', () => {
  const sources = readSources();
  let facts: SourceFacts[];
  before(() => {
    facts = factsOf(sources);
  });

  it('keep their rules in every room, or come closer to them', () => {
    for (const { room, files, comments, findings } of figuresOf(facts)) {
      const shares: Partial<Record<Rule, number>> = {
        'files of 200 lines or more': mostLongFiles * files,
        'comments without a subject': mostWithoutSubject * comments,
      };
      for (const [rule, places] of Object.entries(findings) as [Rule, string[]][]) {
        const most = Math.max(limits[room]?.[rule] ?? 0, shares[rule] ?? 0);
        assert.ok(places.length <= most, `${room}: ${places.length} ${rule}, not ${most}:\n${places.join('\n')}`);
      }
    }
  });

  it('no two files have the same name', () => {
    assert.deepEqual(sameNames(Object.keys(sources)), []);
  });
});

describe('the house notices', () => {
  const found = (file: string, text: string): Partial<Findings> => {
    const [facts] = factsOf({ [file]: text });
    const findings = Object.entries(facts ? findingsOf(facts) : {}).filter(([, places]) => places.length > 0);
    return Object.fromEntries(findings);
  };

  it('a metaphor in the name of a file or a type, and in no other word', () => {
    assert.deepEqual(found('src/site/command-desk.ts', '/** A desk. */\nconst desk = 1;\n'), {
      'forbidden names': ['src/site/command-desk.ts: command-desk'],
    });
    const types = 'type DeskState = 1;\ninterface OrderRiders {}\nclass Booking {}\nenum AgeJudgement {}\n';
    assert.deepEqual(
      found('src/site/a.ts', types)['forbidden names']?.map((each) => each.split(' ')[1]),
      ['DeskState', 'OrderRiders', 'Booking', 'AgeJudgement'],
    );
    assert.deepEqual(found('src/site/a.ts', 'type Override = 1;\ntype Notebook = 1;\ntype Impulse = 1;\n'), {});
  });

  it('a long function, and none that is just short enough', () => {
    const long = (lines: number): string => `const f = () => {\n${'  f();\n'.repeat(lines - 2)}};\n`;
    assert.deepEqual(found('src/mqtt/a.ts', long(101)), { 'functions over 100 lines': ['src/mqtt/a.ts:1 f ='] });
    assert.deepEqual(found('src/mqtt/a.ts', long(100)), {});
  });

  it('a fourth parameter in every kind of function, where a room takes contexts', () => {
    const kinds = [
      'function f(a, b, c, d) {}',
      'const f = (a, b, c, d) => 1;',
      'const f = function (a, b, c, d) {};',
      'class A { f(a, b, c, d) {} }',
      'class A { constructor(a, b, c, d) {} }',
      'interface A { f(a: 1, b: 2, c: 3, d: 4): void }',
      'type F = (a: 1, b: 2, c: 3, d: 4) => void;',
    ];
    for (const kind of kinds) {
      assert.equal(found('src/bridge/a.ts', kind)['functions of more than 3 parameters']?.length, 1, kind);
      assert.deepEqual(found('src/bridge/a.ts', kind.replace(/, d(: 4)?/, '')), {}, kind);
      assert.deepEqual(found('src/mqtt/a.ts', kind), {}, kind);
    }
  });

  it('a long file', () => {
    assert.deepEqual(Object.keys(found('src/mqtt/a.ts', 'f();\n'.repeat(300))), [
      'files of 300 lines or more',
      'files of 200 lines or more',
    ]);
    assert.deepEqual(found('src/mqtt/a.ts', 'f();\n'.repeat(199)), {});
  });

  it('a comment without a subject, and no text that only looks like one', () => {
    const comments = [
      '/** Of a device. */',
      '/*\n * What it is.\n */',
      'f(); // Whoever asks',
      '// It is\n// one of two.',
    ];
    for (const comment of comments)
      assert.equal(found('src/mqtt/a.ts', `${comment}\n`)['comments without a subject']?.length, 1, comment);
    const others = ['// Off', '// Its name', '// The\n// What', "'// Of'", '`/* Of */`', 'f(/[/*] Of/);', '// a // Of'];
    for (const other of others) assert.deepEqual(found('src/mqtt/a.ts', `${other}\n`), {}, other);
  });

  it('an exported function or class without a docstring', () => {
    const exported = [
      'export const f = () => 1;',
      'export function f() {}',
      'export default function f() {}',
      'export const f = function () {};',
      'export class f {}',
    ];
    for (const text of exported) {
      assert.deepEqual(found('nodes/a.ts', `/** The file. */\nconst a = 1;\n${text}\n`), {
        'exported functions without a docstring': ['nodes/a.ts: f'],
      });
      assert.deepEqual(found('nodes/a.ts', `/** The function. */\n${text}\n${text.replace('export ', '')}\n`), {});
      assert.deepEqual(found('nodes/a.ts', `${text.replace(/export (default )?/, '')}\n`), {});
    }
    assert.deepEqual(found('nodes/a.ts', 'export const a = 1;\nexport type B = 1;\n'), {});
  });

  it('a file name that is there twice, but for templates', () => {
    assert.deepEqual(sameNames(['src/a/x.ts', 'src/b/x.ts', 'src/a/index.ts', 'src/b/index.ts', 'src/a/y.ts']), [
      'x.ts: src/a/x.ts, src/b/x.ts',
    ]);
  });
});
