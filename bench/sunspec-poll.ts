/** Polls of the simulated hybrid inverter with models 103, 124 and 160, 20 ms away, beside pysunspec2 at the same device. */
import { driveUnit } from '../test/support/sunspec/driven-device.ts';
import { type HouseDevices, startHouseDevices, units } from '../test/support/sunspec/house-devices.ts';
import { startPeerController } from '../test/support/sunspec/pysunspec.ts';
import { printAmount, printRatio, printTable } from './parts/measure.ts';

const roundTripMs = 20;
/** The models with values that change all the time; the others are read less often, or once. */
const polledModels = [103, 124, 160];
/** Requests of one cycle that the package promises. */
const mostRequests = 3;

/** What one cycle takes. */
interface PollCost {
  requests: number;
  ms: number;
}

/** Counts requests and time while something polls. */
const measure = async ({ devices }: HouseDevices, poll: () => Promise<number>): Promise<PollCost> => {
  const [requests, startedAt] = [devices.requests(), performance.now()];
  const cycles = await poll();
  return { requests: (devices.requests() - requests) / cycles, ms: (performance.now() - startedAt) / cycles };
};

const pollAsOurselves = async (site: HouseDevices, cycles: number): Promise<PollCost> => {
  const driven = driveUnit(site.devices.port, units.hybrid);
  await driven.poll(2);
  const cost = await measure(site, async () => {
    const before = driven.cycles.length;
    await driven.poll(cycles);
    return driven.cycles.length - before;
  });
  await driven.close();
  return cost;
};

const pollAsPeer = async (site: HouseDevices, cycles: number): Promise<PollCost> => {
  const peer = startPeerController(site.devices.port, units.hybrid);
  const [first = 0] = polledModels;
  await peer.write(first);
  const cost = await measure(site, async () => {
    for (let cycle = 0; cycle < cycles; cycle++) for (const model of polledModels) await peer.write(model);
    return cycles;
  });
  await peer.close();
  return cost;
};

/** Prints requests and time of one poll. */
export const benchSunSpecPoll = async (isShort: boolean): Promise<void> => {
  const cycles = isShort ? 10 : 50;
  const site = await startHouseDevices();
  await site.devices.setFault('sunspec_hybrid', { kind: 'slow', ms: roundTripMs });
  const peer = await pollAsPeer(site, cycles);
  const ours = await pollAsOurselves(site, cycles);
  await site.close();
  printTable(
    `Poll of models ${polledModels.join(', ')}, ${roundTripMs} ms from request to response`,
    ['', 'requests', 'ms'],
    [
      ['pysunspec2: each model', peer.requests, peer.ms],
      ['ours: all values that change', ours.requests, ours.ms],
    ],
  );
  printAmount('our requests', ours.requests, 'per poll', { atMost: mostRequests });
  printRatio('our requests, to pysunspec2', ours.requests / peer.requests, { atMost: 1 });
};
