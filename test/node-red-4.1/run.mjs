/**
 * The node tests, compiled, on Node-RED 4.1 with Node 20, and the built package loaded by that Node-RED. The folder has
 * packages and a lock file of its own; what the nodes themselves need comes from the project's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const node20 = join(here, 'node_modules/node/bin/node');

const run = (command, words, cwd = root) => {
  const { status } = spawnSync(command, words, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const npm = (...words) =>
  process.env.npm_execpath
    ? run(process.execPath, [process.env.npm_execpath, ...words], here)
    : run('npm', words, here);

if (!existsSync(join(here, 'node_modules/node-red')))
  npm('ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false');
if (!existsSync(node20)) npm('rebuild', 'node', '--ignore-scripts=false', '--loglevel=error');

rmSync(join(here, 'build'), { recursive: true, force: true });
run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.tests.json']);
for (const folder of ['profiles', 'test/support/certificates'])
  cpSync(join(root, folder), join(here, 'build', folder), { recursive: true });
run(
  node20,
  [
    join(here, 'node_modules/mocha/bin/mocha.js'),
    '--no-config',
    '--exit',
    '--timeout',
    '120000',
    'build/test/nodes/*.test.js',
  ],
  here,
);

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const userDir = mkdtempSync(join(tmpdir(), 'ems-4.1-'));
const port = await freePort();
const red = spawn(node20, [join(here, 'node_modules/node-red/red.js'), '-s', join(root, 'dev/settings.cjs')], {
  env: { ...process.env, EMS_USER_DIR: userDir, EMS_EDITOR_PORT: String(port) },
});
let log = '';
const started = new Promise((resolve, reject) => {
  red.stdout.on('data', (chunk) => {
    log += chunk;
    if (log.includes('Started flows') || log.includes('Server now running')) resolve();
  });
  red.on('exit', () => reject(new Error(`Node-RED 4.1 ended:\n${log}`)));
});
try {
  await started;
  const response = await fetch(`http://127.0.0.1:${port}/nodes`, { headers: { accept: 'application/json' } });
  const sets = (await response.json()).filter(({ module }) => module === '@emsflow/node-red-ems');
  const wanted = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))['node-red'].nodes);
  const wrong = sets.filter(({ err, enabled }) => err || !enabled).map(({ id, err }) => `${id}: ${err}`);
  if (wrong.length > 0 || sets.length !== wanted.length)
    throw new Error(`${sets.length} of ${wanted.length} node sets are loaded; ${wrong.join('; ')}`);
  console.log(`Node-RED 4.1 on Node 20: ${sets.length} of ${wanted.length} node sets are loaded.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  red.removeAllListeners('exit');
  red.kill();
  rmSync(userDir, { recursive: true, force: true });
}
