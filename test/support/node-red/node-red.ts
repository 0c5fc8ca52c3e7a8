/**
 * A real Node-RED in a process of its own, with this clone as its package. For one node or a few: test-helper.ts, which
 * needs no process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../free-ports.ts';
import { until } from '../until.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface FlowNode {
  id: string;
  type: string;
  name?: string;
  z?: string;
  [key: string]: unknown;
}

export const readFlow = (name: string): FlowNode[] =>
  JSON.parse(readFileSync(join(root, 'flows', `${name}.json`), 'utf8'));

/** Several flows, and once what they share: each brings its broker and its dashboard page along. */
export const readFlows = (names: string[]): FlowNode[] => [
  ...new Map(names.flatMap(readFlow).map((node) => [node.id, node])).values(),
];

/** A flow with other ports in place of those it was shipped with, which only this machine reaches. */
export const withPorts = (nodes: FlowNode[], moved: Map<number, number>): FlowNode[] =>
  nodes.map((node) => {
    const next = { ...node };
    for (const key of ['port', 'gridPort', 'hybridPort', 'storagePort', 'sunspecPort'])
      if (typeof next[key] === 'number') next[key] = moved.get(next[key]) ?? next[key];
    const move = (url: string): string =>
      url.replace(/:(\d+)$/, (_, port: string) => `:${moved.get(Number(port)) ?? port}`);
    if (Array.isArray(next.servers)) next.servers = next.servers.map(move);
    if (typeof next.ocpp === 'string') next.ocpp = move(next.ocpp);
    if (next.host === '0.0.0.0') next.host = '127.0.0.1';
    return next;
  });

/** @returns errors and warnings in the log, without those that Node-RED says of its own settings */
export const complaintsIn = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => /\[(error|warn)\]/.test(line))
    .filter((line) => !/Projects disabled|unencrypted credentials/.test(line));

const ownSettings = join(root, 'dev/settings.cjs');

export interface NodeRed {
  port: number;
  userDir: string;
  /** Everything it has written. */
  log(): string;
  get(path: string): Promise<unknown>;
  flows(): Promise<FlowNode[]>;
  deploy(nodes: FlowNode[], type?: 'full' | 'nodes' | 'flows'): Promise<void>;
  /** Ends the process; "SIGKILL" gives it no chance to say goodbye. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again with the flows and files it had. */
  start(): Promise<void>;
  /** Stops it for good and removes its files. */
  remove(): Promise<void>;
}

/**
 * @param nodes the flows it starts with
 * @param settings its settings file
 * @param within words before the command line: where it runs
 * @param flags of Node
 */
export const startNodeRed = async (
  nodes: FlowNode[],
  env: Record<string, string> = {},
  settings = ownSettings,
  { within = [], flags = [] }: { within?: string[]; flags?: string[] } = {},
): Promise<NodeRed> => {
  const [port = 0] = await freePorts(1);
  const userDir = mkdtempSync(join(tmpdir(), 'ems-node-red-'));
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(nodes));
  // The tips of the editor throw where it is not whole within a second.
  const forUsers = { _: { view: { 'view-show-tips': false } } };
  writeFileSync(join(env.EMS_USER_DIR ?? userDir, '.config.users.json'), JSON.stringify(forUsers));
  let child: ChildProcess | undefined;
  let written = '';

  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  const start = async (): Promise<void> => {
    const before = written.length;
    const red = join(root, 'node_modules/node-red/red.js');
    const [program = process.execPath, ...words] = [...within, process.execPath, ...flags, red, '-s', settings];
    child = spawn(program, words, {
      cwd: root,
      env: { ...process.env, EMS_USER_DIR: userDir, EMS_EDITOR_PORT: String(port), EMS_GATEWAY: 'tested', ...env },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        written += chunk;
      });
    await until(
      () => written.slice(before).includes('Started flows'),
      () => `Node-RED starts: ${written.slice(before).slice(-2000)}`,
      60_000,
    );
  };

  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await ended;
  };

  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url(path), init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };

  await start();
  return {
    port,
    userDir,
    log: () => written,
    get: async (path) => (await ask(path, { headers: { accept: 'application/json' } })).json(),
    flows: async () => (await ask('/flows')).json() as Promise<FlowNode[]>,
    async deploy(given, type = 'full') {
      await ask('/flows', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'Node-RED-Deployment-Type': type },
        body: JSON.stringify(given),
      });
    },
    stop,
    start,
    async remove() {
      await stop();
      rmSync(userDir, { recursive: true, force: true });
    },
  };
};
