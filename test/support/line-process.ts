/**
 * A program in a process of its own that talks in lines of JSON on its standard input and output: charging stations,
 * backends and Modbus servers of other hands, and the parts of a fault run. A file of this repository that only has
 * to say its port is started by forked-process.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Sends the signal and waits until the process is gone; a process that has ended already is left alone. */
export const endProcess = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
};

export interface LineProcess {
  /** Resolves with the exit code as soon as the process ends by itself or is ended. */
  exit: Promise<unknown>;
  say(line: unknown): void;
  /** Closes the input of the process, whereupon it ends, and waits for that. */
  close(): Promise<void>;
  /** Ends the process as kill -9 does. */
  kill(): Promise<void>;
}

/**
 * @param command the program and its words
 * @param heard called with every line of the output, parsed
 */
export const startLineProcess = <Line>(
  [program = '', ...words]: string[],
  heard: (line: Line) => void,
): LineProcess => {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit').then(([code]: unknown[]) => code);
  createInterface({ input: child.stdout }).on('line', (line) => heard(JSON.parse(line) as Line));
  child.stdin.on('error', () => {});
  return {
    exit,
    say: (line) => void child.stdin.write(`${JSON.stringify(line)}\n`),
    async close() {
      child.stdin.end();
      await exit;
    },
    kill: () => endProcess(child, 'SIGKILL'),
  };
};

/** @returns the path of a file in test/peers */
export const peerFile = (name: string): string => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));

/**
 * Starts a program of another hand.
 * @param command a program below test/peers, and its words
 * @throws where the program is not installed
 */
export const startPeerProcess = <Line>(
  [program = '', ...words]: string[],
  heard: (line: Line) => void,
): LineProcess => {
  const path = peerFile(program);
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run test:peers makes it`);
  return startLineProcess([path, ...words], heard);
};
