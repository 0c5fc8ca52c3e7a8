/**
 * node scripts/mutate.ts src/site [count] [seed] [ms]: changes the sources of a room in one place at a time, runs the
 * tests of the room against each change, and prints the changes that no test notices. Tests that take longer than the
 * given milliseconds are left out. The tree itself is not changed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { filesIn, root } from '../test/support/house-rules.ts';
import { findMutants, type Mutant, pickMutants } from './mutants.ts';

const [room = 'src/site', count = '200', seed = '1', longest = '1e9'] = process.argv.slice(2);
/** Factor on the time without a change, and ms, after which a mutant counts as one that does not end. */
const timeoutFactor = 5;
const shortestTimeoutMs = 60_000;

const tests = filesIn(room.replace(/^src\//, 'test/'), '.test.ts');
const texts = Object.fromEntries(filesIn(room, '.ts').map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const answer = z.object({ noticedBy: z.string().optional() });

/** A process that runs tests, and is replaced when a mutant does not end. */
class Worker {
  #process: ChildProcess = this.#start();

  /**
   * @param timeoutMs time after which the tests are ended
   * @returns the test that notices a text in the place of a file; undefined: none does
   */
  async run(file: string, text: string, timeoutMs: number): Promise<string | undefined> {
    const child = this.#process;
    let timeout: NodeJS.Timeout | undefined;
    const noticedBy = await new Promise<string | undefined>((resolve) => {
      timeout = setTimeout(() => {
        child.kill('SIGKILL');
        resolve('it does not end');
      }, timeoutMs);
      child.once('message', (message) => resolve(answer.parse(message).noticedBy));
      child.once('exit', () => resolve('the process ends'));
      child.send({ room, tests, file, text, longestMs: Number(longest) });
    });
    clearTimeout(timeout);
    child.removeAllListeners();
    if (child.killed || child.exitCode !== null) this.#process = this.#start();
    return noticedBy;
  }

  close(): void {
    this.#process.kill();
  }

  #start(): ChildProcess {
    return fork(join(root, 'scripts/mutation-worker.ts'), { cwd: root, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  }
}

const describeMutant = ({ file, line, before, after }: Mutant): string =>
  `${file}:${line}  ${before.replace(/\s+/g, ' ')}  ->  ${after}`;

const all = findMutants(texts);
const queue = pickMutants(all, Number(count), Number(seed));
const total = queue.length;
const survivors: Mutant[] = [];

/** Takes mutants from the queue until there are no more. */
const work = async (worker: Worker): Promise<void> => {
  const [file = '', text = ''] = Object.entries(texts)[0] ?? [];
  const startedAt = performance.now();
  const failed = await worker.run(file, text, Number(2 ** 31 - 1));
  if (failed !== undefined) throw new Error(`without any change, a test fails: ${failed}`);
  const timeoutMs = Math.max(shortestTimeoutMs, timeoutFactor * (performance.now() - startedAt));
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const before = texts[mutant.file] ?? '';
    const changed = before.slice(0, mutant.start) + mutant.after + before.slice(mutant.end);
    const noticedBy = await worker.run(mutant.file, changed, timeoutMs);
    if (noticedBy === undefined) survivors.push(mutant);
    console.log(`${noticedBy === undefined ? 'SURVIVED' : 'noticed '} ${describeMutant(mutant)}`);
  }
};

console.log(`${total} of ${all.length} mutants of ${room}, seed ${seed}, against ${tests.length} test files`);
const workers = Array.from({ length: availableParallelism() }, () => new Worker());
try {
  await Promise.all(workers.map(work));
} finally {
  for (const worker of workers) worker.close();
}
console.log(`\n${survivors.length} of ${total} survived:`);
for (const survivor of survivors.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line))
  console.log(describeMutant(survivor));
