/**
 * A journal in the user directory: one record a line, each with a checksum, so that a torn line is known for one. A
 * line that was written survives the end of this process at once; the end of power where it is urgent.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { NodeAPI } from 'node-red';
import type { Journal } from '../bridge/ledger.ts';

export interface JournalFile extends Journal {
  close(): void;
  /** Nobody will need it again. */
  remove(): void;
}

const checksum = (text: string): string => createHash('sha1').update(text).digest('hex').slice(0, 8);

/** It begins with the end of the line before: one that was torn takes no other with it. */
const toLine = (record: object): string => {
  const text = JSON.stringify(record);
  return `\n${checksum(text)} ${text}`;
};

const readLine = (line: string): unknown[] => {
  const text = line.slice(9);
  if (line.slice(0, 8) !== checksum(text)) return [];
  return [JSON.parse(text)];
};

/**
 * @param name unique in the runtime: node type and id
 * @param warn told once for as long as the journal cannot be written
 */
export const openJournal = (RED: NodeAPI, name: string, warn: (text: string) => void): JournalFile => {
  const path = join(RED.settings.userDir ?? tmpdir(), 'ems', `${name}.journal`);
  let file: number | undefined;
  let isBroken = false;

  /** Everything that may fail where the disk is full, or not there. */
  const attempt = (work: () => void): boolean => {
    try {
      work();
      isBroken = false;
      return true;
    } catch (error) {
      if (!isBroken) warn(`the journal of commands cannot be written: ${(error as Error).message}`);
      isBroken = true;
      return false;
    }
  };

  const open = (at: string, flags: 'a' | 'w'): number => {
    mkdirSync(dirname(at), { recursive: true });
    return openSync(at, flags, 0o600);
  };

  const write = (into: number, text: string): void => {
    const bytes = Buffer.from(text);
    if (writeSync(into, bytes) < bytes.length) throw new Error('only a part of it fits on the disk');
  };

  const close = (): void => {
    if (file === undefined) return;
    try {
      fsyncSync(file);
    } catch {
      // What could not be flushed is with the system already.
    }
    closeSync(file);
    file = undefined;
  };

  return {
    load() {
      try {
        return readFileSync(path, 'utf8').split('\n').flatMap(readLine);
      } catch {
        // Nothing was ever commanded.
        return [];
      }
    },
    append: (record, isUrgent) =>
      attempt(() => {
        file ??= open(path, 'a');
        write(file, toLine(record));
        if (isUrgent) fsyncSync(file);
      }),
    rewrite: (records) =>
      attempt(() => {
        close();
        const fresh = open(`${path}.new`, 'w');
        try {
          write(fresh, records.map(toLine).join(''));
          fsyncSync(fresh);
        } finally {
          closeSync(fresh);
        }
        renameSync(`${path}.new`, path);
      }),
    close,
    remove() {
      close();
      rmSync(path, { force: true });
    },
  };
};
