/** Installs what the peers need, or says exactly what is missing, and runs the tests against them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const venv = join(here, '.venv');
const python = join(venv, 'bin/python');
const installed = join(venv, 'installed.txt');
const goStation = join(here, 'ocpp-go');

const run = (command, words, cwd = root) => spawnSync(command, words, { cwd, stdio: 'inherit' }).status === 0;
const has = (command, ...words) => spawnSync(command, words, { stdio: 'ignore' }).error === undefined;

const folders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/go/bin'];
process.env.PATH = [process.env.PATH, ...folders].join(':');

const missing = [
  ...(has('mosquitto', '-h') ? [] : ['mosquitto']),
  ...(has('mosquitto_sub', '--help') ? [] : ['mosquitto-clients']),
  ...(has('python3', '--version') ? [] : ['python3', 'python3-venv']),
  ...(has('go', 'version') ? [] : ['golang']),
];
if (missing.length > 0) {
  console.error(`The peers need packages of the system: apt-get install ${missing.join(' ')}`);
  process.exit(1);
}

const wanted = readFileSync(join(here, 'requirements.txt'), 'utf8');
if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
  rmSync(venv, { recursive: true, force: true });
  if (!run('python3', ['-m', 'venv', venv])) {
    console.error('Python makes no environment of its own: apt-get install python3-venv');
    process.exit(1);
  }
  const words = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(here, 'requirements.txt'),
  ];
  if (!run(python, words)) {
    console.error('The Python packages of test/peers/requirements.txt could not be installed; pip says why above.');
    process.exit(1);
  }
  writeFileSync(installed, wanted);
}

if (!run('go', ['build', '-o', 'station', '.'], goStation)) {
  console.error('The charging station on ocpp-go could not be built (it needs Go 1.22 or newer); go says why above.');
  process.exit(1);
}

const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
const config = join(here, '.mocharc.json');
process.exitCode = run(process.execPath, [mocha, '--config', config, ...process.argv.slice(2)]) ? 0 : 1;
