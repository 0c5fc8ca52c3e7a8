/** npm run bench [-- short] [decode link ...]: figures, each beside what it is compared to. */
import { benchAggregate } from './aggregate.ts';
import { benchCommand } from './command.ts';
import { benchDecode } from './decode.ts';
import { benchDevices } from './devices.ts';
import { benchLink } from './link.ts';
import { benchMemory } from './memory.ts';
import { benchOcpp } from './ocpp.ts';
import { benchOcppCommand } from './ocpp-command.ts';
import { benchPipeline } from './pipeline.ts';
import { benchPoll } from './poll.ts';
import { benchSunSpec } from './sunspec.ts';
import { benchSunSpecPoll } from './sunspec-poll.ts';
import { benchSunSpecScan } from './sunspec-scan.ts';
import { benchUnits } from './units.ts';

const benches: Record<string, (isShort: boolean) => Promise<void>> = {
  decode: benchDecode,
  sunspec: benchSunSpec,
  link: benchLink,
  units: benchUnits,
  devices: benchDevices,
  poll: benchPoll,
  aggregate: benchAggregate,
  command: benchCommand,
  ocpp: benchOcpp,
  'ocpp-command': benchOcppCommand,
  pipeline: benchPipeline,
  memory: benchMemory,
  'sunspec-scan': benchSunSpecScan,
  'sunspec-poll': benchSunSpecPoll,
};

const words = process.argv.slice(2);
const isShort = words.includes('short');
const named = words.filter((word) => word !== 'short');
const unknown = named.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`no benchmark "${unknown.join(', ')}"; there are ${Object.keys(benches).join(', ')}`);
  process.exit(1);
}
console.log(`Node ${process.versions.node} on ${process.platform} ${process.arch}${isShort ? ', short form' : ''}`);
for (const [name, bench] of Object.entries(benches))
  if (named.length === 0 || named.includes(name)) await bench(isShort);
