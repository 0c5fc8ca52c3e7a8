/** Hostile charging stations, the long form: npm run test:fuzz -- [cases] [seed]. Ends with 1 where something is wrong. */
import { runCampaign } from './campaign.ts';

const cases = Number(process.argv[2] ?? 200_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);

console.log(`${cases} cases, seed ${seed}`);
const began = performance.now();
const report = await runCampaign(cases, seed, console.log);
const { handshakes, frames, letIn, answered, after, heapMB, faults } = report;
const ms = (value: number): string => `${value.toFixed(0)} ms`;
console.log(`
${handshakes + frames} cases in ${ms(performance.now() - began)}
  handshakes        ${handshakes}, of which ${letIn} came in
  frames            ${frames}; ${answered} connections were answered to the end
  calls of stations ${after.handled} handled, calls to them ${after.calls}, not settled ${after.openCalls}
  honest station    ${report.neighbourAnswers} answers, at most ${ms(report.neighbourMs)} of other work before one
  event loop        busy for at most ${ms(report.loopMs)} under fire
  1000 stations     all in within ${ms(report.crowdMs)}, loop busy for at most ${ms(report.crowdLoopMs)}
  memory            ${heapMB.map((each) => `${each.toFixed(1)} MB`).join(' before, ')} after
  left over         connections ${after.connected - 1}, handles ${JSON.stringify(after.handles)}`);
for (const fault of faults) console.error(`WRONG: ${fault.slice(0, 500)}`);
process.exit(faults.length > 0 ? 1 : 0);
