/** Node-RED with this clone, the counting node, and the package that the benchmarks compare to. */
const { join } = require('node:path');
const { existsSync } = require('node:fs');

const settings = require('../../dev/settings.cjs');
const reference = join(__dirname, '../reference/node_modules/node-red-contrib-modbus');

module.exports = {
  ...settings,
  nodesDir: [...settings.nodesDir, join(__dirname, '../nodes'), ...(existsSync(reference) ? [reference] : [])],
};
