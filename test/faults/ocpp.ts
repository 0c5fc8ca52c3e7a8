/**
 * The fate of ten charging sessions when Node-RED is killed in their midst, and of transactions that find the disk
 * full: npm run test:faults:ocpp -- [kills]. Needs root for the small disk. Prints a table, and ends with 1 where a
 * session was lost or doubled, an energy wrong or a limit does not come back.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../../src/common/pause.ts';
import { systemClock } from '../../src/shell/clock.ts';
import { startLocalBroker } from '../support/node-red/killable-site.ts';
import { type GarageReport, type SimulatedGarage, startSimulatedGarage } from '../support/ocpp/simulated-garage.ts';

/** Longer than a station of OCPP 1.6 with the usual settings would try to tell a transaction. */
const fullForMs = 30_000;
/** A full disk still has room in the last block of each file: so many rounds of cars are more than that. */
const roundsUntilFull = 6;
const answeredWithinMs = 2000;

const withGarage = async (play: (garage: SimulatedGarage) => Promise<GarageReport>): Promise<GarageReport> => {
  const broker = await startLocalBroker();
  const garage = await startSimulatedGarage(broker.port);
  try {
    return await play(garage);
  } catch (error) {
    return { sessions: 0, limitsBackMs: [], problems: [(error as Error).message] };
  } finally {
    await garage.close();
    await broker.close();
  }
};

const playKills = (kills: number) =>
  withGarage(async (garage) => {
    for (let nth = 0; nth < kills; nth++) await garage.playRound();
    return garage.settle();
  });

/** Puts the records of the runtime on a disk of their own, fills it up while cars come and go, and makes room again. */
const playFullDisk = () =>
  withGarage(async (garage) => {
    const { red } = garage.street;
    const disk = join(red.userDir, 'ems');
    const filler = join(disk, 'filler');
    await red.stop();
    const records = join(red.userDir, 'ems-before');
    renameSync(disk, records);
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    cpSync(records, disk, { recursive: true });
    try {
      await red.start();
      await garage.obey();
      try {
        writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024));
      } catch {
        // The disk is full now.
      }
      const untold = (): number => garage.stations.filter(({ point }) => point.state().queuedMessages > 0).length;
      for (let round = 0; round < roundsUntilFull && untold() === 0; round++) {
        await garage.changeCars();
        await pause(answeredWithinMs, systemClock);
      }
      await pause(fullForMs, systemClock);
      const isFull = untold() > 0;
      rmSync(filler);
      const report = await garage.settle();
      if (!isFull) report.problems.push('the disk was not full: every station was answered');
      return report;
    } finally {
      await red.stop();
      execFileSync('umount', [disk]);
    }
  });

const [given = '50'] = process.argv.slice(2);
const plays: [name: string, run: () => Promise<GarageReport>][] = [
  [`Node-RED killed (-9) ${given} times`, () => playKills(Number(given))],
  ['disk full while cars come and go', playFullDisk],
];

const rows: (string | number)[][] = [];
const problems: string[] = [];
for (const [name, run] of plays) {
  const { sessions, limitsBackMs, problems: own } = await run();
  const seconds = limitsBackMs.map((ms) => ms / 1000).sort((a, b) => a - b);
  const [median, worst] = [seconds[seconds.length >> 1], seconds.at(-1)].map((s) => s?.toFixed(1) ?? '–');
  rows.push([name, sessions, own.length, seconds.length, median ?? '–', worst ?? '–']);
  problems.push(...own.map((problem) => `${name}: ${problem}`));
}
console.log(
  [
    '| what happened | sessions | lost, doubled or wrong | limits back | after, median s | after, worst s |',
    '|---|--:|--:|--:|--:|--:|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `After: after the reconnection of the station, measured in it.`,
    ...problems,
  ].join('\n'),
);
process.exit(problems.length > 0 ? 1 : 0);
