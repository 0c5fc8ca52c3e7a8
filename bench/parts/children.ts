/** Processes beside the one that is measured. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Peer {
  port: number;
  stop(): Promise<void>;
}

/**
 * @param part file of this folder that sends its port
 * @param words of its command line
 */
export const startPart = async (part: string, words: string[] = []): Promise<Peer> => {
  const child: ChildProcess = fork(fileURLToPath(new URL(part, import.meta.url)), words);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
};
