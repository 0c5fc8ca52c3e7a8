/**
 * Findings of each room against the rules of the house for names, lengths and comments.
 * `node test/support/house-figures.ts` prints how much that is today.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { filesIn, roomOf, root } from './house-rules.ts';
import { factsOf, type SourceFacts } from './source-facts.ts';

/** Rules that are counted, with what they say of a file that breaks them. */
export type Rule =
  | 'forbidden names'
  | 'functions over 100 lines'
  | 'functions of more than 3 parameters'
  | 'files of 300 lines or more'
  | 'files of 200 lines or more'
  | 'comments without a subject'
  | 'exported functions without a docstring';

/** Places against each rule. */
export type Findings = Record<Rule, string[]>;

/** A room with what is against the rules in it. */
export interface RoomFigures {
  room: string;
  files: number;
  comments: number;
  findings: Findings;
}

/** Metaphors, which say nothing to a reader who knows the field. */
const forbidden =
  /^(desk|lobby|lobbies|rider|pulse|book|standing|tidings|turnstile|door|judge|sheet|starter|nudge|oddit(y|ies))/;

/** First words of comments that have no subject of their own. */
const withoutSubject = /^(Of|By|What|Where|Who|Whoever|It)\b/;

/** Rooms whose functions take a context and options. */
const fewParameters = /^(drivers|bridge|site)(\/|$)/;

/** File names that every folder may have; limits.ts has those of a protocol in its codec, and those of the model. */
const templates = new Set(['index.ts', 'driver.ts', 'messages.ts', 'limits.ts']);

/** @returns the words of a name in camel case or kebab case */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());

const isForbidden = (name: string): boolean => wordsOf(name).some((word) => forbidden.test(word));

/** @returns what is against the rules in one file */
export const findingsOf = ({ file, lines, functions, comments, typeNames, undocumented }: SourceFacts): Findings => {
  const at = ({ name, line }: { name: string; line: number }): string => `${file}:${line} ${name}`;
  const hasFewParameters = fewParameters.test(roomOf(file));
  return {
    'forbidden names': [basename(file, '.ts'), ...typeNames].filter(isForbidden).map((name) => `${file}: ${name}`),
    'functions over 100 lines': functions.filter((each) => each.lines > 100).map(at),
    'functions of more than 3 parameters': functions
      .filter(({ parameters }) => hasFewParameters && parameters > 3)
      .map(at),
    'files of 300 lines or more': lines >= 300 ? [file] : [],
    'files of 200 lines or more': lines >= 200 ? [file] : [],
    'comments without a subject': comments
      .filter(({ text }) => withoutSubject.test(text))
      .map(({ line, text }) => `${file}:${line} ${text.split('\n')[0]}`),
    'exported functions without a docstring': undocumented.map((name) => `${file}: ${name}`),
  };
};

const groupBy = <T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};

/** @returns file names that several files in src/ have, with its files; templates and forms of nodes excepted */
export const sameNames = (files: string[]): string[] => {
  const byName = groupBy(
    files.filter((file) => file.startsWith('src/')),
    (file) => basename(file),
  );
  return [...byName]
    .filter(([name, paths]) => paths.length > 1 && !templates.has(name))
    .map(([name, paths]) => `${name}: ${paths.join(', ')}`);
};

/** @returns the texts of all sources of the package, by their path from the root */
export const readSources = (): Record<string, string> =>
  Object.fromEntries(
    ['src', 'nodes'].flatMap((folder) =>
      filesIn(folder, '.ts').map((file) => [file, readFileSync(join(root, file), 'utf8')]),
    ),
  );

/** @returns the figures of each room */
export const figuresOf = (facts: SourceFacts[]): RoomFigures[] =>
  [...groupBy(facts, ({ file }) => roomOf(file))].map(([room, own]) => {
    const all = own.map(findingsOf);
    const findings = Object.fromEntries(
      Object.keys(all[0] ?? {}).map((rule) => [rule, all.flatMap((each) => each[rule as Rule])]),
    ) as Findings;
    return { room, files: own.length, comments: own.flatMap(({ comments }) => comments).length, findings };
  });

if (import.meta.main) {
  for (const { room, files, comments, findings } of figuresOf(factsOf(readSources()))) {
    const counts = Object.entries(findings).flatMap(([rule, places]) =>
      places.length > 0 ? [`${places.length} ${rule}`] : [],
    );
    console.log(`${room} (${files} files, ${comments} comments): ${counts.join(', ') || 'nothing'}`);
    if (process.argv.includes(room)) console.log(JSON.stringify(findings, undefined, 2));
  }
  console.log(sameNames(Object.keys(readSources())).join('\n'));
}
