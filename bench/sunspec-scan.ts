/** A scan of a SunSpec device with 20 models that is 20 ms away, beside pysunspec2 at the same device. */
import { createBus, createLink } from '../src/drivers/modbus/index.ts';
import { scanForDevices } from '../src/drivers/sunspec/index.ts';
import { systemClock } from '../src/shell/clock.ts';
import { peerFile, startPeerProcess } from '../test/support/line-process.ts';
import { findModel } from '../test/support/sunspec/known-models.ts';
import { serveUnits, unitOf } from '../test/support/sunspec/simulated-units.ts';
import { buildImage } from '../test/support/sunspec/sunspec-image.ts';
import { twentyModels } from '../test/support/sunspec/twenty-models.ts';
import { median, printAmount, printRatio, printTable } from './parts/measure.ts';

const unit = 1;
const roundTripMs = 20;

/** One scan. */
interface Scan {
  models: number;
  ms: number;
}

const scanAsOurselves = async (port: number): Promise<Scan> => {
  const link = createLink({ transport: 'tcp', host: '127.0.0.1', port }, systemClock);
  const bus = createBus(link, systemClock);
  const startedAt = performance.now();
  const { devices } = await scanForDevices(bus, { findModel, clock: systemClock, units: [unit] });
  const ms = performance.now() - startedAt;
  await bus.close();
  return { models: devices[0]?.models.length ?? 0, ms };
};

const startPeer = (port: number) => {
  let answer = (_: { models: number; seconds: number }): void => {};
  const command = ['.venv/bin/python', peerFile('sunspec_scan.py'), String(port), String(unit)];
  const peer = startPeerProcess<Parameters<typeof answer>[0]>(command, (line) => answer(line));
  const ended = peer.exit.then((code): Scan => {
    throw new Error(`pysunspec2 ended with code ${String(code)}: npm run test:peers installs it`);
  });
  // An end that nobody waits for is the usual one.
  ended.catch(() => {});
  return {
    scan: (): Promise<Scan> => {
      peer.say('scan');
      const scanned = new Promise<Scan>((resolve) => {
        answer = ({ models, seconds }) => resolve({ models, ms: seconds * 1000 });
      });
      return Promise.race([scanned, ended]);
    },
    close: () => peer.close(),
  };
};

export const benchSunSpecScan = async (isShort: boolean): Promise<void> => {
  const server = await serveUnits({ [unit]: unitOf(buildImage(twentyModels).words) }, roundTripMs);
  const peer = startPeer(server.port);
  const sides = [
    { name: 'pysunspec2: scan without the values', scan: peer.scan },
    { name: 'ours: each header twice, and model 1', scan: () => scanAsOurselves(server.port) },
  ];
  const figures = sides.map(({ name }) => ({ name, ms: [] as number[], requests: 0 }));
  for (let round = 0; round <= (isShort ? 2 : 5); round++)
    for (const [n, { name, scan }] of sides.entries()) {
      const before = server.asked.length;
      const { models, ms } = await scan();
      if (models !== twentyModels.length) throw new Error(`${name} found ${models} models`);
      const figure = figures[n];
      // The first round of each is warming up.
      if (figure && round > 0) figure.ms.push(ms);
      if (figure) figure.requests = server.asked.length - before;
    }
  await peer.close();
  await server.close();
  const [reference, ours] = figures.map(({ ms }) => median(ms));
  printTable(
    `Scan of ${twentyModels.length} models, ${roundTripMs} ms from request to response`,
    ['', 'ms', 'requests'],
    figures.map(({ name, ms, requests }) => [name, median(ms), requests]),
  );
  printAmount('our scan', ours ?? Number.NaN, 'ms', { atMost: 1000 });
  printRatio('time of our scan, to pysunspec2', (ours ?? Number.NaN) / (reference ?? 1), { atMost: 1 });
};
