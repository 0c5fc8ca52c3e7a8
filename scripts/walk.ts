/**
 * Prints how many files of this package one value passes on its way, by the precise coverage of V8: a reading from its
 * register to the topic of its site, a command to its response, MeterValues of a charging station to its samples.
 * `node scripts/walk.ts --list` also names the files. Needs no build: Node.js runs the sources.
 */
import { Session } from 'node:inspector/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isoTime } from '../src/model/time.ts';
import { systemClock } from '../src/shell/clock.ts';
import { startForkedProcess } from '../test/support/forked-process.ts';
import { batteryProfile, batteryUnit, startBatteryServer } from '../test/support/modbus/battery-server.ts';
import { listen, type Observer } from '../test/support/mqtt/observer.ts';
import { startLocalBroker } from '../test/support/node-red/killable-site.ts';
import { allNodes, helper, stopRuntime } from '../test/support/node-red/test-helper.ts';
import { createObeyingStation } from '../test/support/ocpp/obeying-station.ts';
import { createScriptedStation } from '../test/support/ocpp/scripted-station.ts';
import { until } from '../test/support/until.ts';

const self = fileURLToPath(import.meta.url);
const sourceRoot = String(new URL('../', import.meta.url));

/** Timers run while a value is on its way: only files that work in each of this many walks count. */
const walks = 5;

/** Seconds between two polls of the device while readings walk. */
const fastPollS = 1;
/** Seconds between two polls while commands walk: longer than all of them, so that no poll counts as part of one. */
const slowPollS = 3600;

type FlowNode = Record<string, unknown> & { id: string; type: string };

