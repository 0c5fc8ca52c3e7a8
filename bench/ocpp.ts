/**
 * Charging stations that tell ten samples each: what one message and one station cost, beside an answer by bare ws and
 * beside bare ocpp-rpc. Each side is a process of its own with stations of its own, and they take turns.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Expected, median, printAmount, printRatio, printTable } from './parts/measure.ts';
import { type CsmsKind, type CsmsSide, startCsmsSide } from './parts/ocpp-side.ts';
import { startBroker } from './parts/peers.ts';

const kinds = ['ws', 'ocpp-rpc', 'driver', 'bridge', 'wire'] as const satisfies readonly CsmsKind[];
/** A broker takes as much as is usual, and not as much as can be made. */
const kindsWithoutBroker = kinds.filter((kind) => kind !== 'wire');
const names: Record<CsmsKind, string> = {
  ws: 'ws, a short answer',
  'ocpp-rpc': 'ocpp-rpc, bare',
  driver: 'ours, to the samples of the driver',
  bridge: 'ours, to the readings of the bridge',
  wire: 'ours, to the broker',
};

/** So that all sides are told as much: CPU for each message depends on how much there is to do at once. */
const busyPerSecond = 2000;
const usualEveryMs = 10_000;

interface Pace {
  name: string;
  everyMs: number;
  windowMs: number;
  kinds: readonly CsmsKind[];
  rounds: number;
}

/** CPU for each message, microseconds; messages per second; readings that did not get to the broker. */
type Figures = Awaited<ReturnType<CsmsSide['during']>>;
type Round = Map<CsmsKind, Figures>;

/** One after the other: also where little goes on, what one side has in its caches another takes out of them. */
const takeRound = async (sides: Record<CsmsKind, CsmsSide>, { kinds, everyMs, windowMs }: Pace): Promise<Round> => {
  const round: Round = new Map();
  for (const kind of kinds) round.set(kind, await sides[kind].during(everyMs, windowMs));
  return round;
};

/** The medians of all rounds. */
const measure = async (sides: Record<CsmsKind, CsmsSide>, pace: Pace): Promise<Round> => {
  const taken: Round[] = [];
  for (let nth = 0; nth < pace.rounds; nth++) taken.push(await takeRound(sides, pace));
  const middle = (kind: CsmsKind, of: keyof Figures): number =>
    median(taken.map((round) => round.get(kind)?.[of] ?? Number.NaN));
  return new Map(
    pace.kinds.map((kind) => [
      kind,
      { cpuUs: middle(kind, 'cpuUs'), perSecond: middle(kind, 'perSecond'), lost: middle(kind, 'lost') },
    ]),
  );
};

/** The whole way is only reported: nothing is expected of it but that no reading is lost. */
const expectations: [kind: CsmsKind, what: string, expected: Expected][] = [
  ['driver', 'socket to samples', { atMost: 3 }],
  ['bridge', 'socket to readings', { atMost: 3 }],
  ['wire', 'socket to broker', { onlyAs: 'ten readings checked and published' }],
];

const printPace = ({ name, everyMs }: Pace, stations: number, round: Round): void => {
  const cpuOf = (kind: CsmsKind): number => round.get(kind)?.cpuUs ?? Number.NaN;
  printTable(
    `${stations} charging stations, ${name}: CPU for each message of ten samples`,
    ['', 'messages/s', 'us', 'x ws', 'x ocpp-rpc'],
    [...round].map(([kind, { cpuUs, perSecond }]) => [
      names[kind],
      perSecond,
      cpuUs,
      cpuUs / cpuOf('ws'),
      cpuUs / cpuOf('ocpp-rpc'),
    ]),
  );
  for (const [kind, what, expected] of expectations) {
    const own = round.get(kind);
    if (!own) continue;
    printRatio(`${what}, ${name}, CPU to bare ws`, own.cpuUs / cpuOf('ws'), expected);
    if (kind === 'wire') printAmount(`${what}, ${name}, lost`, own.lost, 'readings', { atMost: 0 });
    if (everyMs === 0)
      printAmount(`${what}, the ceiling`, own.perSecond, 'messages/s', { onlyAs: 'the stations share the machine' });
  }
};

interface Form {
  rounds: number;
  windowMs: number;
  /** As it is usual, with so few messages that it takes long. */
  isQuietMeasured: boolean;
  rss: Expected;
}

const pacesOf = (stations: number, { rounds, windowMs, isQuietMeasured }: Form): Pace[] => {
  const quiet = { name: 'one message every 10 s', everyMs: usualEveryMs, windowMs: usualEveryMs, kinds, rounds: 1 };
  const busyEveryMs = (stations * 1000) / busyPerSecond;
  return [
    ...(isQuietMeasured ? [quiet] : []),
    { name: `${busyPerSecond} messages/s in all`, everyMs: busyEveryMs, windowMs: 2 * windowMs, kinds, rounds },
    { name: 'as fast as they are answered', everyMs: 0, windowMs, kinds: kindsWithoutBroker, rounds },
  ];
};

const benchStations = async (stations: number, form: Form): Promise<void> => {
  const broker = await startBroker();
  const started = await Promise.all(kinds.map((kind) => startCsmsSide(kind, stations, broker.port)));
  const sides = Object.fromEntries(kinds.map((kind, nth) => [kind, started[nth]])) as Record<CsmsKind, CsmsSide>;
  try {
    const paces = pacesOf(stations, form);
    // What is to be measured is compiled by then, also where a pace has little to compile it by.
    for (const pace of paces) if (pace.everyMs < usualEveryMs) await takeRound(sides, pace);
    for (const kind of kinds) await sides[kind].tidy();
    for (const pace of paces) printPace(pace, stations, await measure(sides, pace));
    const memory = await Promise.all(kindsWithoutBroker.map((kind) => sides[kind].memory()));
    printTable(
      `${stations} charging stations: memory for each, beyond that of the server`,
      ['', 'live, kB', 'RSS, kB', 'with room for garbage'],
      kindsWithoutBroker.map((kind, nth) => {
        const { liveKb = 0, rssKb = 0, atWorkKb = 0 } = memory[nth] ?? {};
        return [names[kind], liveKb, rssKb, atWorkKb];
      }),
    );
    const [, , driver, bridge] = memory;
    for (const [what, used] of [
      ['samples', driver],
      ['readings', bridge],
    ] as const) {
      printAmount(`socket to ${what}, live memory for each station`, used?.liveKb ?? 0, 'kB', { atMost: 60 });
      printAmount(`socket to ${what}, RSS for each station`, used?.rssKb ?? 0, 'kB', form.rss);
    }
  } finally {
    for (const side of started) await side.close();
    await broker.close();
  }
};

const shortForm: Form = {
  rounds: 1,
  windowMs: 1000,
  isQuietMeasured: false,
  rss: { onlyAs: 'of so few, tens of MB by which a process moves are a part' },
};
const longForm: Form = { rounds: 3, windowMs: 4000, isQuietMeasured: true, rss: { atMost: 60 } };

export const benchOcpp = async (isShort: boolean): Promise<void> => {
  if (isShort) await benchStations(500, shortForm);
  else for (const stations of [2000, 5000]) await benchStations(stations, longForm);
  // Their garbage goes before anything else is measured.
  await pause(100);
};
