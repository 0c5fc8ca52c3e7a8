/**
 * One side of the OCPP benchmark in a process of its own: what stations dial, and what it costs. Word: "ws" echoes
 * frames, "ocpp-rpc" answers calls, "driver" is ours up to the samples of the driver, "bridge" up to the readings.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RPCServer } from 'ocpp-rpc';
import { WebSocketServer } from 'ws';
import { createBridge } from '../../src/bridge/bridge.ts';
import type { Driver, DriverSink } from '../../src/drivers/driver.ts';
import { codecFor } from '../../src/drivers/ocpp/codec/codecs.ts';
import { createOcppDriver } from '../../src/drivers/ocpp/driver.ts';
import { listPresets } from '../../src/drivers/ocpp/library.ts';
import { startCsms } from '../../src/drivers/ocpp/link/csms.ts';
import { createPasswords } from '../../src/drivers/ocpp/link/passwords.ts';
import { systemClock } from '../../src/shell/clock.ts';

export interface Usage {
  cpuUs: number;
  /** What stations have added, bytes: to the process, and to its live objects. */
  rss: number;
  heap: number;
  /** Samples or readings that were made. */
  readings: number;
}

export interface UsageOrder {
  /** Memory counts: what is garbage goes first. */
  settles: boolean;
}

const host = '127.0.0.1';
let readings = 0;

const memory = (): { rss: number; heapUsed: number } => {
  globalThis.gc?.();
  return process.memoryUsage();
};
/** Of the server, before there is any station. */
let empty = memory();

const startEcho = async (): Promise<number> => {
  const server = new WebSocketServer({ host, port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (frame) => socket.send(frame.toString())));
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
};

const startRpc = async (): Promise<number> => {
  const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: false });
  server.on('client', (client) => client.handle(() => ({})));
  const http = createServer().on('upgrade', server.handleUpgrade);
  await new Promise<void>((resolve) => http.listen(0, host, resolve));
  return (http.address() as AddressInfo).port;
};

/** Records that nobody reads again: what the disk costs is not measured here. */
const noRecords = { load: () => [], append: () => true, rewrite: () => true };

const countSamples: DriverSink = {
  described() {},
  state() {},
  cycle({ samples }) {
    readings += samples.length;
  },
  drifted() {},
  event() {},
};

const bridgeTo = (identity: string, driver: Driver): void => {
  const placement = { device: identity, name: identity, site: 'bench', gateway: 'bench', isBilling: false };
  const bridge = createBridge({ placement, journal: noRecords }, driver, systemClock, {
    readings(messages) {
      readings += messages.length;
    },
    events() {},
    answer() {},
    status() {},
  });
  bridge.start();
};

const startOwn = async (stations: number, isBridged: boolean): Promise<number> => {
  const fast = { perS: 1e9, burst: 1e9 };
  const csms = await startCsms(
    {
      listeners: [{ host, port: 0 }],
      passwords: createPasswords(Buffer.alloc(32)),
      limits: { messages: fast, bytes: fast },
    },
    systemClock,
  );
  const presets = listPresets();
  empty = memory();
  for (let nth = 0; nth < stations; nth++) {
    const identity = `S${nth}`;
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
    if (isBridged) bridgeTo(identity, driver);
    else driver.start(countSamples);
    csms.register(identity, { versions: ['1.6'], security: 0 }, driver);
  }
  return csms.ports[0] ?? 0;
};

const [kind = 'ws', stations = '0'] = process.argv.slice(2);
const starts: Record<string, () => Promise<number>> = {
  ws: startEcho,
  'ocpp-rpc': startRpc,
  driver: () => startOwn(Number(stations), false),
  bridge: () => startOwn(Number(stations), true),
};
const port = await (starts[kind] ?? startEcho)();

process.on('message', ({ settles }: UsageOrder) => {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = settles ? memory() : process.memoryUsage();
  process.send?.({
    cpuUs: user + system,
    rss: rss - empty.rss,
    heap: heapUsed - empty.heapUsed,
    readings,
  } satisfies Usage);
});
process.on('disconnect', () => process.exit(0));
process.send?.(port);
