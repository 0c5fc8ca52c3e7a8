/**
 * A command from a broker to a battery on Modbus TCP and back, through the nodes an integrator drags, in the runtime of
 * the test helper.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Response } from '../../../src/model/command.ts';
import { isoTime } from '../../../src/model/time.ts';
import {
  type BatteryServer,
  batteryProfile,
  batteryUnit,
  meterProfile,
  meterUnit,
  startBatteryServer,
} from '../modbus/battery-server.ts';
import { type Heard, listen, type Observer } from '../mqtt/observer.ts';
import { startBroker } from '../mqtt/test-broker.ts';
import { until } from '../until.ts';
import { allNodes, helper } from './test-helper.ts';

export type HeardResponse = Response & { topic: string };

export interface CommandFlow {
  brokerPort: number;
  device: BatteryServer;
  listener: Observer;
  /** Its nodes, as they are deployed. */
  flow: CommandFlowNode[];
  publish(topic: string, payload: string | Buffer, retain?: boolean): Promise<unknown>;
  /** Sends command/1 in full; what is not given has a sensible value. @returns its id */
  send(verb: string, more?: object): Promise<string>;
  responses(id?: string): HeardResponse[];
  outcome(id: string): Promise<HeardResponse>;
  /** Payloads of a topic, the newest last. */
  on<T>(topic: string): T[];
  close(): Promise<void>;
}

let sent = 0;

/** A command to charge as a careful sender writes it. */
export const envelope = (more: object = {}) => ({
  schema: 'command/1',
  id: `c${++sent}`,
  ts: isoTime(Date.now()),
  params: { power_w: 1000 },
  ttl_s: 10,
  lease_s: 10,
  requester: 'tested',
  ...more,
});

/** As Node-RED keeps it in its flow file. */
export interface CommandFlowNode {
  id: string;
  [property: string]: unknown;
}

const bridge = (id: string, device: string, profile: object, unit: number) => ({
  id,
  type: 'ems-modbus',
  client: 'client',
  site: 'site',
  device,
  profile: '',
  inline: JSON.stringify(profile),
  unit,
  interval: 0.1,
  wires: [['publish', 'readings'], ['publish']],
});

const flowOf = (brokerPort: number, device: BatteryServer, more: CommandFlowNode[]): CommandFlowNode[] => [
  { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
  { id: 'site', type: 'ems-site', site: 'home' },
  { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port: device.port },
  { id: 'subscribe', type: 'ems-subscribe', broker: 'broker', what: 'commands', wires: [['battery'], ['publish']] },
  bridge('battery', 'b', batteryProfile, batteryUnit),
  bridge('meter', 'm', meterProfile, meterUnit),
  { id: 'publish', type: 'ems-publish', broker: 'broker', wires: [] },
  { id: 'readings', type: 'helper' },
  ...more,
];

export interface CommandFlowOptions {
  /** Nodes beside those of the flow. */
  more?: CommandFlowNode[];
  /** A broker that is there already; one of its own otherwise. */
  brokerPort?: number;
  /** Runs at the broker before the flow starts. */
  before?(listener: Observer): Promise<void>;
}

export const startCommandFlow = async (options: CommandFlowOptions = {}): Promise<CommandFlow> => {
  const userDir = mkdtempSync(join(tmpdir(), 'ems-street-'));
  helper.settings({ userDir });
  await helper.startServer();
  const device = await startBatteryServer();
  const own =
    options.brokerPort === undefined ? await startBroker({ limits: { packetBytes: 16 * 1024 * 1024 } }) : undefined;
  const brokerPort = options.brokerPort ?? own?.port ?? 0;
  const listener = await listen(brokerPort, '#');
  await options.before?.(listener);
  const flow = flowOf(brokerPort, device, options.more ?? []);
  await helper.load(allNodes, flow);
  const heardOn = (topic: string): Heard[] => listener.heard.filter((each) => each.topic === topic);
  await until(
    () => heardOn('devices/b/availability').some(({ payload }) => /online/.test(payload)),
    'the battery is online',
  );

  const publish = (topic: string, payload: string | Buffer, retain = false): Promise<unknown> =>
    listener.client.publishAsync(topic, payload, { qos: 1, retain });
  const responses = (id?: string): HeardResponse[] =>
    listener.heard
      .filter(({ topic }) => topic.includes('/response/'))
      .map(({ topic, payload }) => ({ topic, ...(JSON.parse(payload) as Response) }))
      .filter((each) => id === undefined || each.id === id);

  return {
    brokerPort,
    device,
    listener,
    flow,
    publish,
    async send(verb, given = {}) {
      const command = envelope(given);
      await publish(`devices/b/battery/command/${verb}`, JSON.stringify(command));
      return command.id;
    },
    responses,
    async outcome(id) {
      const find = (): HeardResponse | undefined => responses(id).find(({ status }) => status !== 'accepted');
      await until(() => find() !== undefined, `an outcome of ${id}`);
      const outcomes = responses(id).filter(({ status }) => status !== 'accepted');
      assert.equal(outcomes.length, 1, `outcomes of ${id}`);
      return outcomes[0] as HeardResponse;
    },
    on: (topic) => heardOn(topic).map(({ payload }) => JSON.parse(payload)),
    async close() {
      await helper.unload();
      await listener.close();
      await device.close();
      await own?.close();
      await helper.stopServer();
      helper.settings({});
      rmSync(userDir, { recursive: true, force: true });
    },
  };
};
