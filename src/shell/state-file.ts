/**
 * Small state that survives a restart, as JSON in the user directory. A write is atomic (new file, flushed, renamed),
 * the generation before is kept, and a checksum tells a torn file from a good one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NodeAPI } from 'node-red';

export interface StateFile {
  /** @returns the last state that was written whole, or undefined */
  load(): unknown;
  /** Writes after one another; the last one given wins. */
  save(state: unknown): Promise<void>;
  remove(): Promise<void>;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const readGeneration = (path: string): unknown => {
  try {
    const text = readFileSync(path, 'utf8');
    const at = text.indexOf('\n');
    const body = text.slice(at + 1);
    return text.slice(0, at) === digest(body) ? JSON.parse(body) : undefined;
  } catch {
    // Not there, or not readable: the other generation may be.
    return undefined;
  }
};

const write = async (path: string, state: unknown): Promise<void> => {
  const body = JSON.stringify(state);
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${digest(body)}\n${body}`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path, `${path}.old`).catch(() => {});
  await rename(`${path}.new`, path);
};

/** @param name unique in the runtime: node type and id */
export const createStateFile = (RED: NodeAPI, name: string): StateFile => {
  const path = join(RED.settings.userDir ?? tmpdir(), 'ems', `${name}.json`);
  let waiting: { state: unknown } | undefined;
  let writing: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (waiting) {
      const { state } = waiting;
      waiting = undefined;
      await write(path, state);
    }
  };

  return {
    load: () => readGeneration(path) ?? readGeneration(`${path}.old`),
    save(state) {
      waiting = { state };
      writing ??= run().finally(() => {
        writing = undefined;
      });
      return writing;
    },
    async remove() {
      await writing;
      for (const each of [path, `${path}.old`]) await rm(each, { force: true });
    },
  };
};
