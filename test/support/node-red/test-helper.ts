/**
 * Node-RED's own test helper with the nodes of this package: a runtime inside the test process. A Node-RED that is
 * deployed, killed or looked at: node-red.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import aggregate from '../../../nodes/ems-aggregate.ts';
import broker from '../../../nodes/ems-broker.ts';
import command from '../../../nodes/ems-command.ts';
import heartbeat from '../../../nodes/ems-heartbeat.ts';
import localBroker from '../../../nodes/ems-local-broker.ts';
import modbus from '../../../nodes/ems-modbus.ts';
import modbusClient from '../../../nodes/ems-modbus-client.ts';
import ocpp from '../../../nodes/ems-ocpp.ts';
import ocppServer from '../../../nodes/ems-ocpp-server.ts';
import pick from '../../../nodes/ems-pick.ts';
import publish from '../../../nodes/ems-publish.ts';
import simulator from '../../../nodes/ems-simulator.ts';
import site from '../../../nodes/ems-site.ts';
import subscribe from '../../../nodes/ems-subscribe.ts';
import sunspec from '../../../nodes/ems-sunspec.ts';
import sunspecServer from '../../../nodes/ems-sunspec-server.ts';
import validate from '../../../nodes/ems-validate.ts';

const require = createRequire(import.meta.url);

type Register = (RED: NodeAPI) => void;

export interface Helper {
  init(runtimePath: string, settings?: object): void;
  /** Settings of Node-RED until they are set again. */
  settings(settings?: object): object;
  startServer(done?: () => void): Promise<void>;
  stopServer(done?: () => void): Promise<void>;
  load(nodes: Register[], flow: object[], credentials?: object): Promise<void>;
  unload(): Promise<void>;
  getNode(id: string): Node & { on(event: string, listener: (...words: never[]) => void): void } & {
    close(isRemoved: boolean): Promise<void>;
  };
  setFlows(flow: object[], type?: string): Promise<void>;
  /** Every message of the log since load. */
  logged(): string[];
  request(): {
    get(path: string): Promise<{ status: number; body: unknown }>;
    post(path: string): { send(body?: object): Promise<{ status: number; body: unknown }> };
  };
}

interface LogSpy {
  args: { msg: unknown }[][];
}

const library = require('node-red-node-test-helper') as Helper & { log(): LogSpy };
const setLibrary = library.settings.bind(library);
const startLibrary = library.startServer.bind(library);
const loadLibrary = library.load.bind(library);
const unloadLibrary = library.unload.bind(library);

interface Runtime {
  events: NodeAPI['events'];
  close(): void;
}

/** The events of the process, under an identity of its own. */
const createRuntime = (process: NodeAPI['events']): Runtime => {
  const listening: Parameters<typeof process.on>[] = [];
  const events = Object.create(process, {
    on: {
      value: (...listener: Parameters<typeof process.on>) => {
        listening.push(listener);
        process.on(...listener);
      },
    },
  });
  return {
    events,
    close() {
      for (const listener of listening) process.removeListener(...listener);
    },
  };
};
let runtime: Runtime | undefined;
const closeRuntime = (): void => {
  runtime?.close();
  runtime = undefined;
};

/** Each test has a user directory of its own: files of nodes must not reach another test. */
let userDir = '';
const clear = (): void => rmSync(userDir, { recursive: true, force: true });
process.once('exit', clear);

export const helper: Helper = Object.assign(library, {
  logged: () => library.log().args.map(([entry]) => String(entry?.msg)),
  settings: (settings?: object) => setLibrary({ userDir, ...settings }),
  // Nodes share what they know of devices with all that hear the events of the same runtime. Here one process is many
  // runtimes, one after the other: none must know what the one before knew.
  load(nodes: Register[], flow: object[], credentials?: object) {
    closeRuntime();
    const isolated = (register: Register): Register => {
      if (!allNodes.includes(register)) return register;
      return (RED) => {
        runtime ??= createRuntime(RED.events);
        register(Object.create(RED, { events: { value: runtime.events } }));
      };
    };
    return loadLibrary(nodes.map(isolated), flow, credentials);
  },
  async unload() {
    await unloadLibrary();
    closeRuntime();
  },
  startServer(done?: () => void) {
    const { userDir: chosen } = setLibrary() as { userDir?: string };
    if (chosen === userDir || chosen === undefined) {
      if (userDir !== '') clear();
      userDir = mkdtempSync(join(tmpdir(), 'ems-test-'));
      setLibrary({ userDir });
    }
    return startLibrary(done);
  },
});
helper.init(require.resolve('node-red'));

export const allNodes: Register[] = [
  broker,
  localBroker,
  site,
  modbusClient,
  modbus,
  sunspec,
  ocppServer,
  ocpp,
  pick,
  validate,
  publish,
  subscribe,
  command,
  aggregate,
  sunspecServer,
  heartbeat,
  simulator,
];

/** Ends the runtime of a test: its flows, and then the server of the helper. */
export const stopRuntime = async (): Promise<void> => {
  await helper.unload();
  await helper.stopServer();
};

/** The nodes that every flow with charging stations has: a site called "home" and a server on this port. */
export const ocppServerNodes = (port: number): object[] => [
  { id: 'site', type: 'ems-site', site: 'home' },
  { id: 'server', type: 'ems-ocpp-server', host: '127.0.0.1', port },
];

/** Node-RED's own function node. */
export const functionNode: Register = require('@node-red/nodes/core/function/10-function.js');

/** Node-RED's own configuration of TLS. */
export const tlsConfig: Register = require('@node-red/nodes/core/network/05-tls.js');

export interface Sent {
  topic?: string;
  payload: unknown;
  reasons?: string[];
  reading?: object;
  mqtt?: Record<string, unknown>;
}

/** Collects what arrives at a helper node. */
export const collect = (id: string): Sent[] => {
  const sent: Sent[] = [];
  helper.getNode(id).on('input', (message: never) => sent.push(message));
  return sent;
};

interface Called {
  args: unknown[];
}

/** Collects the errors a node reports, whether to done() or by itself. */
export const collectErrors = (id: string): string[] => {
  const errors: string[] = [];
  helper.getNode(id).on('call:error', (call: never) => errors.push(String((call as Called).args[0])));
  return errors;
};

/** Collects the statuses a node shows. */
export const collectStatus = (id: string): { fill: string; text: string }[] => {
  const statuses: { fill: string; text: string }[] = [];
  helper.getNode(id).on('call:status', (call: never) => statuses.push((call as Called).args[0] as never));
  return statuses;
};

/** Objects of the contract in one message or many. */
export const objectsOf = (sent: Sent[]): Record<string, unknown>[] =>
  sent.flatMap(({ payload }) => [payload].flat() as Record<string, unknown>[]);
