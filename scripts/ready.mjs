/**
 * Makes a clone ready to run, with what Node and npm bring: installs the locked packages where they differ from what
 * is there, and the project's own Node 24. Plain JavaScript, because it runs before there is anything else.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const wantedMajor = 24;

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
};

const fail = (...lines) => {
  console.error(`\n${lines.join('\n')}\n`);
  process.exit(1);
};

const npm = (...words) => {
  // The npm that runs this script, not one that a package brought along.
  const [command, first] = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
  return spawnSync(command, [...first, ...words], { cwd: root, stdio: 'inherit', env: process.env });
};

/** Whether everything that package-lock.json names is there in this version. */
const isInstalled = () => {
  const locked = readJson('package-lock.json')?.packages ?? {};
  const present = readJson('node_modules/.package-lock.json')?.packages;
  if (!present) return false;
  return Object.entries(locked).every(
    ([path, { version, optional, peer }]) =>
      path === '' || optional || peer || !path.startsWith('node_modules/') || present[path]?.version === version,
  );
};

const versionOf = (binary) => {
  try {
    return execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};

const ownNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** @returns the path of a Node of the right version */
export const makeReady = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer, then run this again.`);
  if (!isInstalled()) {
    console.log('Installing the packages of package-lock.json, once (about a minute) ...');
    // Said explicitly: NODE_ENV=production or omit=dev would leave out what runs the editor.
    const { status } = npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error');
    if (status !== 0)
      fail(
        'npm could not install the packages; its own words are above.',
        'Without a network, or behind a proxy, set npm\'s "registry" or "proxy" and run this again.',
      );
  }
  if (!existsSync(ownNode)) {
    // npm was told to ignore install scripts; this one package is its script.
    console.log(`Fetching Node ${wantedMajor}, which npm left out because of ignore-scripts ...`);
    npm('rebuild', 'node', '--ignore-scripts=false', '--loglevel=error');
  }
  const found = versionOf(ownNode);
  if (found?.startsWith(`v${wantedMajor}.`)) return ownNode;
  if (major >= wantedMajor) return process.execPath;
  return fail(
    `Node ${wantedMajor} is not there (found ${found ?? 'none'} in node_modules, ${process.versions.node} on this machine).`,
    'Its package installs by a script: run "npm rebuild node --ignore-scripts=false", or install Node 24 yourself.',
  );
};

/** Compiles and copies; @returns whether it worked */
export const build = (node) => {
  const tsc = spawnSync(node, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (tsc.status !== 0) return false;
  return spawnSync(node, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' }).status === 0;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const node = makeReady();
  if (!build(node)) fail('The build failed; the reason is above.');
  // A script is run from here: the shell that called npm still knows where it found Node before there was one of our own.
  const [script, ...words] = process.argv.slice(2);
  if (script) process.exitCode = spawnSync(node, [script, ...words], { cwd: root, stdio: 'inherit' }).status ?? 1;
}
