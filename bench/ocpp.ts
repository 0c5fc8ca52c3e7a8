/**
 * Charging stations that tell ten samples each: what one message and one station cost, beside an answer by bare ws and
 * beside bare ocpp-rpc. Each side is a process of its own with stations of its own, and they take turns.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Expected, median, printAmount, printRatio, printTable } from './parts/measure.ts';
import { type CsmsKind, type CsmsSide, startCsmsSide } from './parts/ocpp-side.ts';

const kinds = ['ws', 'ocpp-rpc', 'driver', 'bridge'] as const satisfies readonly CsmsKind[];
const names: Record<CsmsKind, string> = {
  ws: 'ws, a short answer',
  'ocpp-rpc': 'ocpp-rpc, bare',
  driver: 'ours, to the samples of the driver',
  bridge: 'ours, to the readings of the bridge',
};

/** So that all sides are told as much: CPU for each message depends on how much there is to do at once. */
const busyPerSecond = 2000;
const usualEveryMs = 10_000;

interface Pace {
  name: string;
  everyMs: number;
  windowMs: number;
  /** Where one of them takes long. */
  rounds?: number;
}

/** CPU for each message, microseconds; messages per second. */
type Round = Record<CsmsKind, { cpuUs: number; perSecond: number }>;

/** One after the other: also where little goes on, what one side has in its caches another takes out of them. */
const takeRound = async (sides: Record<CsmsKind, CsmsSide>, { everyMs, windowMs }: Pace): Promise<Round> => {
  const taken: Round[CsmsKind][] = [];
  for (const kind of kinds) taken.push(await sides[kind].during(everyMs, windowMs));
  return Object.fromEntries(kinds.map((kind, nth) => [kind, taken[nth]])) as Round;
};

/** The medians of all rounds but the first, which is warming up where there are several. */
const measure = async (sides: Record<CsmsKind, CsmsSide>, pace: Pace, rounds: number): Promise<Round> => {
  const all: Round[] = [];
  for (let nth = 0; nth < rounds; nth++) all.push(await takeRound(sides, pace));
  const taken = all.slice(rounds > 1 ? 1 : 0);
  const middle = (kind: CsmsKind) => ({
    cpuUs: median(taken.map((round) => round[kind].cpuUs)),
    perSecond: median(taken.map((round) => round[kind].perSecond)),
  });
  return Object.fromEntries(kinds.map((kind) => [kind, middle(kind)])) as Round;
};

const printPace = ({ name, everyMs }: Pace, stations: number, round: Round): void => {
  const [echo, rpc] = [round.ws.cpuUs, round['ocpp-rpc'].cpuUs];
  printTable(
    `${stations} charging stations, ${name}: CPU for each message of ten samples`,
    ['', 'messages/s', 'us', 'x ws', 'x ocpp-rpc'],
    kinds.map((kind) => {
      const { cpuUs, perSecond } = round[kind];
      return [names[kind], perSecond, cpuUs, cpuUs / echo, cpuUs / rpc];
    }),
  );
  for (const [what, kind] of [
    ['samples', 'driver'],
    ['readings', 'bridge'],
  ] as const) {
    printRatio(`socket to ${what}, ${name}, CPU to bare ws`, round[kind].cpuUs / echo, { atMost: 3 });
    if (everyMs === 0)
      printAmount(`socket to ${what}, the ceiling`, round[kind].perSecond, 'messages/s', {
        onlyAs: 'the stations share the machine',
      });
  }
};

const benchStations = async (stations: number, rounds: number, seconds: number, rss: Expected): Promise<void> => {
  const started = await Promise.all(kinds.map((kind) => startCsmsSide(kind, stations)));
  const sides = Object.fromEntries(kinds.map((kind, nth) => [kind, started[nth]])) as Record<CsmsKind, CsmsSide>;
  try {
    const paces: Pace[] = [
      { name: 'one message every 10 s', everyMs: usualEveryMs, windowMs: seconds * 3000, rounds: 1 },
      {
        name: `${busyPerSecond} messages/s in all`,
        everyMs: (stations * 1000) / busyPerSecond,
        windowMs: seconds * 1000,
      },
      { name: 'as fast as they are answered', everyMs: 0, windowMs: seconds * 1000 },
    ];
    for (const pace of paces) printPace(pace, stations, await measure(sides, pace, pace.rounds ?? rounds));
    const memory = await Promise.all(kinds.map((kind) => sides[kind].memory()));
    printTable(
      `${stations} charging stations: memory for each, beyond that of the server`,
      ['', 'live, kB', 'RSS, kB', 'with room for garbage'],
      kinds.map((kind, nth) => {
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
      printAmount(`socket to ${what}, RSS for each station`, used?.rssKb ?? 0, 'kB', rss);
    }
  } finally {
    for (const side of started) await side.close();
  }
};

export const benchOcpp = async (isShort: boolean): Promise<void> => {
  if (isShort) await benchStations(500, 1, 1, { onlyAs: 'of so few, tens of MB by which a process moves are a part' });
  else for (const stations of [2000, 5000]) await benchStations(stations, 4, 2, { atMost: 60 });
  // What is left of them goes, before anything else is measured.
  await pause(100);
};
