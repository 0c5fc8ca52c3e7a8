import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../support/free-ports.ts';
import { type Clone, makeClone } from '../support/node-red/clone.ts';
import { until } from '../support/until.ts';

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

/** A range of free ports behind each other: the script takes the next ones where there are several. */
const freeRange = async (count: number): Promise<number> => {
  for (;;) {
    const [first = 0] = await freePorts(1);
    const taken = await Promise.all(Array.from({ length: count }, (_, i) => isListening(first + i)));
    if (first + count < 65_000 && !taken.includes(true)) return first;
  }
};

/** Whether anybody of this process group is alive. */
const isThere = (group: number): boolean => {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
};

describe('npm start in a clone', function () {
  this.timeout(180_000);
  let clone: Clone;
  let npm: ChildProcess;
  let ports: Record<string, string>;
  let written = '';

  before(async () => {
    clone = makeClone();
    const names: [string, number][] = [
      ['EMS_EDITOR_PORT', 1],
      ['EMS_BROKER_PORT', 3],
      ['EMS_MODBUS_PORT', 11],
      ['EMS_OCPP_PORT', 2],
    ];
    ports = {};
    for (const [name, count] of names) ports[name] = String(await freeRange(count));
    const path = process.env.npm_execpath;
    const [program, words] = path ? [process.execPath, [path, 'start']] : ['npm', ['start']];
    npm = spawn(program, words, {
      cwd: clone.folder,
      env: { ...process.env, ...ports, EMS_USER_DIR: join(clone.folder, '.node-red') },
      // A group of its own: whatever should be left of it can be ended.
      detached: true,
    });
    for (const stream of [npm.stdout, npm.stderr])
      stream?.on('data', (chunk) => {
        written += chunk;
      });
  });
  after(() => {
    if (npm?.pid !== undefined && isThere(npm.pid)) process.kill(-npm.pid, 'SIGKILL');
    clone?.remove();
  });

  it('runs the simulated house, and says where', async () => {
    await until(() => /Stop with Ctrl\+C/.test(written), `it starts: ${written}`, 120_000).catch(() =>
      assert.fail(written),
    );
    for (const name of ['EMS_EDITOR_PORT', 'EMS_BROKER_PORT', 'EMS_OCPP_PORT']) {
      assert.match(written, new RegExp(`127\\.0\\.0\\.1:${ports[name]}\\b`), name);
      await until(() => isListening(Number(ports[name])), name);
    }
    assert.equal((await fetch(`http://127.0.0.1:${ports.EMS_EDITOR_PORT}/`)).status, 200);
  });

  it('ends with npm, and leaves no process and no port', async () => {
    // The pipe closes when the last process that writes to it has ended.
    const closed = once(npm, 'close');
    npm.kill('SIGTERM');
    await closed;
    for (const port of Object.values(ports)) assert.equal(await isListening(Number(port)), false, port);
  });
});
