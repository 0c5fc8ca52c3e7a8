/**
 * A journal in the user directory: one record a line, each with a checksum, so that a torn line at the end is known
 * for one. A line that was written survives the end of this process at once; the end of power where it is urgent.
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

const toLine = (record: object): string => {
  const text = JSON.stringify(record);
  return `${checksum(text)} ${text}\n`;
};

const readLine = (line: string): unknown[] => {
  const text = line.slice(9);
  if (line.slice(0, 8) !== checksum(text)) return [];
  return [JSON.parse(text)];
};

/**
 * @param name unique in the runtime: node type and id
 * @param warn told once when the journal cannot be written, and again when it can
 */
export const openJournal = (RED: NodeAPI, name: string, warn: (text: string) => void): JournalFile => {
  const path = join(RED.settings.userDir ?? tmpdir(), 'ems', `${name}.journal`);
  let file: number | undefined;
  let isBroken = false;

  const write = (open: () => number, text: string, isUrgent: boolean): boolean => {
    try {
      file ??= open();
      writeSync(file, text);
      if (isUrgent) fsyncSync(file);
      isBroken = false;
      return true;
    } catch (error) {
      if (!isBroken) warn(`the journal of commands cannot be written: ${(error as Error).message}`);
      isBroken = true;
      return false;
    }
  };

  const append = (): number => {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a', 0o600);
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
    append: (record, isUrgent) => write(append, toLine(record), isUrgent),
    rewrite(records) {
      const fresh = `${path}.new`;
      close();
      const isWritten = write(() => openSync(fresh, 'w', 0o600), records.map(toLine).join(''), true);
      close();
      if (isWritten) renameSync(fresh, path);
      return isWritten;
    },
    close,
    remove() {
      close();
      rmSync(path, { force: true });
    },
  };
};
