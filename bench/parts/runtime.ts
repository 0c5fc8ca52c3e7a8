/** Node-RED under measurement: what its counting node says, between two moments. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FlowNode, type NodeRed, startNodeRed } from '../../test/support/node-red/node-red.ts';

interface Count {
  messages: number;
  readings: number;
  lost: number;
  cpuUs: number;
  rss: number;
  atMs: number;
  latencies: number[];
}

/** Counts within a window of time. */
export interface Window {
  messages: number;
  readings: number;
  lost: number;
  seconds: number;
  cpuUs: number;
  rssMb: number;
  /** Milliseconds from measuring to the end of the flow, a sample. */
  latencies: number[];
}

const settings = fileURLToPath(new URL('settings.cjs', import.meta.url));

/** @param flags of its Node */
export const startMeasured = (nodes: FlowNode[], flags: string[] = []): Promise<NodeRed> =>
  startNodeRed(nodes, {}, settings, { flags });

/** Waits until readings or messages arrive. */
export const flowing = async (red: NodeRed, atLeast = 1): Promise<void> => {
  for (let i = 0; i < 600; i++) {
    const { messages } = (await red.get('/bench')) as Count;
    if (messages >= atLeast) return;
    await pause(100);
  }
  throw new Error(`nothing arrives: ${red.log().slice(-2000)}`);
};

export const measureWindow = async (red: NodeRed, ms: number): Promise<Window> => {
  const before = (await red.get('/bench')) as Count;
  await pause(ms);
  const after = (await red.get('/bench')) as Count;
  return {
    messages: after.messages - before.messages,
    readings: after.readings - before.readings,
    lost: after.lost - before.lost,
    seconds: (after.atMs - before.atMs) / 1000,
    cpuUs: after.cpuUs - before.cpuUs,
    rssMb: after.rss / 2 ** 20,
    latencies: after.latencies,
  };
};

/** Memory and CPU of the process at one moment. */
export interface Memory {
  rssMb: number;
  /** Heap in use and external memory; after a collection: what is alive. */
  liveMb: number;
  /** Since the start. */
  cpuUs: number;
  atMs: number;
}

/** @param isCollected whether V8 is asked to collect all garbage first, which takes --expose-gc */
export const measureMemory = async (red: NodeRed, isCollected = false): Promise<Memory> => {
  const { rss, heapUsed, external, cpuUs, atMs } = (await red.get(
    `/bench/memory${isCollected ? '?collected' : ''}`,
  )) as NodeJS.MemoryUsage & Pick<Memory, 'cpuUs' | 'atMs'>;
  return { rssMb: rss / 2 ** 20, liveMb: (heapUsed + external) / 2 ** 20, cpuUs, atMs };
};

/** Installs the packages that the benchmarks compare to, once. */
export const installReference = (): void => {
  const folder = fileURLToPath(new URL('../reference', import.meta.url));
  if (existsSync(`${folder}/node_modules/node-red-contrib-modbus`)) return;
  console.log('Installing the packages of bench/reference ...');
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...words], { cwd: folder, stdio: 'inherit' })
    : spawnSync('npm', words, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error('the packages of bench/reference could not be installed; npm says why above');
};
