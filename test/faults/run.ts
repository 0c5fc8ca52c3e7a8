/**
 * The fate of two batteries that are being charged when something dies: npm run test:faults -- [rounds [word]].
 * With a word, only the kinds of fault that have it in their name.
 * Each kind of fault has a world of its own; all run at the same time. Prints one line per kind, and ends with 1
 * where a battery was not safe in time or a command had not exactly one outcome.
 */

import { pause } from '../../src/common/pause.ts';
import { type Command, outcomes, type Response } from '../../src/model/command.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { until } from '../support/until.ts';
import { type Battery, batteries, createWorld, type World, watchdogS } from './world.ts';

/** One poll and what the requirement adds to it, ms. */
const allowedMs = 1000 + 2000;
const leaseS = 10;
const renewEveryMs = 3000;
/** The way over the broker comes back when the back-off of the gateway or TCP's retransmission allow, ms. */
const patienceMs = 45_000;
/** Outages last 0.3 s to 14 s: shorter and longer than the lease. */
const outageMs = (): number => 300 + Math.random() * 13_700;

interface Outage {
  goneAt: number;
  /** The way to the device is there again. */
  backAt: number;
}

interface Kind {
  /** Gateway or network are gone, so that only the watchdog of the device can help. */
  isWayGone: boolean;
  /** Breaks something for a while. */
  run(world: World, forMs: number): Promise<Outage>;
}

const outage = async (
  forMs: number,
  start: () => void | Promise<void>,
  end: () => void | Promise<void>,
): Promise<Outage> => {
  await start();
  const goneAt = Date.now();
  await pause(forMs, systemClock);
  await end();
  return { goneAt, backAt: Date.now() };
};

const kinds: Record<string, Kind> = {
  'controller killed (-9)': {
    isWayGone: false,
    async run(world) {
      await world.killController();
      return { goneAt: Date.now(), backAt: 0 };
    },
  },
  'broker killed (-9) and restarted': {
    isWayGone: false,
    async run(world, forMs) {
      const { goneAt } = await outage(forMs, world.killBroker, world.startBroker);
      return { goneAt, backAt: 0 };
    },
  },
  'Node-RED killed (-9) and restarted': {
    isWayGone: true,
    run: ({ gateway }, forMs) => outage(forMs, () => gateway.stop('SIGKILL'), gateway.start),
  },
  'devices cut off and back': {
    isWayGone: true,
    run: (world, forMs) =>
      outage(
        forMs,
        () => world.cut(true),
        () => world.cut(false),
      ),
  },
  'network to the devices frozen': {
    isWayGone: true,
    run: ({ network }, forMs) =>
      outage(
        forMs,
        () => network.freeze('house'),
        () => network.thaw('house'),
      ),
  },
  'network to the broker frozen': {
    isWayGone: false,
    async run({ network }, forMs) {
      const { goneAt } = await outage(
        forMs,
        () => network.freeze('broker'),
        () => network.thaw('broker'),
      );
      return { goneAt, backAt: 0 };
    },
  },
};

interface Sent {
  device: Battery;
  command: Command;
}

const charge = (): Command => ({
  schema: 'command/1',
  id: crypto.randomUUID(),
  ts: new Date().toISOString(),
  params: { power_w: 500 + Math.round(Math.random() * 1500) },
  ttl_s: 5,
  lease_s: leaseS,
  requester: 'faults/controller',
});

const outcomesOf = (answers: Response[], id: string): Set<string> =>
  new Set(
    answers
      .filter((each) => each.id === id && outcomes.some((outcome) => outcome === each.status))
      .map(({ ts, ...rest }) => JSON.stringify(rest)),
  );

const isHeld = ({ truth }: World): boolean => {
  const now = truth.at(-1);
  return now !== undefined && batteries.every((each) => now[each] === 'charge');
};
const isSafe = ({ truth }: World): boolean => {
  const now = truth.at(-1);
  return now !== undefined && batteries.every((each) => now[each] === 'auto');
};

/** The moment from which on it was safe for the rest of the round. */
const safeSince = ({ truth }: World, device: Battery): number => {
  let since = 0;
  for (const { at, [device]: mode } of truth) {
    if (mode !== 'auto') since = Number.POSITIVE_INFINITY;
    else if (since === Number.POSITIVE_INFINITY) since = at;
  }
  return since;
};

/** The first moment after another at which it was safe. */
const firstSafe = ({ truth }: World, device: Battery, after: number): number => {
  const before = truth.findLast(({ at }) => at <= after);
  if (before?.[device] === 'auto') return after;
  return truth.find((each) => each.at > after && each[device] === 'auto')?.at ?? Number.POSITIVE_INFINITY;
};

interface Report {
  /** After the later of lease end and way back, ms. */
  late: number[];
  /** After gateway or network had gone, of the battery with a watchdog, ms. */
  watched: number[];
  commands: number;
  problems: string[];
}

