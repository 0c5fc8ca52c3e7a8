/**
 * Busy charging stations at one Node-RED, one of which never answers: what the whole way from a station's socket to
 * the MQTT wire costs for each message, and how long a command takes from the broker to SetChargingProfile on the wire.
 */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { freePorts } from '../test/support/free-ports.ts';
import type { FlowNode } from '../test/support/node-red/node-red.ts';
import { ocppFlow, type StationNode } from '../test/support/ocpp/ocpp-gateway.ts';
import { percentile, printAmount, printRatio, printTable } from './parts/measure.ts';
import type { CsmsOrder, Usage } from './parts/ocpp-csms.ts';
import type { LimitHeard, StationsCount } from './parts/ocpp-stations.ts';
import { startBroker } from './parts/peers.ts';
import { measureWindow, startMeasured } from './parts/runtime.ts';
import { startTalking } from './parts/talking.ts';

/** Each station tells its ten samples this often. */
const tellsEveryMs = 2000;
/** A limit is changed again only after this long, ms. */
const betweenLimitsMs = 5500;
const expectedP99Ms = 50;

/** As many stations at bare ws, at the same time and as often. */
const startReference = async (stations: number) => {
  const server = await startTalking('ocpp-csms.ts', ['ws']);
  const clients = await startTalking('ocpp-stations.ts', [`ws://127.0.0.1:${server.first}/S`, String(stations)]);
  return {
    clients,
    async used(): Promise<{ cpuUs: number; answered: number }> {
      const { cpuUs } = await server.ask<Usage>({ collect: 'nothing' } satisfies CsmsOrder);
      return { cpuUs, answered: (await clients.ask<StationsCount>({ count: true })).answered };
    },
    async close(): Promise<void> {
      await clients.close();
      await server.close();
    },
  };
};

const topicOf = (station: number): string => `devices/s${station}/ev_charger/1/command/set_current_limit`;

export const benchOcppCommand = async (isShort: boolean): Promise<void> => {
  const [stations, rounds, windowMs] = isShort ? [50, 1, 5000] : [500, 2, 20_000];
  const silent = stations;
  const broker = await startBroker();
  const [port = 0] = await freePorts(1);
  const nodes = Array.from(
    { length: stations + 1 },
    (_, nth): StationNode => ({ device: `s${nth}`, identity: `S${nth}`, more: { interval: 10 } }),
  );
  const count: FlowNode = { id: 'count', type: 'bench-count', z: 'tab', x: 100, y: 100, wires: [] };
  const red = await startMeasured(ocppFlow(broker.port, { port }, nodes, [count]));
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 5 });
  // The controller must not add the 40 ms of a delayed acknowledgement to what is measured.
  if ('setNoDelay' in client.stream) (client.stream as Socket).setNoDelay(true);
  const online = new Set<string>();
  client.on('message', (topic, payload) => {
    if (payload.includes('"online"')) online.add(topic);
  });
  await client.subscribeAsync('devices/+/availability', { qos: 1 });
  const clients = await startTalking('ocpp-stations.ts', [`ws://127.0.0.1:${port}/S`, String(stations + 1)]);
  const reference = await startReference(stations + 1);
  const counted = (): Promise<StationsCount> => clients.ask<StationsCount>({ count: true });

  /** ms from before the publication of a command until its limit is heard by the station. */
  const commandAll = async (limit: number): Promise<number[]> => {
    const heard = new Map<number, bigint>();
    clients.onSaid((said) => {
      const { station, limit: told, atNs } = said as LimitHeard;
      if (told === limit) heard.set(station, BigInt(atNs));
    });
    const latencies: number[] = [];
    for (let station = 0; station < stations; station++) {
      const command = {
        schema: 'command/1',
        id: crypto.randomUUID(),
        ts: new Date().toISOString(),
        params: { current_a: limit },
        ttl_s: 10,
        lease_s: 600,
        requester: 'bench/controller',
      };
      // The silent one has a command open all the time.
      if (station % 50 === 0)
        client.publish(topicOf(silent), JSON.stringify({ ...command, id: crypto.randomUUID() }), { qos: 1 });
      const startedAt = process.hrtime.bigint();
      client.publish(topicOf(station), JSON.stringify(command), { qos: 1 });
      for (let waitedMs = 0; !heard.has(station) && waitedMs < 5000; waitedMs++) await pause(1);
      latencies.push(Number((heard.get(station) ?? startedAt + 5_000_000_000n) - startedAt) / 1e6);
      await pause(10);
    }
    return latencies;
  };

  try {
    clients.say({ tell: { everyMs: tellsEveryMs } });
    reference.clients.say({ tell: { everyMs: tellsEveryMs } });
    // They are said to be there with the first that they tell.
    for (let waited = 0; online.size < stations && waited < 60; waited++) await pause(1000);
    // Set-up is over, and what a station is told once at the first limit is told.
    await pause(5000);
    clients.say({ silence: silent });
    await commandAll(8);
    await pause(betweenLimitsMs);
    const told = await counted();
    const referenceBefore = await reference.used();
    const { cpuUs, seconds } = await measureWindow(red, windowMs);
    const messages = (await counted()).answered - told.answered;
    const referenceAfter = await reference.used();
    const referenceUs =
      (referenceAfter.cpuUs - referenceBefore.cpuUs) / (referenceAfter.answered - referenceBefore.answered);
    const latencies: number[] = [];
    for (let round = 0; round < rounds; round++) {
      latencies.push(...(await commandAll(10 + round)));
      await pause(betweenLimitsMs);
    }
    const p99 = percentile(latencies, 0.99);
    printTable(
      `${stations} busy charging stations and a silent one in Node-RED, over ${broker.name}`,
      ['', 'messages/s', 'CPU us/message', 'x ws', 'CPU share'],
      [
        ['ws, a short answer', messages / seconds, referenceUs, 1, (referenceUs * messages) / 1e6 / seconds],
        [
          'socket to the MQTT wire',
          messages / seconds,
          cpuUs / messages,
          cpuUs / messages / referenceUs,
          cpuUs / 1e6 / seconds,
        ],
      ],
    );
    printRatio('socket to the MQTT wire, CPU to bare ws', cpuUs / messages / referenceUs, {
      onlyAs: 'ten readings are published, and Node-RED itself is part of it',
    });
    printTable(
      'command to SetChargingProfile on the wire',
      ['', 'commands', 'p50 ms', 'p99 ms', 'longest ms'],
      [['first change', latencies.length, percentile(latencies, 0.5), p99, Math.max(...latencies)]],
    );
    printAmount('command to SetChargingProfile on the wire, p99', p99, 'ms', { atMost: expectedP99Ms });
  } finally {
    await reference.close();
    await clients.close();
    await client.endAsync();
    await red.remove();
    await broker.close();
  }
};
