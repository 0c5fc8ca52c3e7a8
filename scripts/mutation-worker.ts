/**
 * Runs the tests of a room against mutants, in the process of a worker: only the modules of the room and its tests are
 * loaded anew for each mutant, and tests that noticed a mutant of the same file before run first.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));

const task = z.object({
  room: z.string(),
  tests: z.array(z.string()),
  file: z.string(),
  text: z.string(),
  /** Tests slower than this are left out, ms. */
  longestMs: z.number(),
});
type Task = z.infer<typeof task>;

/** Durations of tests by their titles, ms, and titles of tests that noticed a mutant, by file. */
const durations = new Map<string, number>();
const noticedBy = new Map<string, Set<string>>();

let current: Task | undefined;
let round = 0;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const isOwn =
      current !== undefined &&
      [current.room, 'test'].some((folder) => resolved.url.startsWith(pathToFileURL(join(root, folder)).href));
    return isOwn ? { ...resolved, url: `${resolved.url}?round=${round}` } : resolved;
  },
  load(url, context, next) {
    if (!url.includes('?round=')) return next(url, context);
    const path = fileURLToPath(url.split('?')[0] ?? url);
    const source = current && path === join(root, current.file) ? current.text : readFileSync(path, 'utf8');
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});

/** Prints nothing. */
class Silent extends Mocha.reporters.Base {}

/** Matches the tests whose titles are in a set, as a pattern does for the titles that it describes. */
class TitleSet extends RegExp {
  readonly #titles: ReadonlySet<string>;

  constructor(titles: ReadonlySet<string>) {
    super('');
    this.#titles = titles;
  }

  override test(title: string): boolean {
    return this.#titles.has(title);
  }
}

const titlesIn = (suite: Mocha.Suite): string[] => [
  ...suite.tests.map((test) => test.fullTitle()),
  ...suite.suites.flatMap(titlesIn),
];

/** @returns the title of a test that failed, or undefined */
const runTests = (mocha: Mocha, titles: ReadonlySet<string>): Promise<string | undefined> =>
  new Promise((resolve) => {
    let failed: string | undefined;
    mocha
      .grep(new TitleSet(titles))
      .run(() => resolve(failed))
      .on('pass', (test) => durations.set(test.fullTitle(), test.duration ?? 0))
      .on('fail', (test) => {
        failed ??= test.fullTitle();
      });
  });

/** Longest tests of each batch, ms: quick ones run first. */
const batches = [10, 100, 1000, Number.POSITIVE_INFINITY];

/** @returns titles of tests in batches: those that noticed a mutant of the file before, then quick ones first */
const inBatches = (titles: string[], { file, longestMs }: Task): Set<string>[] => {
  const known = noticedBy.get(file) ?? new Set<string>();
  const durationOf = (title: string): number => durations.get(title) ?? 0;
  const allowed = titles.filter((title) => durationOf(title) <= longestMs);
  return [
    new Set(allowed.filter((title) => known.has(title))),
    ...batches.map(
      (most, i) =>
        new Set(
          allowed.filter(
            (title) => !known.has(title) && durationOf(title) <= most && durationOf(title) > (batches[i - 1] ?? -1),
          ),
        ),
    ),
  ];
};

/** @returns the test that notices a mutant, or the failure to load it; undefined: none does */
const runTask = async (given: Task): Promise<string | undefined> => {
  current = given;
  round++;
  const mocha = new Mocha({ bail: true, timeout: 60_000, reporter: Silent });
  mocha.cleanReferencesAfterRun(false);
  try {
    for (const test of given.tests) {
      const path = join(root, test);
      mocha.suite.emit('pre-require', globalThis, path, mocha);
      await import(pathToFileURL(path).href);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  for (const titles of inBatches(titlesIn(mocha.suite), given)) {
    if (titles.size === 0) continue;
    const failed = await runTests(mocha, titles);
    if (failed === undefined) continue;
    noticedBy.set(given.file, (noticedBy.get(given.file) ?? new Set()).add(failed));
    return failed;
  }
  return undefined;
};

process.on('message', async (message) => process.send?.({ noticedBy: await runTask(task.parse(message)) }));
