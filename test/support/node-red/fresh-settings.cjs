/** Node-RED as a user has it: this clone is not its package, what lies in the user directory is. */
const { nodesDir: _, ...settings } = require('../../../dev/settings.cjs');

module.exports = settings;
