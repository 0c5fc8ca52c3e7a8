/** SunSpec devices made by chance, the long form: npm run test:fuzz:sunspec -- [cases] [seed]. Ends with 1 if something is wrong. */
import { runSunSpecCampaign } from './sunspec-campaign.ts';
import { runPollingCampaign } from './sunspec-polling.ts';

/** Share of the devices that are polled as well. */
const polledShare = 0.1;

// Most requests of these devices fail, and nobody reads where.
Error.stackTraceLimit = 0;
const [cases = 100_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
console.log(`${cases} images, seed ${seed}`);
const began = performance.now();
const report = await runSunSpecCampaign(cases, seed);
let sum = 0;
for (const [fault, { cases: count, models, requests }] of [...report.cases].sort()) {
  sum += count;
  console.log(
    `  ${fault.padEnd(22)} ${count} images, ${models} models reported, ${(requests / count).toFixed(1)} requests each`,
  );
}
const ends = [...report.ends].sort().map(([kind, count]) => `${kind} ${count}`);
console.log(`${sum} images in ${((performance.now() - began) / 1000).toFixed(0)} s
  ends of lists         ${ends.join(', ')}
  most requests         ${report.mostRequests}`);
const { devices, polled, values, faults } = await runPollingCampaign(Math.ceil(cases * polledShare), seed);
console.log(`${devices} devices driven, ${polled} of them with something to poll, ${values} values told`);
const wrong = [...report.faults, ...faults];
for (const fault of wrong.slice(0, 20)) console.error(`WRONG: ${fault.slice(0, 1500)}`);
process.exit(wrong.length > 0 ? 1 : 0);
