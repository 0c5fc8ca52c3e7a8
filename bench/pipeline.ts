/**
 * The whole street in one Node-RED: devices of 100 points over Modbus TCP through bridge, validate, publish, broker,
 * subscribe and site; beside it the same job built from core nodes and function nodes. Devices and broker are other
 * processes.
 */
import type { FlowNode } from '../test/support/node-red/node-red.ts';
import { percentile, printAmount, printRatio, printTable } from './parts/measure.ts';
import { decodeMeter, meterPoints } from './parts/meter.ts';
import { startBroker, startDevice } from './parts/peers.ts';
import { flowing, measureWindow, startMeasured } from './parts/runtime.ts';
import { count, createNodeId, emsFlow, type Load, type Ports, tab } from './parts/street.ts';

const points = meterPoints.length;

interface Outcome {
  readingsPerSecond: number;
  lost: number;
  cpuUs: number;
  cpuShare: number;
  rssMb: number;
  p50Ms: number;
  p99Ms: number;
}

type BuildFlow = (load: Load, ports: Ports) => FlowNode[];

const ownFlow: BuildFlow = (load, ports) => emsFlow(load, ports, [count]);

/** Code that the function nodes of the reference share. */
const decodeFunction = `
  const bytes = msg.payload;
  // MBAP header, function code and byte count: no exception, no other answer.
  if (bytes.length !== 259 || bytes[7] !== 3 || bytes[8] !== 250) { node.warn('no answer'); return null; }
  const words = [];
  for (let i = 9; i < bytes.length; i += 2) words.push(bytes.readUInt16BE(i));
  const seq = (context.get('seq') || 0) + 1;
  context.set('seq', seq);
  const ts = new Date().toISOString();
  const messages = [];
  for (const { topic, value, unit } of context.get('decode')(words)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    messages.push({ topic: 'devices/' + env.get('DEVICE') + '/' + topic, payload: { value, unit, ts, quality: 'good', seq } });
  }
  return [messages];`;

const sumFunction = `
  const { topic, payload } = msg;
  if (!topic.endsWith('/meter/power') || typeof payload.value !== 'number') return null;
  const powers = context.get('powers') || {};
  powers[topic] = payload.value;
  context.set('powers', powers);
  const now = Date.now();
  if (now - (context.get('saidAt') || 0) < 1000) return null;
  context.set('saidAt', now);
  let power = 0;
  for (const value of Object.values(powers)) power += value;
  return { topic: 'sites/bench/power', payload: { power, ts: new Date(now).toISOString() } };`;

const coreFlow: BuildFlow = ({ devices, intervalS }, ports) => [
  tab,
  count,
  { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(ports.broker), protocolVersion: '5' },
  { id: 'out', type: 'mqtt out', z: 'bench', broker: 'broker', topic: '', qos: '0', retain: '', wires: [] },
  {
    id: 'in',
    type: 'mqtt in',
    z: 'bench',
    broker: 'broker',
    topic: 'devices/#',
    qos: '0',
    datatype: 'json',
    wires: [['sum', 'count']],
  },
  { id: 'sum', type: 'function', z: 'bench', func: sumFunction, wires: [['out']] },
  ...Array.from({ length: devices }, (_, i) => {
    const [group, ask, request, decode] = [createNodeId(), createNodeId(), createNodeId(), createNodeId()];
    const within = { z: 'bench', g: group };
    const env = [{ name: 'DEVICE', value: `d${i}`, type: 'str' }];
    return [
      { id: group, type: 'group', z: 'bench', env, nodes: [ask, request, decode] },
      {
        id: createNodeId(),
        type: 'inject',
        ...within,
        repeat: String(intervalS),
        once: true,
        onceDelay: String(0.1 + (intervalS * i) / devices),
        props: [],
        wires: [[ask]],
      },
      {
        id: ask,
        type: 'function',
        ...within,
        func: 'return { payload: Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 125]) };',
        wires: [[request]],
      },
      {
        id: request,
        type: 'tcp request',
        ...within,
        server: '127.0.0.1',
        port: String(ports.device),
        out: 'count',
        ret: 'buffer',
        splitc: '259',
        wires: [[decode]],
      },
      {
        id: decode,
        type: 'function',
        ...within,
        initialize: `context.set('decode', (words) => {
          const meterPoints = ${JSON.stringify(meterPoints)};
          return (${decodeMeter.toString()})(words);
        });`,
        func: decodeFunction,
        wires: [['out']],
      },
    ];
  }).flat(),
];