const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** @returns files of src/ and nodes/ of which a function was called since the last time this was asked */
const calledFiles = async (): Promise<Set<string>> => {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const called = result
    .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
    .filter(({ url }) => url.startsWith(sourceRoot))
    .map(({ url }) => decodeURI(url.slice(sourceRoot.length)));
  return new Set(called.filter((path) => /^(src|nodes)\//.test(path)));
};

/**
 * @param walk lets one value pass, and resolves when the value has arrived; nth counts from 0
 * @returns the files that worked in every walk but the first, which also does what is done only once
 */
const filesPassed = async (walk: (nth: number) => Promise<unknown>): Promise<string[]> => {
  await walk(0);
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  let common: string[] | undefined;
  for (let nth = 1; nth <= walks; nth++) {
    await calledFiles();
    await walk(nth);
    const files = await calledFiles();
    common = (common ?? [...files]).filter((path) => files.has(path));
  }
  await session.post('Profiler.stopPreciseCoverage');
  return (common ?? []).sort();
};

/** Waits for the next message on a topic that fits. */
const nextOn = async (
  { heard }: Observer,
  topic: string,
  fits: (payload: Record<string, unknown>) => boolean,
): Promise<void> => {
  const from = heard.length;
  const isHeard = (): boolean =>
    heard.slice(from).some((message) => message.topic === topic && fits(JSON.parse(message.payload)));
  await until(isHeard, `a message on ${topic}`);
};

/** One battery, from its connection to the broker. */
const deviceFlow = (devicePort: number, brokerPort: number, pollS: number): FlowNode[] => [
  { id: 'broker', type: 'ems-broker', servers: [`mqtt://127.0.0.1:${brokerPort}`] },
  { id: 'site', type: 'ems-site', site: 'home' },
  { id: 'client', type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port: devicePort },
  {
    id: 'battery',
    type: 'ems-modbus',
    client: 'client',
    site: 'site',
    device: 'b',
    profile: '',
    inline: JSON.stringify(batteryProfile),
    unit: batteryUnit,
    interval: pollS,
    wires: [['validate'], ['publish']],
  },
  { id: 'validate', type: 'ems-validate', wires: [['publish'], []] },
  { id: 'publish', type: 'ems-publish', broker: 'broker', wires: [] },
];

/** The sum of the site, from the broker to the broker. */
const siteFlow: FlowNode[] = [
  {
    id: 'received',
    type: 'ems-subscribe',
    broker: 'broker',
    what: 'readings',
    site: 'home',
    directory: true,
    wires: [['sum'], []],
  },
  { id: 'sum', type: 'ems-aggregate', site: 'site', wires: [['publish'], ['publish']] },
];

const commandFlow: FlowNode[] = [
  { id: 'received', type: 'ems-subscribe', broker: 'broker', what: 'commands', wires: [['battery'], []] },
];

/** Runs a flow in this process, without what an earlier one has written down. */
const withFlow = async (flow: FlowNode[], run: () => Promise<string[]>): Promise<string[]> => {
  await helper.startServer();
  await helper.load(allNodes, flow);
  try {
    return await run();
  } finally {
    await stopRuntime();
  }
};

/** Device and broker are processes of their own, so that their files do not count. */
const walkStreet = async (): Promise<{ reading: string[]; command: string[] }> => {
  const device = await startForkedProcess(pathToFileURL(self), ['device']);
  const broker = await startLocalBroker();
  const listener = await listen(broker.port, '#');
  const siteSum = (): Promise<void> => nextOn(listener, 'sites/home/power', ({ battery_w }) => battery_w !== null);
  const charge = async (nth: number): Promise<void> => {
    const id = `walk-${nth}`;
    const times = { ts: isoTime(systemClock.now()), ttl_s: 30, lease_s: 60 };
    const body = { schema: 'command/1', id, params: { power_w: 1000 + nth }, ...times, requester: 'walk' };
    const answered = nextOn(
      listener,
      'devices/b/battery/response/charge',
      (response) => response.id === id && response.status === 'completed',
    );
    await listener.client.publishAsync('devices/b/battery/command/charge', JSON.stringify(body), { qos: 1 });
    await answered;
  };
  const reading = await withFlow([...deviceFlow(device.port, broker.port, fastPollS), ...siteFlow], async () => {
    await siteSum();
    return filesPassed(siteSum);
  });
  const command = await withFlow([...deviceFlow(device.port, broker.port, slowPollS), ...commandFlow], async () => {
    await nextOn(listener, 'devices/b/availability', ({ state }) => state === 'online');
    return filesPassed(charge);
  });
  await listener.close();
  await Promise.all([broker.close(), device.close()]);
  return { reading, command };
};

/** One station and its driver; their clock stands still unless somebody waits. */
const walkStation = async (): Promise<string[]> => {
  const field = await createScriptedStation({ version: '1.6' });
  const station = createObeyingStation(() => field);
  await field.ready();
  await station.charge();
  const samples = (): number => field.told('1/current/l1').length;
  const files = await filesPassed(async () => {
    const before = samples();
    await station.measure();
    await until(() => samples() > before, 'a sample of the current');
  });
  await field.close();
  return files;
};

/** @returns the room of a file: "drivers" of src/drivers/modbus/bus.ts */
const roomOf = (path: string): string => path.split('/').find((part) => part !== 'src') ?? '';

const print = (way: string, files: string[], most: number): void => {
  const rooms = [...new Set(files.map(roomOf))];
  const counts = rooms.map((room) => `${room} ${files.filter((path) => roomOf(path) === room).length}`);
  console.log(`${way}: ${files.length} files, at most ${most} are wanted (${counts.join(', ')})`);
  if (process.argv.includes('--list')) console.log(`  ${files.join('\n  ')}`);
};

if (process.argv[2] === 'device') {
  const { port } = await startBatteryServer();
  process.send?.(port);
  process.on('disconnect', () => process.exit());
} else {
  const { reading, command } = await walkStreet();
  print('register to site topic', reading, 25);
  print('command to response', command, 30);
  print('MeterValues to samples', await walkStation(), 25);
  process.exit();
}
