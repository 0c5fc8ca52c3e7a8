/**
 * A whole site in three processes that can be killed: the simulated house, the broker, and Node-RED with flow 02. An
 * observer of the broker and an open editor stand beside them, and must never be told what is no longer true.
 */
import assert from 'node:assert/strict';
import { parseTopic } from '../../../src/model/topic.ts';
import { type ForkedProcess, startForkedProcess } from '../forked-process.ts';
import { freePorts } from '../free-ports.ts';
import { type Heard, listen, type Observer } from '../mqtt/observer.ts';
import { until } from '../until.ts';
import { type FlowNode, type NodeRed, readFlow, startNodeRed, withPorts } from './node-red.ts';
import { type Dots, watchDots } from './status-dots.ts';

export type SitePart = 'house' | 'broker' | 'Node-RED';

/** Whatever runs in a process of its own. */
interface Killable {
  kill(): Promise<void>;
}

export type StartBroker = (port: number) => Promise<Killable>;

export const startLocalBroker = (port = 0): Promise<ForkedProcess> =>
  startForkedProcess(new URL('../processes/broker.ts', import.meta.url), [String(port)]);

export interface KillableSite {
  red: NodeRed;
  observer: Observer;
  brokerPort: number;
  /** kill -9. */
  kill(part: SitePart): Promise<void>;
  start(part: SitePart): Promise<void>;
  /** Waits until everybody who can still be asked tells what is missing, and checks that nobody tells otherwise. */
  isHonest(): Promise<void>;
  /** Waits for data measured after this moment, and for every sign of health. */
  isLive(): Promise<void>;
  close(): Promise<void>;
}

/** A part that was away: since when, since when everybody who is left said so, and until when, ms. */
interface Absence {
  from: number;
  told: number;
  to: number;
}

const devices = ['grid-meter', 'hybrid', 'storage'];
const liveTopics = [
  'devices/grid-meter/meter/power',
  'devices/hybrid/inverter/power',
  'devices/storage/battery/power',
  'sites/home/power',
];
const speakers = ['ems-publish', 'ems-subscribe', 'ems-heartbeat'];

/** Flow 02 with its devices and its broker elsewhere, as at a real site, and without the dashboard. */
export const siteFlow = (ports: Map<number, number>): FlowNode[] =>
  withPorts(readFlow('02 Complete site'), ports).filter(
    ({ type }) => !/^ui-|^ems-local-broker$|^ems-simulator$|^global-config$|^group$/.test(type),
  );

const isTelemetry = (topic: string): boolean => /^devices\/.*\/power(\/|$)|^sites\/[^/]+\/power$/.test(topic);

