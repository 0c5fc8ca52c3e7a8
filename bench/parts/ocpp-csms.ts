/**
 * A server of the OCPP benchmark in a process of its own: what stations dial, and what it costs. Word: "ws" answers as
 * briefly as OCPP does, "ocpp-rpc" answers calls, "driver" is ours up to the samples, "bridge" up to the readings, and
 * "wire" checks those and publishes them to the broker whose port is the second word.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RPCServer } from 'ocpp-rpc';
import { WebSocketServer } from 'ws';
import { Bridge } from '../../src/bridge/bridge.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { codecFor } from '../../src/drivers/ocpp/codec/codec-by-version.ts';
import { startCsms } from '../../src/drivers/ocpp/csms.ts';
import { createOcppDriver } from '../../src/drivers/ocpp/driver.ts';
import { listPresets } from '../../src/drivers/ocpp/presets.ts';
import { Passwords } from '../../src/drivers/ocpp/security/passwords.ts';
import { checkMessage } from '../../src/model/check.ts';
import { createBoot } from '../../src/model/identity.ts';
import type { Message } from '../../src/model/message.ts';
import { BrokerClient } from '../../src/mqtt/client.ts';
import { MessagePublisher } from '../../src/mqtt/messages/message-publisher.ts';
import { Session } from '../../src/mqtt/session/session.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { sinkOf } from '../../test/support/driver-sink.ts';

export interface Usage {
  cpuUs: number;
  /** Bytes: of the process, and of what lives in it, buffers included. */
  rss: number;
  live: number;
  /** Samples or readings that were made. */
  readings: number;
  /** Readings that the broker was to get and did not. */
  lost: number;
}

/** Each is answered with the usage. */
export type CsmsOrder =
  /** Stations that will dial in: prefix and number are their identity. */
  | { expect: { prefix: string; count: number } }
  /** Garbage goes first; "all": with it what V8 has compiled, and the room that it keeps. */
  | { collect: 'nothing' | 'garbage' | 'all' };

const host = '127.0.0.1';
let readings = 0;

/** A server that is told of its stations before they dial. */
interface Server {
  port: number;
  expect(identity: string): void;
  /** Readings that did not get to where they are sent. */
  lost?(): number;
}

/** The same bytes in and out as of a CSMS, and nothing between them. */
const startEcho = async (): Promise<Server> => {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false });
  server.on('connection', (socket) =>
    socket.on('message', (frame) => {
      const text = frame.toString();
      socket.send(`[3,${text.slice(3, text.indexOf(',', 3))},{}]`);
    }),
  );
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: (server.address() as AddressInfo).port, expect() {} };
};

const startRpc = async (): Promise<Server> => {
  const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: false });
  server.on('client', (client) => client.handle(() => ({})));
  const http = createServer().on('upgrade', server.handleUpgrade);
  await new Promise<void>((resolve) => http.listen(0, host, resolve));
  return { port: (http.address() as AddressInfo).port, expect() {} };
};

/** Records that nobody reads again: what the disk costs is not measured here. */
const noRecords = { load: () => [], append: () => true, rewrite: () => true };

const countSamples = sinkOf({
  cycle({ samples }) {
    readings += samples.length;
  },
});

type Take = (messages: Message[]) => void;

const count: Take = (messages) => {
  readings += messages.length;
};

/** As the nodes validate and publish do it. */
const openWire = async (port: number): Promise<{ take: Take; lost(): number }> => {
  const servers = [{ protocol: 'mqtt' as const, host, port }];
  const client = new BrokerClient({ servers, clientId: 'bench' }, new Session(10_000), systemClock);
  const online = new Promise<void>((resolve) => {
    client.onState(() => {
      if (client.state.kind === 'online') resolve();
    });
  });
  client.open();
  await online;
  const { now } = systemClock;
  const publisher = new MessagePublisher(client, { boot: createBoot(), now });
  let unpublished = 0;
  return {
    take(messages) {
      const checked = messages.map((message) => checkMessage(message, { now: now() })).filter((each) => each.ok);
      readings += checked.length;
      publisher.publish(checked).catch(() => {
        unpublished += checked.length;
      });
    },
    lost: () => unpublished + client.depth.dropped,
  };
};

const bridgeTo = (identity: string, driver: Driver, take: Take): void => {
  const placement = { device: identity, name: identity, site: 'bench', gateway: 'bench', isBilling: false };
  const sink = { readings: take, events() {}, answer() {}, status() {} };
  const bridge = new Bridge({ placement, driver, clock: systemClock, journal: noRecords }, sink);
  bridge.start();
};

/** @param take what is made of the samples, as readings; absent: samples are counted */
const startOwn = async (take?: Take): Promise<Server> => {
  const fast = { perS: 1e9, burst: 1e9 };
  const csms = await startCsms(
    {
      listeners: [{ host, port: 0 }],
      passwords: new Passwords(Buffer.alloc(32)),
      limits: { messages: fast, bytes: fast },
    },
    systemClock,
  );
  const presets = listPresets();
  const expect = (identity: string): void => {
    const driver = createOcppDriver(
      {
        identity,
        name: identity,
        codecOf: codecFor,
        store: noRecords,
        presets,
        quirks: {},
        limits: { minCurrentA: 6, maxCurrentA: 16, failsafeA: 6, phases: 3, intervalS: 10 },
        authorisation: { mode: 'free', tags: [], ownTag: 'EMS' },
        heartbeatS: 300,
      },
      systemClock,
    );
    if (take) bridgeTo(identity, driver, take);
    else driver.start(countSamples);
    csms.register(identity, { versions: ['1.6'], security: 0 }, driver);
  };
  return { port: csms.ports[0] ?? 0, expect };
};

const [kind = 'ws', brokerPort] = process.argv.slice(2);
const starts: Record<string, () => Promise<Server>> = {
  ws: startEcho,
  'ocpp-rpc': startRpc,
  driver: () => startOwn(),
  bridge: () => startOwn(count),
  async wire() {
    const { take, lost } = await openWire(Number(brokerPort));
    return { ...(await startOwn(take)), lost };
  },
};
const server = await (starts[kind] ?? startEcho)();

const usage = (): Usage => {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  // Array buffers are among what is external.
  return { cpuUs: user + system, rss, live: heapUsed + external, readings, lost: server.lost?.() ?? 0 };
};

/** Collects twice: objects that the first turn only releases go with the second. */
const collectAll = async (): Promise<void> => {
  for (let turn = 0; turn < 2; turn++) {
    await globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await pause(200);
  }
};

process.on('message', async (order: CsmsOrder) => {
  if ('expect' in order) {
    const { prefix, count } = order.expect;
    for (let nth = 0; nth < count; nth++) server.expect(`${prefix}${nth}`);
  } else if (order.collect === 'all') await collectAll();
  else if (order.collect === 'garbage') globalThis.gc?.();
  process.send?.(usage());
});
process.on('disconnect', () => process.exit(0));
process.send?.(server.port);
