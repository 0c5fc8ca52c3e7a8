/**
 * Ten of the simulator's stations in the middle of their sessions, at a Node-RED process that is killed again and
 * again. The stations know the truth; what is told of them is read at the broker.
 */
import { pause } from '../../../src/common/pause.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { SimulatedStation } from '../../../src/simulator/ocpp/simulated-station.ts';
import { until } from '../until.ts';
import { type OcppGateway, type StationNode, startOcppGateway } from './ocpp-gateway.ts';

/** Register of the station before a car came and after it went, Wh. */
interface Session {
  device: string;
  startWh: number;
  stopWh: number;
}

export interface GarageReport {
  sessions: number;
  /** From the reconnection of a station until it gives no more than it may, ms. */
  limitsBackMs: number[];
  /** Differences between what was told and what was true, in words. */
  problems: string[];
}

export interface SimulatedGarage {
  street: OcppGateway;
  stations: GarageStation[];
  /** Gives every station another limit, and waits until all hold theirs. */
  obey(): Promise<void>;
  /** At some of them a car goes and another comes, within a few seconds. */
  changeCars(): Promise<void>;
  /** Kills Node-RED while cars come and go, and starts it again. */
  playRound(): Promise<void>;
  /** Every car goes. @returns what was told, compared with what was true */
  settle(): Promise<GarageReport>;
  close(): Promise<void>;
}

export interface GarageStation {
  device: string;
  point: SimulatedStation;
  /** Comes, and charges. */
  arrive(): void;
  leave(): void;
  evse(): ReturnType<SimulatedStation['state']>['evses'][number];
}

const count = 10;
/** Number of stations that change cars around each kill. */
const busy = 4;
const leaseS = 3600;
/** Seconds of energy per second. */
const speed = 20;

const random = (from: number, to: number): number => from + Math.random() * (to - from);
const wait = (ms: number): Promise<unknown> => pause(ms, systemClock);

const createBox = (nth: number, url: string, sessions: Session[]): GarageStation => {
  const device = `box${nth}`;
  const point = new SimulatedStation(
    {
      url,
      identity: device,
      version: nth % 2 === 0 ? '1.6' : '2.0.1',
      access: 'plug',
      evses: [{ registerWh: 1_000_000 + nth * 10_000 }],
      // Half of them come back without a boot.
      deviations: { redialS: random(0.5, 2), forgetsProfiles: true, bootsOnce: nth % 4 < 2 },
    },
    systemClock,
  );
  point.setSpeed(speed);
  const evse = () => {
    const [first] = point.state().evses;
    if (!first) throw new Error(`${device} has no EVSE`);
    return first;
  };
  let startWh = 0;
  return {
    device,
    point,
    evse,
    arrive() {
      startWh = Math.round(evse().registerWh);
      point.plug(1, { capacityWh: 100_000_000 });
    },
    leave() {
      point.unplug(1);
      sessions.push({ device, startWh, stopWh: Math.round(evse().registerWh) });
    },
  };
};

/** Whether the station has a profile again and keeps its limit. */
const isObeying = ({ evse }: GarageStation, limitA: number): boolean => {
  const { profiles, hasTransaction, offeredA, currentsA } = evse();
  return profiles.length > 0 && hasTransaction && offeredA === limitA && Math.max(...currentsA) <= limitA + 0.01;
};

/** Events of one name by session id and event id. */
const toldOf = (street: OcppGateway, device: string, name: string): Map<string, Map<string, Session>> => {
  const told = new Map<string, Map<string, Session>>();
  for (const { id, data } of street.all(`devices/${device}/ev_charger/1/event/${name}`)) {
    const { session_id: session, meter_start_wh: startWh, meter_stop_wh: stopWh } = data as Record<string, unknown>;
    const events = told.get(String(session)) ?? new Map<string, Session>();
    events.set(String(id), { device, startWh: Number(startWh), stopWh: Number(stopWh) });
    told.set(String(session), events);
  }
  return told;
};

const wordsOf = ({ startWh, stopWh }: Session): string => `${startWh} to ${stopWh} Wh`;

