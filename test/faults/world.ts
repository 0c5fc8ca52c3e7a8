/** All that a fault run needs, each part in a process of its own: gateway, house, broker, controller and a witness. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Response } from '../../src/model/command.ts';
import { endProcess, type LineProcess, startLineProcess } from '../support/line-process.ts';
import { findProgram } from '../support/mqtt/mosquitto.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { until } from '../support/until.ts';
import type { Truth } from './house.ts';
import { createNetwork, type Network } from './network.ts';

export const batteries = ['hybrid', 'storage'] as const;
export type Battery = (typeof batteries)[number];

/** Seconds without a write after which the storage falls back by itself. */
export const watchdogS = 5;

/** A line of a client. */
type Heard = { connected: boolean } | { topic: string; payload: Record<string, unknown> };

export interface World {
  network: Network;
  gateway: NodeRed;
  /** Modes the batteries were told, in order of time. */
  truth: Truth[];
  /** Every answer the witness has heard. */
  answers: Response[];
  /** As the controller. */
  command(device: Battery, command: Command, as?: 'controller' | 'witness'): void;
  killController(): Promise<void>;
  startController(): Promise<void>;
  killBroker(): Promise<void>;
  startBroker(): Promise<void>;
  cut(isCut: boolean): Promise<void>;
  isOnline(): boolean;
  remove(): Promise<void>;
}

const flowOf = ({ broker, house }: Network['address']): FlowNode[] => {
  const tab = { id: 'tab', type: 'tab', label: 'faults' };
  const bridge = (device: Battery, profile: string, settings: object): FlowNode => ({
    id: device,
    type: 'ems-modbus',
    z: 'tab',
    client: `to-${device}`,
    site: 'site',
    device,
    profile,
    settings,
    interval: 1,
    wires: [['publish'], ['publish']],
  });
  const client = (device: Battery, port: number): FlowNode => ({
    id: `to-${device}`,
    type: 'ems-modbus-client',
    transport: 'tcp',
    host: house,
    port,
  });
  const nodes: FlowNode[] = [
    tab,
    { id: 'site', type: 'ems-site', site: 'home', name: 'Home' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://${broker}:1883`] },
    client('hybrid', 1503),
    client('storage', 1504),
    {
      id: 'commands',
      type: 'ems-subscribe',
      z: 'tab',
      broker: 'broker',
      what: 'commands',
      wires: [['hybrid', 'storage'], ['publish']],
    },
    bridge('hybrid', 'sungrow-sh-rt', {}),
    bridge('storage', 'sma-sunny-boy-storage', { watchdog_s: watchdogS }),
    { id: 'publish', type: 'ems-publish', z: 'tab', broker: 'broker', wires: [] },
  ];
  // Node-RED takes a node without a place on the canvas for a configuration node.
  return nodes.map((node) => (node.z === undefined ? node : { ...node, x: 100, y: 100 }));
};

const startBrokerIn = async (network: Network, file: string): Promise<ChildProcess> => {
  const mosquitto = findProgram('mosquitto');
  if (!mosquitto) throw new Error('mosquitto is missing: apt-get install mosquitto');
  const [program = '', ...words] = [...network.at('broker'), mosquitto, '-c', file];
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  await until(() => log.includes('running'), `mosquitto runs: ${log}`);
  return child;
};

/** @returns the command line of a file of this folder */
const script = (name: string): string[] => [process.execPath, fileURLToPath(new URL(name, import.meta.url))];

/** @param name of at most 8 characters, one per world on this machine */
export const createWorld = async (name: string): Promise<World> => {
  const network = createNetwork(name);
  const folder = mkdtempSync(join(tmpdir(), 'ems-faults-'));
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, 'listener 1883\nallow_anonymous true\nset_tcp_nodelay true\n');
  const url = `mqtt://${network.address.broker}:1883`;
  const truth: Truth[] = [];
  const answers: Response[] = [];
  const availability = new Map<string, string>();
  const running: LineProcess[] = [];
  let broker: ChildProcess | undefined;
  let gateway: NodeRed | undefined;
  let controller: LineProcess | undefined;
  let heardCut: boolean | undefined;

  const remove = async (): Promise<void> => {
    await gateway?.remove();
    for (const each of running) await each.kill();
    if (broker) await endProcess(broker, 'SIGKILL');
    network.remove();
    rmSync(folder, { recursive: true, force: true });
  };

  const connectClient = async (clientId: string, hear: (line: Heard) => void): Promise<LineProcess> => {
    let isConnected = false;
    const client = startLineProcess<Heard>([...network.at('broker'), ...script('client.ts'), url, clientId], (line) => {
      if ('connected' in line) isConnected = true;
      hear(line);
    });
    running.push(client);
    await until(() => isConnected, `${clientId} is connected`);
    return client;
  };

  try {
    broker = await startBrokerIn(network, file);
    const house = startLineProcess<Truth | { cut: boolean }>(
      [...network.at('house'), ...script('house.ts'), network.address.house, String(watchdogS)],
      (line) => {
        if ('cut' in line) heardCut = line.cut;
        else truth.push(line);
      },
    );
    running.push(house);
    await until(() => truth.length > 0, 'the house stands');
    const witness = await connectClient('witness', (line) => {
      if (!('topic' in line)) return;
      if (line.topic.endsWith('/availability')) availability.set(line.topic, String(line.payload.state));
      else answers.push(line.payload as unknown as Response);
    });
    const red = await startNodeRed(flowOf(network.address), {}, undefined, { within: network.at('gateway') });
    gateway = red;
    const startController = async (): Promise<void> => {
      controller = await connectClient('controller', () => {});
    };
    await startController();

    return {
      network,
      gateway: red,
      truth,
      answers,
      command(device, command, as = 'controller') {
        const topic = `devices/${device}/battery/command/charge`;
        (as === 'controller' ? controller : witness)?.say({ topic, payload: command });
      },
      async killController() {
        await controller?.kill();
      },
      startController,
      async killBroker() {
        if (broker) await endProcess(broker, 'SIGKILL');
      },
      async startBroker() {
        broker = await startBrokerIn(network, file);
      },
      async cut(isCut) {
        house.say({ cut: isCut });
        await until(() => heardCut === isCut, 'the house has cut its devices off');
      },
      isOnline: () => batteries.every((each) => availability.get(`devices/${each}/availability`) === 'online'),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};
