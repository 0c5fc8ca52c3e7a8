/**
 * Node-RED as a user has it who installed nothing but the package. It looks for nodes in every node_modules above its
 * core nodes, and would find there what this clone needs for its tests: it is shown them from another place.
 */
const { symlinkSync } = require('node:fs');
const { dirname, join } = require('node:path');
const settings = require('./fresh-settings.cjs');

const coreNodesDir = join(settings.userDir, 'core-nodes');
symlinkSync(dirname(require.resolve('@node-red/nodes')), coreNodesDir, 'dir');

module.exports = { ...settings, coreNodesDir };
