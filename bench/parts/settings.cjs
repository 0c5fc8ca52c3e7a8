/**
 * Node-RED with this clone, the counting node, a meter among its own profiles, and the package that the benchmarks
 * compare to.
 */
const { join } = require('node:path');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');

const settings = require('../../dev/settings.cjs');
const { meterProfile } = require('./meter.ts');
const reference = join(__dirname, '../reference/node_modules/node-red-contrib-modbus');

const profiles = join(settings.userDir, 'ems/profiles');
mkdirSync(profiles, { recursive: true });
writeFileSync(join(profiles, `${meterProfile.id}.json`), JSON.stringify(meterProfile));

module.exports = {
  ...settings,
  nodesDir: [...settings.nodesDir, join(__dirname, '../nodes'), ...(existsSync(reference) ? [reference] : [])],
};
