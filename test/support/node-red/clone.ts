/**
 * A fresh clone: the files of this one as git has them, in a folder of their own, with the packages that are installed
 * here.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../house-rules.ts';

export interface Clone {
  folder: string;
  remove(): void;
}

/** Built from what runs a clone; its tests stay where they are. */
export const makeClone = (): Clone => {
  const folder = mkdtempSync(join(tmpdir(), 'ems-clone-'));
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((each) => each !== '' && !/^(test|bench|docs)\//.test(each))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
