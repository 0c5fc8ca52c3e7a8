/** The package as npm packs it, installed into a fresh user directory. Its dependencies are those of this clone. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Node-RED's settings where this clone is not its package. */
export const freshSettings = fileURLToPath(new URL('fresh-settings.cjs', import.meta.url));

/** The same where the dashboard is not installed either. */
export const bareSettings = fileURLToPath(new URL('bare-settings.cjs', import.meta.url));

const run = (command: string, words: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
  return stdout;
};

/** Without its scripts: what is tested is built already. */
const pack = (folder: string): string => {
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const npm = process.env.npm_execpath;
  const answer = JSON.parse(npm ? run(process.execPath, [npm, ...words]) : run('npm', words));
  return join(folder, answer[0].filename);
};

export interface Installation {
  userDir: string;
  /** Path of the installed package. */
  folder: string;
  remove(): void;
}

/** Only what package.json names as a dependency can be found, as it is after an installation from the palette. */
export const installPacked = (): Installation => {
  const userDir = mkdtempSync(join(tmpdir(), 'ems-packed-'));
  const modules = join(userDir, 'node_modules');
  const folder = join(modules, '@emsflow/node-red-ems');
  mkdirSync(folder, { recursive: true });
  run('tar', ['-xzf', pack(userDir), '-C', folder, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(modules, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link, 'dir');
  }
  return { userDir, folder, remove: () => rmSync(userDir, { recursive: true, force: true }) };
};
