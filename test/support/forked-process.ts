/**
 * A file of this repository in a process of its own (broker, house, device), which sends its port as soon as it is
 * ready. Programs that talk in lines of JSON: line-process.ts.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ForkedProcess {
  port: number;
  /** Asks it to end, and waits for that. */
  close(): Promise<void>;
  /** Ends it as kill -9 does: it gets no chance to say goodbye. */
  kill(): Promise<void>;
}

/** @param words what the file finds on its command line */
export const startForkedProcess = async (file: URL, words: string[] = []): Promise<ForkedProcess> => {
  const child = fork(fileURLToPath(file), words);
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`${file.pathname} ended at once, code ${code}`);
  });
  const [port] = (await Promise.race([once(child, 'message'), failed])) as [number];
  failed.catch(() => {});
  return {
    port,
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
