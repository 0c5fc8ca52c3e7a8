/**
 * A Node-RED process with ems-ocpp nodes and a broker: what is said on topics, and commands given on topics. Its
 * stations: the simulator, peer-station.ts.
 */
import type { Response } from '../../../src/model/command.ts';
import { freePorts } from '../free-ports.ts';
import { listen, type Observer } from '../mqtt/observer.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../node-red/node-red.ts';
import { until } from '../until.ts';

export interface StationNode {
  device: string;
  identity: string;
  /** Fields that differ from those of the usual node. */
  more?: object;
}

export interface OcppGateway {
  red: NodeRed;
  observer: Observer;
  /** Without the identity. */
  url: string;
  /** Its flow, as it is deployed. */
  flow: FlowNode[];
  /** Waits until the newest on a topic fits. */
  tells(topic: string, fits: (payload: Record<string, unknown>) => boolean): Promise<void>;
  /** All that was said under a topic, the newest last. */
  all(topic: string): Record<string, unknown>[];
  /** Sends a command/1 in full. @returns its id */
  send(topic: string, params?: object, more?: object): Promise<string>;
  /** Sends a command. @returns its outcome */
  command(topic: string, params?: object, more?: object): Promise<Response>;
  close(): Promise<void>;
}

const serverId = 'server';

export const ocppFlow = (
  brokerPort: number,
  server: object,
  stations: StationNode[],
  others: FlowNode[] = [],
): FlowNode[] => {
  const placed = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'stations' },
    { id: 'site', type: 'ems-site', site: 'home' },
    { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
    { id: serverId, type: 'ems-ocpp-server', host: '127.0.0.1', ...server },
    {
      id: 'commands',
      type: 'ems-subscribe',
      ...placed,
      broker: 'broker',
      what: 'commands',
      wires: [stations.map(({ device }) => device), ['publish']],
    },
    ...stations.map(({ device, identity, more }) => ({
      id: device,
      type: 'ems-ocpp',
      ...placed,
      server: serverId,
      site: 'site',
      device,
      identity,
      interval: 2,
      ...more,
      wires: [['publish'], ['publish']],
    })),
    { id: 'publish', type: 'ems-publish', ...placed, broker: 'broker', wires: [] },
    ...others,
  ];
};

let sent = 0;

export const startOcppGateway = async (brokerPort: number, stations: StationNode[]): Promise<OcppGateway> => {
  const [port = 0] = await freePorts(1);
  const observer = await listen(brokerPort);
  const flow = ocppFlow(brokerPort, { port }, stations);
  const red = await startNodeRed(flow);
  const all = (topic: string): Record<string, unknown>[] =>
    observer.heard.filter((each) => each.topic === topic && each.payload).map(({ payload }) => JSON.parse(payload));
  const send = async (topic: string, params: object = {}, more: object = {}): Promise<string> => {
    const id = `order-${++sent}`;
    const ts = new Date().toISOString();
    const command = { schema: 'command/1', id, ts, params, ttl_s: 30, requester: 'street/controller', ...more };
    await observer.publish(topic, JSON.stringify(command));
    return id;
  };

  return {
    red,
    observer,
    url: `ws://127.0.0.1:${port}`,
    flow,
    all,
    async tells(topic, fits) {
      const newest = () => observer.last(topic);
      await until(() => fits(newest() ?? {}), `${topic}, newest`).catch((error) => {
        throw new Error(`${error.message}: ${JSON.stringify(newest())}`);
      });
    },
    send,
    async command(topic, params, more) {
      const id = await send(topic, params, more);
      const answer = topic.replace('/command/', '/response/');
      const outcome = () => all(answer).find((each) => each.id === id && each.status !== 'accepted');
      await until(() => outcome() !== undefined, `${topic} has an outcome`, 200_000);
      return outcome() as unknown as Response;
    },
    async close() {
      await observer.close();
      await red.remove();
    },
  };
};
