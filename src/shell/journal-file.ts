/**
 * A journal in the user directory: one record a line, each with a checksum, so that a torn line is known for one. A
 * line that was written survives the end of this process at once, and the loss of power where it is urgent.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { Journal } from '../common/journal.ts';

interface JournalOptions {
  /** Name of the file, unique in the runtime: node type and id. */
  name: string;
  /** The records in words, for warnings: "commands", "charging sessions". */
  content: string;
}

const checksumLength = 8;

const checksum = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, checksumLength);

/** A line begins with the end of the line before, so that a torn one takes no other with it. */
const toLine = (record: object): string => {
  const text = JSON.stringify(record);
  return `\n${checksum(text)} ${text}`;
};

const readLine = (line: string): unknown[] => {
  const text = line.slice(checksumLength + 1);
  if (line.slice(0, checksumLength) !== checksum(text)) return [];
  return [JSON.parse(text)];
};

const openFile = (path: string, flags: 'a' | 'w'): number => {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, flags, 0o600);
};

const write = (file: number, text: string): void => {
  const bytes = Buffer.from(text);
  if (writeSync(file, bytes) < bytes.length) throw new Error('only a part of it fits on the disk');
};

/** A journal as a file of one JSON line for each record. */
export class JournalFile implements Journal {
  readonly #path: string;
  readonly #content: string;
  readonly #warn: (text: string) => void;
  #file: number | undefined;
  /** The last attempt to write has failed. */
  #isBroken = false;

  /** @param warn called once for as long as the journal cannot be written */
  constructor(userDir: string, { name, content }: JournalOptions, warn: (text: string) => void) {
    this.#path = join(userDir, 'ems', `${name}.journal`);
    this.#content = content;
    this.#warn = warn;
  }

  load(): unknown[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').flatMap(readLine);
    } catch {
      // There is no file before the first record.
      return [];
    }
  }

  append(record: object, isUrgent: boolean): boolean {
    return this.#attempt(() => {
      this.#file ??= openFile(this.#path, 'a');
      write(this.#file, toLine(record));
      if (isUrgent) fsyncSync(this.#file);
    });
  }

  rewrite(records: object[]): boolean {
    return this.#attempt(() => {
      this.close();
      const fresh = openFile(`${this.#path}.new`, 'w');
      try {
        write(fresh, records.map(toLine).join(''));
        fsyncSync(fresh);
      } finally {
        closeSync(fresh);
      }
      renameSync(`${this.#path}.new`, this.#path);
    });
  }

  close(): void {
    if (this.#file === undefined) return;
    try {
      fsyncSync(this.#file);
    } catch {
      // The system has the records already, and flushes them by itself.
    }
    closeSync(this.#file);
    this.#file = undefined;
  }

  /** Removes the file: nobody will need the records again. */
  remove(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  /** Does what may fail where the disk is full, or not there. */
  #attempt(work: () => void): boolean {
    try {
      work();
      this.#isBroken = false;
      return true;
    } catch (error) {
      if (!this.#isBroken) this.#warn(`the journal of ${this.#content} cannot be written: ${(error as Error).message}`);
      this.#isBroken = true;
      return false;
    }
  }
}

/** Opens a journal in the user directory of this runtime. */
export const openJournal = (RED: NodeAPI, options: JournalOptions, warn: (text: string) => void): JournalFile =>
  new JournalFile(RED.settings.userDir ?? tmpdir(), options, warn);
