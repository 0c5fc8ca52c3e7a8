/** Node-RED for this clone: loopback only, quiet, no calls to the outside; the clone itself is the installed package. */
const { join } = require('node:path');

const root = join(__dirname, '..');

module.exports = {
  userDir: process.env.EMS_USER_DIR || join(root, '.node-red'),
  flowFile: 'flows.json',
  nodesDir: [root],
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.EMS_EDITOR_PORT || 1880),
  // A demonstration holds no secrets; an installation of yours sets its own.
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false } },
  editorTheme: {
    tours: false,
    projects: { enabled: false },
    palette: { catalogues: [], categories: ['EMS', 'dashboard', 'common', 'function', 'network'] },
  },
  logging: { console: { level: process.env.EMS_LOG || 'info', metrics: false, audit: false } },
  nodeCloseTimeout: 15000,
};
