/**
 * The full cycle "read 125 registers, hand readings to the next node" inside Node-RED: our nodes, and the flex-getter
 * of node-red-contrib-modbus with a function node that decodes the same points.
 */
import { randomUUID } from 'node:crypto';
import { createTcpLink } from '../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../src/shell/clock.ts';
import type { FlowNode } from '../test/support/node-red/node-red.ts';
import { blockLength, blockPoints, profileOf } from './parts/block.ts';
import { type Expected, median, printRatio, printTable, timed } from './parts/measure.ts';

import { naiveDecode } from './parts/naive.ts';
import { startDevice } from './parts/peers.ts';
import { flowing, installReference, measureWindow, startMeasured, type Window } from './parts/runtime.ts';

const fastestInterval = 0.1;
/** Enough devices that the bus always has the next one waiting: what they ask for is more than can be had. */
const devicesFor = (inFlight: number): number => (inFlight === 1 ? 1200 : 2000);

const id = (): string => randomUUID().replaceAll('-', '').slice(0, 16);
const tab = { id: 'bench', type: 'tab', label: 'bench' };
const count = { id: 'count', type: 'bench-count', z: 'bench', wires: [] };

const ownFlow = (port: number, inFlight: number): FlowNode[] => [
  tab,
  count,
  { id: 'site', type: 'ems-site', site: 'bench' },
  { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port },
  ...Array.from({ length: devicesFor(inFlight) }, (_, i) => ({
    id: id(),
    type: 'ems-modbus',
    z: 'bench',
    client: 'client',
    site: 'site',
    device: `d${i}`,
    profile: '',
    inline: JSON.stringify(profileOf(blockPoints.length, inFlight)),
    unit: (i % inFlight) + 1,
    interval: fastestInterval,
    wires: [['count'], []],
  })),
];

const request = `{ payload: { fc: 3, unitid: 1, address: 0, quantity: ${blockLength} } }`;

const contribFlow = (port: number, inFlight: number, isBuffered: boolean): FlowNode[] => [
  tab,
  count,
  {
    id: 'client',
    type: 'modbus-client',
    clienttype: 'tcp',
    bufferCommands: isBuffered,
    stateLogEnabled: false,
    queueLogEnabled: false,
    failureLogEnabled: true,
    tcpHost: '127.0.0.1',
    tcpPort: port,
    tcpType: 'DEFAULT',
    serialConnectionDelay: 100,
    unit_id: 1,
    commandDelay: 1,
    clientTimeout: 1000,
    reconnectOnTimeout: true,
    reconnectTimeout: 2000,
    parallelUnitIdsAllowed: true,
  },
  {
    id: 'start',
    type: 'inject',
    z: 'bench',
    once: true,
    onceDelay: 2,
    props: [],
    wires: [['ask']],
  },
  {
    id: 'ask',
    type: 'function',
    z: 'bench',
    func: `return [Array.from({ length: ${inFlight} }, () => (${request}))];`,
    wires: [['get']],
  },
  { id: 'get', type: 'modbus-flex-getter', z: 'bench', server: 'client', wires: [['decode'], []] },
  {
    id: 'decode',
    type: 'function',
    z: 'bench',
    outputs: 2,
    initialize: `context.set('decode', (words) => {
      const blockPoints = ${JSON.stringify(blockPoints)};
      return (${naiveDecode.toString()})(words);
    });`,
    func: `return [{ payload: context.get('decode')(msg.payload) }, ${request}];`,
    wires: [['count'], ['get']],
  },
];

/** CPU of a poll that is nothing but a request and its answer. */
const bareCpuUs = async (port: number, polls: number): Promise<number> => {
  const link = createTcpLink({ host: '127.0.0.1', port }, systemClock);
  const opened = new Promise<void>((resolve) => link.onState(({ kind }) => kind === 'open' && resolve()));
  link.open();
  await opened;
  const { cpuUs, count } = await timed(async () => {
    for (let i = 0; i < polls; i++)
      await link.send({ unit: 1, table: 'holding', address: 0, count: blockLength }, 1000);
    return polls;
  });
  await link.close();
  return cpuUs / count;
};

export const benchPoll = async (isShort: boolean): Promise<void> => {
  installReference();
  const device = await startDevice();
  const { port } = device;
  const rounds = isShort ? 1 : 5;
  const windowMs = isShort ? 1500 : 4000;
  const rows: (string | number)[][] = [];
  const ratios: [string, number, Expected][] = [];
  for (const inFlight of [1, 8]) {
    const flows: [name: string, nodes: FlowNode[]][] = [
      ['flex-getter, buffered (its default), and a function node', contribFlow(port, inFlight, true)],
      ['flex-getter, unbuffered, and a function node', contribFlow(port, inFlight, false)],
      ['ems-modbus', ownFlow(port, inFlight)],
    ];
    const windows = flows.map((): Window[] => []);
    const bare: number[] = [];
    // One at a time, because they share the machine; in turns, because the machine changes.
    for (let round = 0; round < rounds; round++) {
      bare.push(await bareCpuUs(port, isShort ? 3000 : 20_000));
      for (const [n, [, nodes]] of flows.entries()) {
        const red = await startMeasured(nodes);
        await flowing(red, 200);
        // Until everything that runs often is compiled.
        await measureWindow(red, 4000);
        windows[n]?.push(await measureWindow(red, windowMs));
        await red.remove();
      }
    }
    const figures = windows.map((taken) => ({
      perSecond: median(taken.map(({ messages, seconds }) => messages / seconds)),
      cpuUs: median(taken.map(({ messages, cpuUs }) => cpuUs / messages)),
      rssMb: median(taken.map(({ rssMb }) => rssMb)),
    }));
    const [buffered, unbuffered, own] = figures;
    if (!buffered || !unbuffered || !own) throw new Error('nothing measured');
    figures.forEach(({ perSecond, cpuUs, rssMb }, n) => {
      rows.push([`${flows[n]?.[0]}, ${inFlight} in flight`, perSecond, cpuUs, perSecond / buffered.perSecond, rssMb]);
    });
    ratios.push(
      [`polls/s, ${inFlight} in flight, to buffered`, own.perSecond / buffered.perSecond, { atLeast: 20 }],
      [`polls/s, ${inFlight} in flight, to unbuffered`, own.perSecond / unbuffered.perSecond, { atLeast: 3 }],
    );
    if (inFlight === 1) {
      const bareUs = median(bare);
      rows.push(['our MBAP client alone, 1 in flight', Number.NaN, bareUs, Number.NaN, Number.NaN]);
      ratios.push(['CPU per poll, 1 in flight, to the client alone', own.cpuUs / bareUs, { atMost: 3 }]);
    }
  }
  printTable(
    `Poll ${blockLength} registers, ${blockPoints.length} points, inside Node-RED`,
    ['', 'polls/s', 'CPU us/poll', 'x buffered', 'RSS MB'],
    rows,
  );
  for (const ratio of ratios) printRatio(...ratio);
  await device.close();
};
