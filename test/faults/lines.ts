/** Processes that talk in lines of JSON. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

export const listen = (take: (line: never) => void): void => {
  createInterface({ input: process.stdin })
    .on('line', (line) => take(JSON.parse(line) as never))
    .on('close', () => process.exit(0));
};

export interface Talker {
  say(line: unknown): void;
  kill(): Promise<void>;
}

/** Ends it without a chance to say goodbye, and waits until it is gone. */
export const killHard = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
};

/** @param within words before the command line */
export const startTalker = <Line>(
  script: string,
  words: string[],
  within: string[],
  take: (line: Line) => void,
): Talker => {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const [program = process.execPath, ...rest] = [...within, process.execPath, file, ...words];
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => take(JSON.parse(line) as Line));
  child.stdin.on('error', () => {});
  return {
    say: (line) => child.stdin.write(`${JSON.stringify(line)}\n`),
    kill: () => killHard(child),
  };
};
