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

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const readGeneration = (path: string): unknown => {
  try {
    const text = readFileSync(path, 'utf8');
    const at = text.indexOf('\n');
    const body = text.slice(at + 1);
    return text.slice(0, at) === digest(body) ? JSON.parse(body) : undefined;
  } catch {
    // A file that is not there, or not readable, counts as none: the other generation may be good.
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

/** A state as a file of JSON that is replaced as a whole. */
export class StateFile {
  readonly #path: string;
  /** The state that is written next. */
  #waiting: { state: unknown } | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns the last state that was written whole, or undefined */
  load(): unknown {
    return readGeneration(this.#path) ?? readGeneration(`${this.#path}.old`);
  }

  /** Writes one state after the other; of several that wait, only the last one given. */
  save(state: unknown): Promise<void> {
    this.#waiting = { state };
    this.#writing ??= this.#run().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** Waits until what was saved is written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async remove(): Promise<void> {
    await this.#writing;
    for (const path of [this.#path, `${this.#path}.old`]) await rm(path, { force: true });
  }

  async #run(): Promise<void> {
    while (this.#waiting) {
      const { state } = this.#waiting;
      this.#waiting = undefined;
      await write(this.#path, state);
    }
  }
}

/** @param name of the file, unique in the runtime: node type and id */
export const createStateFile = (RED: NodeAPI, name: string): StateFile =>
  new StateFile(join(RED.settings.userDir ?? tmpdir(), 'ems', `${name}.json`));
