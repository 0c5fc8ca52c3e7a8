/** Modbus devices by themselves, without a bridge: what each further one costs in memory, and many in CPU. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, printAmount, printRatio, printTable } from './parts/measure.ts';
import type { DeviceCost } from './parts/modbus-devices.ts';
import { startDevice } from './parts/peers.ts';

const script = fileURLToPath(new URL('parts/modbus-devices.ts', import.meta.url));

export const benchDevices = async (isShort: boolean): Promise<void> => {
  const device = await startDevice();
  const windowMs = isShort ? 3000 : 10_000;
  const rounds = Array.from({ length: isShort ? 1 : 3 }, (): [DeviceCost, DeviceCost] =>
    JSON.parse(
      execFileSync(process.execPath, ['--expose-gc', script, String(device.port), String(windowMs)], {
        encoding: 'utf8',
      }),
    ),
  );
  const perDevice = (of: (cost: DeviceCost) => number): number =>
    median(rounds.map(([few, many]) => (of(many) - of(few)) / (many.devices - few.devices) / 1000));
  const [fewUs, manyUs] = [0, 1].map((n) => median(rounds.map((round) => round[n]?.cpuUsPerPoll ?? Number.NaN)));
  printTable(
    'Modbus devices of 100 points, each on a connection of its own',
    ['', 'CPU us/poll'],
    [
      ['100 devices every 1 s', fewUs ?? Number.NaN],
      ['1000 devices every 10 s', manyUs ?? Number.NaN],
    ],
  );
  printRatio('CPU per poll, 1000 devices to 100', (manyUs ?? 0) / (fewUs ?? 1), { atMost: 1.3 });
  printAmount(
    'live memory of each further device',
    perDevice(({ live }) => live),
    'kB',
    { atMost: 20 },
  );
  printAmount(
    'RSS of each further device',
    perDevice(({ rss }) => rss),
    'kB',
    { atMost: 60 },
  );
  await device.close();
};