const playRound = async (world: World, kind: Kind, report: Report): Promise<void> => {
  const sent: Sent[] = [];
  const send = (): void => {
    for (const device of batteries) {
      const each = { device, command: charge() };
      sent.push(each);
      world.command(device, each.command);
    }
  };
  await until(world.isOnline, 'both batteries are online');
  world.truth.splice(0, world.truth.length - 1);
  world.answers.length = 0;

  send();
  const renewing = systemClock.every(renewEveryMs, send);
  await until(() => isHeld(world), 'both batteries charge');
  await pause(Math.random() * 2 * renewEveryMs, systemClock);
  const running = kind.run(world, outageMs());
  // A controller goes on for a while, whatever has died; what it says then must not be done late.
  await pause(Math.random() * renewEveryMs, systemClock);
  renewing.cancel();
  const { goneAt, backAt } = await running;

  const leaseEnd = (device: Battery): number =>
    Math.max(
      ...sent
        .filter((each) => each.device === device)
        .flatMap(({ command }) => world.answers.filter(({ id }) => id === command.id))
        .map(({ lease_until: until }) => (until === undefined ? 0 : Date.parse(until))),
    );
  await until(() => isSafe(world) && Date.now() > Math.max(...batteries.map(leaseEnd)), 'both are safe again');

  // A controller that missed an answer asks again with the same id: it gets the same answer, and nothing is done again.
  await until(world.isOnline, 'both batteries are online');
  const unanswered = (): Sent[] => sent.filter(({ command }) => outcomesOf(world.answers, command.id).size === 0);
  const ask = (): void => {
    for (const { device, command } of unanswered()) world.command(device, command, 'witness');
  };
  ask();
  // A broker that came back empty drops what it gets before the gateway is there again.
  const asking = systemClock.every(2000, ask);
  try {
    await until(() => unanswered().length === 0, 'every command has an outcome', patienceMs);
  } finally {
    asking.cancel();
  }
  await pause(500, systemClock);

  report.commands += sent.length;
  for (const { command } of sent) {
    const found = outcomesOf(world.answers, command.id);
    if (found.size !== 1) report.problems.push(`${found.size} outcomes: ${[...found].join(' and ')}`);
  }
  for (const device of batteries) {
    const late = safeSince(world, device) - Math.max(leaseEnd(device), backAt);
    report.late.push(late);
    if (late > allowedMs) report.problems.push(`${device} was safe ${Math.round(late)} ms after it should have been`);
  }
  const watchedMs = watchdogS * 1000;
  if (kind.isWayGone && backAt - goneAt > watchedMs + 2000) {
    const watched = firstSafe(world, 'storage', goneAt) - goneAt;
    report.watched.push(watched);
    if (watched > watchedMs + 2000) report.problems.push(`the storage fell back only after ${Math.round(watched)} ms`);
  }
  await world.killController();
  await world.startController();
};

const play = async (nth: number, kind: Kind, rounds: number): Promise<Report> => {
  const report: Report = { late: [], watched: [], commands: 0, problems: [] };
  const world = await createWorld(`${process.pid % 10_000}-${nth}`);
  try {
    for (let round = 1; round <= rounds; round++) {
      try {
        await playRound(world, kind, report);
      } catch (error) {
        report.problems.push(`round ${round}: ${(error as Error).message}`);
        break;
      }
    }
  } finally {
    await world.remove();
  }
  return report;
};

const seconds = (ms: number[]): string => (ms.length === 0 ? '–' : (Math.max(...ms) / 1000).toFixed(1));
const median = (ms: number[]): string =>
  ms.length === 0 ? '–' : (([...ms].sort((a, b) => a - b)[Math.floor(ms.length / 2)] as number) / 1000).toFixed(1);

const [given = '5', word = ''] = process.argv.slice(2);
const rounds = Number(given);
const chosen = Object.entries(kinds).filter(([name]) => name.includes(word));
const reports = await Promise.all(chosen.map(([, kind], nth) => play(nth, kind, rounds)));
const rows = chosen.map(([name], nth) => {
  const { late, watched, commands, problems } = reports[nth] as Report;
  return [
    name,
    late.length / batteries.length,
    median(late),
    seconds(late),
    seconds(watched),
    commands,
    problems.length,
  ].join(' | ');
});
console.log(
  [
    '| what died | rounds | safe after, median s | safe after, worst s | watchdog, worst s | commands | failures |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows.map((row) => `| ${row} |`),
    '',
    `Safe after: after the later of lease end and way back; at most ${allowedMs / 1000} s.`,
    `Watchdog: after gateway or network were gone; at most ${watchdogS + 2} s.`,
  ].join('\n'),
);
for (const [nth, [name]] of chosen.entries())
  for (const problem of reports[nth]?.problems ?? []) console.log(`${name}: ${problem}`);
process.exit(reports.some(({ problems }) => problems.length > 0) ? 1 : 0);
