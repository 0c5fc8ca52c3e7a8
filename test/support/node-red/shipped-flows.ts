/** The flows as they are shipped, on a Node-RED process and on free ports. */
import { freePorts } from '../free-ports.ts';
import { type FlowNode, type NodeRed, readFlows, startNodeRed, withPorts } from './node-red.ts';

const shippedPorts = [
  ...[1502, 1503, 1504, 1505, 1506, 1507, 1508, 1509, 1510, 1511, 1512],
  ...[1883, 1884, 1885, 8887, 8888],
];

export interface MovedFlow {
  nodes: FlowNode[];
  /** The free port that stands for a shipped one. */
  portOf(shipped: number): number;
}

export const movedToFreePorts = async (flow: FlowNode[]): Promise<MovedFlow> => {
  const free = await freePorts(shippedPorts.length);
  const ports = new Map(shippedPorts.map((port, i) => [port, free[i] ?? 0]));
  return { nodes: withPorts(flow, ports), portOf: (shipped) => ports.get(shipped) ?? 0 };
};

/** @param names of the files in flows/ */
export const startShipped = async (names: string[]): Promise<{ red: NodeRed; portOf(shipped: number): number }> => {
  const { nodes, portOf } = await movedToFreePorts(readFlows(names));
  return { red: await startNodeRed(nodes), portOf };
};