/** @param startBroker starts it on the port, empty */
export const startKillableSite = async (startBroker: StartBroker): Promise<KillableSite> => {
  const free = await freePorts(4);
  const ports = new Map([1502, 1503, 1504, 1883].map((port, i) => [port, free[i] as number]));
  const brokerPort = free[3] as number;
  const startHouse = (): Promise<Killable> =>
    startForkedProcess(new URL('../processes/house.ts', import.meta.url), free.slice(0, 3).map(String));

  let house = await startHouse();
  let broker = await startBroker(brokerPort);
  const observer = await listen(brokerPort);
  const flow = siteFlow(ports);
  const red = await startNodeRed(flow);
  let dots: Dots = await watchDots(red.port);

  const absences: Record<SitePart, Absence[]> = { house: [], broker: [], 'Node-RED': [] };
  const isAway = (part: SitePart): boolean => absences[part].at(-1)?.to === Number.POSITIVE_INFINITY;
  const away = (part: SitePart, isIn: (absence: Absence) => boolean): Absence | undefined => absences[part].find(isIn);
  /** Timestamps of the poll that was under way when the house went, by absence and topic. */
  const lastWords = new Map<Absence, Map<string, string>>();
  let checked = 0;

  const idsOf = (...types: string[]): string[] => flow.filter(({ type }) => types.includes(type)).map(({ id }) => id);
  const show = (fill: string | undefined, types: string[]): boolean =>
    idsOf(...types).every((id) => (fill === 'green' ? dots.fillOf(id) === fill : dots.fillOf(id) !== 'green'));
  const describeDots = (): string =>
    flow.map(({ id, type }) => `${type} ${dots.fillOf(id)} ${dots.textOf(id)}`).join('\n');

  /** A lie is a value said to be good that nobody can have measured, or one that was kept too long. */
  const lieOf = ({ topic: text, payload, at, retain }: Heard): string | undefined => {
    const topic = parseTopic(text);
    if (payload === '' || !topic.ok) return undefined;
    const { quality, value, ts, consumption_w: consumption } = JSON.parse(payload);
    const measuredAt = Date.parse(ts);
    const line = `${text} ${payload}, heard ${at - measuredAt} ms later`;
    const wasAway = away('house', ({ from, to }) => measuredAt > from && measuredAt < to);
    if (wasAway && topic.value.kind === 'reading' && quality === 'good' && value !== null) {
      const last = lastWords.get(wasAway) ?? new Map<string, string>();
      lastWords.set(wasAway, last);
      const known = last.get(text) ?? ts;
      last.set(text, known);
      if (known !== ts) return `measured while the house was away: ${line}`;
    }
    // Telemetry is never kept: what was measured before the broker went, and comes when it is back, somebody held back.
    const heldBack = away('broker', ({ from, to }) => measuredAt < from && at > to);
    if (isTelemetry(text) && (retain || (quality === 'good' && heldBack))) return `too old: ${line}`;
    const isTold = away('house', ({ told, to }) => measuredAt > told && measuredAt < to);
    if (text === 'sites/home/power' && consumption !== null && isTold) return `summed up of nothing: ${line}`;
    return undefined;
  };
  const assertNoLies = (): void => {
    const lies = observer.heard.slice(checked).flatMap((each) => lieOf(each) ?? []);
    checked = observer.heard.length;
    assert.deepEqual(lies, []);
  };

  const told = (condition: () => boolean, what: string): Promise<void> =>
    until(condition, what).catch((error) => {
      throw new Error(`${error.message}; the dots:\n${describeDots()}`);
    });

  const kills: Record<SitePart, () => Promise<void>> = {
    house: () => house.kill(),
    broker: () => broker.kill(),
    'Node-RED': () => red.stop('SIGKILL'),
  };
  const starts: Record<SitePart, () => Promise<void>> = {
    async house() {
      house = await startHouse();
    },
    async broker() {
      broker = await startBroker(brokerPort);
    },
    async 'Node-RED'() {
      await red.start();
      dots.close();
      dots = await watchDots(red.port);
    },
  };

  return {
    red,
    observer,
    brokerPort,
    async kill(part) {
      await kills[part]();
      absences[part].push({ from: Date.now(), told: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY });
    },
    async start(part) {
      const absence = absences[part].at(-1);
      if (absence && part === 'house') absence.to = Date.now();
      await starts[part]();
      if (absence && part !== 'house') absence.to = Date.now();
    },
    async isHonest() {
      const [isHouseAway, isBrokerAway, isRedAway] = [isAway('house'), isAway('broker'), isAway('Node-RED')];
      if (!isRedAway && isHouseAway) await told(() => show(undefined, ['ems-modbus']), 'no device is green');
      if (!isRedAway && isBrokerAway) await told(() => show(undefined, speakers), 'nobody claims to reach the broker');
      if (!isBrokerAway) {
        await told(observer.isConnected, 'the observer is back');
        const state = isRedAway ? 'offline' : 'online';
        // An empty broker knows nothing of a Node-RED that is not there: that is honest as well.
        await told(() => {
          const status = observer.last('system/status/tested');
          return status?.state === state || (isRedAway && status === undefined);
        }, `Node-RED is said to be ${state}`);
      }
      if (!isBrokerAway && !isRedAway && isHouseAway) {
        for (const device of devices)
          await told(
            () => observer.last(`devices/${device}/availability`)?.state === 'offline',
            `${device} is said to be offline`,
          );
        await told(() => observer.last('sites/home/power')?.consumption_w === null, 'the sum is unknown');
        const absence = absences.house.at(-1);
        if (absence) absence.told = Math.min(absence.told, Date.now());
        await told(() => show(undefined, ['ems-aggregate']), 'the site is not green');
      }
      assertNoLies();
    },
    async isLive() {
      const since = Date.now();
      const isFresh = (topic: string): boolean => {
        const { quality, ts, consumption_w: consumption } = observer.last(topic) ?? {};
        return quality === 'good' && consumption !== null && Date.parse(String(ts)) > since;
      };
      await until(() => liveTopics.every(isFresh), 'live data of the site', 60_000);
      const isOnline = (topic: string): boolean => observer.last(topic)?.state === 'online';
      const presences = [...devices.map((device) => `devices/${device}/availability`), 'system/status/tested'];
      await until(() => presences.every(isOnline), 'everybody is said to be online', 60_000);
      await until(() => show('green', ['ems-modbus', 'ems-aggregate', ...speakers]), 'green dots', 60_000);
      assertNoLies();
    },
    async close() {
      dots.close();
      await observer.close();
      await red.remove();
      if (!isAway('house')) await house.kill();
      if (!isAway('broker')) await broker.kill();
    },
  };
};

export const orders: SitePart[][] = [
  ['house', 'broker', 'Node-RED'],
  ['house', 'Node-RED', 'broker'],
  ['broker', 'house', 'Node-RED'],
  ['broker', 'Node-RED', 'house'],
  ['Node-RED', 'house', 'broker'],
  ['Node-RED', 'broker', 'house'],
];

/** Each dies and returns before the next one dies. */
export const oneAfterTheOther = async (street: KillableSite, order: SitePart[]): Promise<void> => {
  for (const part of order) {
    await street.kill(part);
    await street.isHonest();
    await street.start(part);
    await street.isLive();
  }
};

/** Each dies before the one before it has returned: two are away at a time. */
export const overlapping = async (street: KillableSite, order: SitePart[]): Promise<void> => {
  const [first, ...others] = order as [SitePart, ...SitePart[]];
  await street.kill(first);
  await street.isHonest();
  let returning = first;
  for (const part of others) {
    await street.kill(part);
    await street.isHonest();
    await street.start(returning);
    await street.isHonest();
    returning = part;
  }
  await street.start(returning);
  await street.isLive();
};