/** Runs one flow under one load for a while. */
const run = async (build: BuildFlow, load: Load, ports: Ports, windowMs: number): Promise<Outcome> => {
  const red = await startMeasured(build(load, ports));
  try {
    await flowing(red);
    // All devices have begun, and what was compiled on the way is.
    await measureWindow(red, Math.max(4000, load.intervalS * 1000 + 2000));
    const { readings, seconds, lost, cpuUs, rssMb, latencies } = await measureWindow(red, windowMs);
    return {
      readingsPerSecond: readings / seconds,
      lost,
      cpuUs: cpuUs / readings,
      cpuShare: cpuUs / 1e6 / seconds,
      rssMb,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
    };
  } finally {
    await red.remove();
  }
};

const head = ['', 'readings/s', 'of asked', 'lost', 'CPU us/reading', 'CPU cores', 'RSS MB', 'p50 ms', 'p99 ms'];
const rowOf = (name: string, asked: number, outcome: Outcome): (string | number)[] => [
  name,
  outcome.readingsPerSecond,
  `${Math.round((outcome.readingsPerSecond / asked) * 100)} %`,
  String(outcome.lost),
  outcome.cpuUs,
  outcome.cpuShare,
  outcome.rssMb,
  outcome.p50Ms,
  outcome.p99Ms,
];

/** Shorter and shorter intervals, as long as nothing is lost and nothing falls behind. */
const findMaximum = async (
  build: BuildFlow,
  name: string,
  ports: Ports,
  isShort: boolean,
): Promise<{ best: number; rows: (string | number)[][] }> => {
  const rows: (string | number)[][] = [];
  let best = 0;
  for (const intervalS of isShort ? [0.5, 0.3, 0.2, 0.1] : [0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1]) {
    const asked = (100 * points) / intervalS;
    const outcome = await run(build, { devices: 100, intervalS }, ports, isShort ? 4000 : 10_000);
    rows.push(rowOf(`${name}, every ${intervalS} s`, asked, outcome));
    best = Math.max(best, outcome.lost === 0 ? outcome.readingsPerSecond : 0);
    if (outcome.lost > 0 || outcome.readingsPerSecond < asked * 0.95) break;
  }
  return { best, rows };
};

export const benchPipeline = async (isShort: boolean): Promise<void> => {
  const windowMs = isShort ? 5000 : 20_000;
  const device = await startDevice();
  const broker = await startBroker();
  const ports: Ports = { device: device.port, broker: broker.port };

  const asked = 100 * points;
  const own = await run(ownFlow, { devices: 100, intervalS: 1 }, ports, windowMs);
  const core = await run(coreFlow, { devices: 100, intervalS: 1 }, ports, windowMs);
  const many = await run(ownFlow, { devices: 1000, intervalS: 10 }, ports, Math.max(windowMs, 10_000));
  printTable(`The whole street at ${asked.toLocaleString('en-US')} readings per second, through ${broker.name}`, head, [
    rowOf('ems nodes, 100 devices every 1 s', asked, own),
    rowOf('core and function nodes, 100 devices every 1 s', asked, core),
    rowOf('ems nodes, 1000 devices every 10 s', asked, many),
  ]);
  printRatio('CPU per reading, core nodes to ems nodes', core.cpuUs / own.cpuUs, { onlyAs: 'as a figure' });
  printRatio('CPU per reading, 1000 devices to 100', many.cpuUs / own.cpuUs, { atMost: 1.15 });
  printAmount('RSS of the further 900 devices and of their counter, one run', many.rssMb - own.rssMb, 'MB', {
    onlyAs: 'as a figure; "npm run bench -- memory" measures the devices alone',
  });

  const ownMaximum = await findMaximum(ownFlow, 'ems nodes', ports, isShort);
  const coreMaximum = await findMaximum(coreFlow, 'core and function nodes', ports, isShort);
  printTable('The same, faster and faster', head, [...ownMaximum.rows, ...coreMaximum.rows]);
  printRatio('most readings/s, ems nodes to core nodes', ownMaximum.best / coreMaximum.best, { onlyAs: 'as a figure' });
  await device.close();
  await broker.close();
};
