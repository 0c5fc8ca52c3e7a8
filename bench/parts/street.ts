/** The whole street of our nodes as a flow: bridge, validate, publish, broker, subscribe and site. */
import { randomUUID } from 'node:crypto';
import type { FlowNode } from '../../test/support/node-red/node-red.ts';

/** The work of a flow. */
export interface Load {
  devices: number;
  intervalS: number;
}

/** Devices and broker listen on loopback. */
export interface Ports {
  device: number;
  broker: number;
}

/** @returns an id as Node-RED makes them */
export const createNodeId = (): string => randomUUID().replaceAll('-', '').slice(0, 16);

export const tab: FlowNode = { id: 'bench', type: 'tab', label: 'bench' };

/** Takes every reading at the end of the flow, within Node-RED; its memory is that of Node-RED as well. */
export const count: FlowNode = { id: 'count', type: 'bench-count', z: 'bench', looks: true, wires: [] };

/**
 * Devices on connections of their own, of the one profile that bench/parts/settings.cjs puts into the library.
 * @param counter what else gets the readings of the subscribe node
 */
export const emsFlow = ({ devices, intervalS }: Load, ports: Ports, counter: FlowNode[]): FlowNode[] => [
  tab,
  ...counter,
  { id: 'site', type: 'ems-site', site: 'bench' },
  { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${ports.broker}`] },
  { id: 'validate', type: 'ems-validate', z: 'bench', wires: [['publish'], []] },
  { id: 'publish', type: 'ems-publish', z: 'bench', broker: 'broker', wires: [] },
  {
    id: 'subscribe',
    type: 'ems-subscribe',
    z: 'bench',
    broker: 'broker',
    what: 'readings',
    wires: [['aggregate', ...counter.map(({ id }) => id)], []],
  },
  { id: 'aggregate', type: 'ems-aggregate', z: 'bench', site: 'site', wires: [['publish'], ['publish']] },
  ...Array.from({ length: devices }, (_, i) => [
    { id: `client${i}`, type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port: ports.device },
    {
      id: createNodeId(),
      type: 'ems-modbus',
      z: 'bench',
      client: `client${i}`,
      site: 'site',
      device: `d${i}`,
      profile: 'bench-meter',
      role: i === 0 ? 'grid' : 'load',
      unit: 1,
      interval: intervalS,
      wires: [['validate'], []],
    },
  ]).flat(),
];
