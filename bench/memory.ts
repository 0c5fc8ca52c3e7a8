/**
 * Memory of Node-RED with few and with many Modbus devices of one profile, each on a connection of its own, through the
 * whole street. Devices, broker and the observer that counts the readings are other processes; both sizes read at the
 * same rate and for the same time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { median, printAmount, printTable } from './parts/measure.ts';
import { meterPoints } from './parts/meter.ts';
import { startBroker, startDevice } from './parts/peers.ts';
import { startReadingObserver } from './parts/reading-observer.ts';
import { measureMemory, startMeasured } from './parts/runtime.ts';
import { emsFlow, type Load, type Ports } from './parts/street.ts';

/** As docs/operating.md names them for a small computer: with them V8 has a young generation of one size in every run. */
const smallFlags = ['--max-old-space-size=512', '--max-semi-space-size=8'];
const settings: [name: string, flags: string[]][] = [
  [smallFlags.join(' '), smallFlags],
  ['no flags', []],
];
const few: Load = { devices: 100, intervalS: 1 };
const many: Load = { devices: 1000, intervalS: 10 };

/** Time between the first reading of the last device and the figures, ms: every device is read again. */
const settlingMs = 15_000;
const windowMs = 10_000;

interface Outcome {
  readingsPerSecond: number;
  lost: number;
  cpuUs: number;
  /** RSS at the end of the run, MB. */
  rssMb: number;
  /** RSS after V8 was asked to collect all garbage and to give back what it can, MB. */
  collectedMb: number;
  /** Live heap and external memory after that, MB. */
  liveMb: number;
}

const run = async (load: Load, ports: Ports, flags: string[]): Promise<Outcome> => {
  const observer = await startReadingObserver(ports.broker);
  const red = await startMeasured(emsFlow(load, ports, []), ['--expose-gc', ...flags]);
  try {
    for (let i = 0; observer.devices() < load.devices; i++) {
      if (i === 600) throw new Error(`only ${observer.devices()} devices are read: ${red.log().slice(-2000)}`);
      await pause(100);
    }
    await pause(settlingMs);
    observer.look();
    const before = await measureMemory(red);
    await pause(windowMs);
    const after = await measureMemory(red);
    const { readings, lost } = observer.look();
    const collected = await measureMemory(red, true);
    return {
      readingsPerSecond: (readings / (after.atMs - before.atMs)) * 1000,
      lost,
      cpuUs: (after.cpuUs - before.cpuUs) / readings,
      rssMb: after.rssMb,
      collectedMb: collected.rssMb,
      liveMb: collected.liveMb,
    };
  } finally {
    await red.remove();
    await observer.close();
  }
};

/** "380 (371 to 392)" */
const withSpread = (values: number[]): string => {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.round);
  return low === high ? String(low) : `${Math.round(median(values))} (${low} to ${high})`;
};

const rowOf = (name: string, outcomes: Outcome[]): (string | number)[] => [
  name,
  median(outcomes.map(({ readingsPerSecond }) => readingsPerSecond)),
  String(Math.max(...outcomes.map(({ lost }) => lost))),
  median(outcomes.map(({ cpuUs }) => cpuUs)),
  withSpread(outcomes.map(({ rssMb }) => rssMb)),
  withSpread(outcomes.map(({ collectedMb }) => collectedMb)),
  withSpread(outcomes.map(({ liveMb }) => liveMb)),
];

export const benchMemory = async (isShort: boolean): Promise<void> => {
  const device = await startDevice();
  const broker = await startBroker();
  const ports: Ports = { device: device.port, broker: broker.port };
  const runs = settings.map(([name, flags]) => ({ name, flags, few: [] as Outcome[], many: [] as Outcome[] }));
  // In turns, because the machine changes.
  for (let round = 0; round < (isShort ? 1 : 3); round++)
    for (const each of runs) {
      each.few.push(await run(few, ports, each.flags));
      each.many.push(await run(many, ports, each.flags));
    }
  printTable(
    `Memory of Node-RED with devices of ${meterPoints.length} points, MB, ${isShort ? '1 run' : 'median of 3 runs'} each`,
    ['', 'readings/s', 'lost', 'CPU us/reading', 'RSS', 'RSS after gc', 'live after gc'],
    runs.flatMap((each) => [
      rowOf(`${few.devices} devices every ${few.intervalS} s, ${each.name}`, each.few),
      rowOf(`${many.devices} devices every ${many.intervalS} s, ${each.name}`, each.many),
    ]),
  );
  for (const each of runs) {
    const added = (of: (outcome: Outcome) => number): number => median(each.many.map(of)) - median(each.few.map(of));
    const what = `the further ${many.devices - few.devices} devices, Node.js with ${each.name}`;
    printAmount(
      `RSS after a garbage collection, of ${what}`,
      added(({ collectedMb }) => collectedMb),
      'MB',
      { atMost: 130 },
    );
    printAmount(
      `RSS as it is, of ${what}`,
      added(({ rssMb }) => rssMb),
      'MB',
      { atMost: 130 },
    );
  }
  await device.close();
  await broker.close();
};