const compare = (street: OcppGateway, device: string, sessions: Session[]): string[] => {
  const ended = toldOf(street, device, 'session_ended');
  const doubled = ['session_started', 'session_ended'].flatMap((name) =>
    [...toldOf(street, device, name)]
      .filter(([, events]) => events.size > 1)
      .map(([session, events]) => `${device}: ${events.size} times ${name} of ${session}`),
  );
  const told = [...ended.values()].flatMap((events) => [...events.values()]).map(wordsOf);
  const truth = sessions.filter((each) => each.device === device).map(wordsOf);
  return [
    ...doubled,
    ...truth.filter((each) => !told.includes(each)).map((each) => `${device}: nobody was told of ${each}`),
    ...told.filter((each) => !truth.includes(each)).map((each) => `${device}: there never was ${each}`),
    ...(told.length === truth.length ? [] : [`${device}: ${told.length} sessions told, ${truth.length} were`]),
  ];
};

export const startSimulatedGarage = async (brokerPort: number): Promise<SimulatedGarage> => {
  const nodes = Array.from(
    { length: count },
    (_, nth): StationNode => ({ device: `box${nth}`, identity: `box${nth}` }),
  );
  const street = await startOcppGateway(brokerPort, nodes);
  const sessions: Session[] = [];
  const boxes = nodes.map((_, nth) => createBox(nth, street.url, sessions));
  const limitsBackMs: number[] = [];
  const problems: string[] = [];
  let limits: number[] = [];
  let startedAt = Date.now();

  const order = (nth: number): Promise<unknown> =>
    street.send(
      `devices/box${nth}/ev_charger/1/command/set_current_limit`,
      { current_a: limits[nth] },
      { lease_s: leaseS },
    );

  /** A car goes at some time, and another comes. */
  const change = async (box: GarageStation): Promise<void> => {
    await wait(random(0, 3000));
    box.leave();
    await wait(random(300, 2500));
    box.arrive();
  };

  const limitComesBack = async (box: GarageStation, nth: number): Promise<void> => {
    const { device, point } = box;
    await until(() => point.state().isConnected, `${device} is back`);
    const reconnectedAt = performance.now();
    const limitA = limits[nth] ?? 0;
    await until(() => isObeying(box, limitA), `${device} holds ${limitA} A`);
    limitsBackMs.push(performance.now() - reconnectedAt);
  };

  const obey = async (): Promise<void> => {
    const isOnline = ({ device }: GarageStation): boolean =>
      street
        .all(`devices/${device}/availability`)
        .some(({ state, ts }) => state === 'online' && Date.parse(String(ts)) > startedAt);
    await until(() => boxes.every(isOnline), 'all are online');
    limits = boxes.map(() => Math.round(random(6, 14)));
    await Promise.all(boxes.map((_, nth) => order(nth)));
    const lazy = (): GarageStation[] => boxes.filter((box, nth) => !isObeying(box, limits[nth] ?? 0));
    await until(() => lazy().length === 0, 'all obey').catch((error) => {
      throw new Error(`${error.message}: ${limits} A; ${JSON.stringify(lazy().map(({ evse }) => evse()))}`);
    });
  };

  const changeCars = async (): Promise<void> => {
    const changing = [...boxes].sort(() => Math.random() - 0.5).slice(0, busy);
    await Promise.all(changing.map(change));
  };

  for (const box of boxes) box.arrive();
  return {
    street,
    stations: boxes,
    obey,
    changeCars,
    async playRound() {
      await obey();
      const changed = changeCars();
      await wait(random(0, 3000));
      await street.red.stop('SIGKILL');
      await until(() => boxes.every(({ point }) => !point.state().isConnected), 'all notice');
      await wait(random(0, 2000));
      const back = Promise.all(boxes.map(limitComesBack));
      back.catch(() => {});
      startedAt = Date.now();
      await street.red.start();
      await changed;
      await back;
    },
    async settle() {
      for (const box of boxes) box.leave();
      const isTold = (): boolean =>
        boxes.every(({ point }) => point.state().isConnected && point.state().queuedMessages === 0);
      await until(isTold, 'the stations have told everything');
      const compareAll = (): string[] => boxes.flatMap(({ device }) => compare(street, device, sessions));
      await until(() => compareAll().length === 0, 'what is told is what was').catch(() => {});
      const strangers = street.observer.heard
        .filter(({ topic }) => topic.endsWith('/charger_pending'))
        .map(({ payload }) => `it was taken for a stranger: ${payload}`);
      return { sessions: sessions.length, limitsBackMs, problems: [...problems, ...strangers, ...compareAll()] };
    },
    async close() {
      for (const { point } of boxes) await point.close();
      await street.close();
    },
  };
};
