/**
 * test:fuzz:line [EXCHANGES] [SEED]: an RTU device that sends too much, too late, twice, broken and echoed, on RTU over
 * TCP and on a pseudo terminal. Prints what came of it; ends with 1 where a foreign value was told and not taken back.
 */
import { createSeededRandom } from '../../src/common/seeded-random.ts';
import { believed, type LineRun, lateFaults, soonFaults } from '../support/modbus/surplus-device.ts';
import { runTransport, type SurplusTransport, surplusTransports } from '../support/modbus/surplus-transports.ts';

const [exchanges = 100_000, seed = 1] = process.argv.slice(2).map(Number);
/** Exchanges of one run, which has faults of its own. */
const portion = 100;
/** Lines of each transport at once: most of their time is silence. */
const lanes = 5;
/** A machine that is busy elsewhere is given up after so many runs for one. */
const tries = 3;

const campaign = async (transport: SurplusTransport): Promise<void> => {
  const random = createSeededRandom(seed);
  const sum = { exchanges: 0, surplus: 0, told: 0, failed: 0, wrong: 0, withdrawn: 0, believed: 0 };
  const wanted = exchanges / surplusTransports.length;
  let runsLeft = Math.ceil(wanted / portion) * tries;
  let disturbed = 0;

  const nextRun = (): LineRun => {
    const soon = soonFaults.filter(() => random() < 0.5);
    const late = lateFaults[Math.floor(random() * lateFaults.length)];
    return {
      seed: Math.floor(random() * 2 ** 31),
      isChanging: random() < 0.5,
      share: 0.02 + random() * 0.3,
      faults: late === undefined ? soon : [...soon, late],
      silentMs: 10,
      timeoutMs: 100,
      exchanges: portion,
      idleShare: 0.05,
    };
  };

  const lane = async (): Promise<void> => {
    for (; runsLeft > 0 && sum.exchanges < wanted; runsLeft--) {
      const run = nextRun();
      const outcome = await runTransport(transport, run);
      // Where the device itself was later than the silence that it was to keep, the run says nothing of the line.
      if (outcome.latenessMs > run.silentMs) {
        disturbed += portion;
        continue;
      }
      sum.exchanges += portion;
      sum.surplus += outcome.surplus;
      sum.told += outcome.told;
      sum.failed += outcome.failed;
      sum.wrong += outcome.wrong.length;
      sum.withdrawn += outcome.withdrawn.size;
      sum.believed += believed(outcome).length;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const figures = Object.entries(sum).map(([name, figure]) => `${figure} ${name}`);
  console.log(`${transport}: ${figures.join(', ')}; ${disturbed} more do not count, the machine was busy elsewhere`);
  if (sum.believed > 0) process.exitCode = 1;
};

await Promise.all(surplusTransports.map(campaign));
