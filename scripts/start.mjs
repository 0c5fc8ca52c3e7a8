/** npm start: from a fresh clone to a house that runs. Editor, dashboard, broker and simulated devices on loopback. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { build, makeReady, root } from './ready.mjs';

/** npm starts a shell, and the shell starts this. */
const parent = process.ppid;
/** A shell that is told to end passes nothing on: npm goes, the shell goes, and this would be left alone. */
const isAlone = () => process.env.npm_lifecycle_event === 'start' && process.ppid !== parent;

const portFrom = (name, fallback) => {
  const port = Number(process.env[name] || fallback);
  if (Number.isInteger(port) && port > 0 && port < 65530) return port;
  console.error(`${name}=${process.env[name]} is not a port.`);
  process.exit(1);
};

const ports = {
  EMS_EDITOR_PORT: portFrom('EMS_EDITOR_PORT', 1880),
  EMS_BROKER_PORT: portFrom('EMS_BROKER_PORT', 1883),
  EMS_MODBUS_PORT: portFrom('EMS_MODBUS_PORT', 1502),
  EMS_OCPP_PORT: portFrom('EMS_OCPP_PORT', 8887),
};
const host = '127.0.0.1';
const userDir = process.env.EMS_USER_DIR || join(root, '.node-red');

const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

/**
 * The flows as shipped, with the ports that were asked for: each shipped port moves with the first of its group. What is
 * started to have a look is reached from this machine only, until a form says otherwise.
 */
const withPorts = (nodes) => {
  const moved = new Map([
    [1883, ports.EMS_BROKER_PORT],
    [1884, ports.EMS_BROKER_PORT + 1],
    [1885, ports.EMS_BROKER_PORT + 2],
    ...Array.from({ length: 11 }, (_, i) => [1502 + i, ports.EMS_MODBUS_PORT + i]),
    [8887, ports.EMS_OCPP_PORT],
    [8888, ports.EMS_OCPP_PORT + 1],
  ]);
  const movePort = (port) => moved.get(Number(port)) ?? port;
  const moveUrl = (url) => url.replace(/:(\d+)$/, (_, port) => `:${movePort(port)}`);
  return nodes.map((node) => {
    const next = { ...node };
    for (const key of ['port', 'gridPort', 'hybridPort', 'storagePort', 'sunspecPort'])
      if (key in next) next[key] = movePort(next[key]);
    if (Array.isArray(next.servers)) next.servers = next.servers.map(moveUrl);
    if (next.ocpp) next.ocpp = moveUrl(next.ocpp);
    if (next.host === '0.0.0.0') next.host = host;
    return next;
  });
};

const flowFile = join(userDir, 'flows.json');

const shipped = () => {
  const [first, ...others] = readdirSync(join(root, 'flows')).sort();
  // The editor opens with the first tab: the house whose dashboard is shown.
  const nodes = [...others, first].flatMap((name) => JSON.parse(readFileSync(join(root, 'flows', name), 'utf8')));
  // Each flow can be imported alone, so those that share a broker or a dashboard page all bring it along.
  const each = new Map(nodes.filter(({ type }) => type !== 'global-config').map((node) => [node.id, node]));
  return withPorts([...each.values()]);
};

/** The first time, the shipped flows become the user's own. */
const isFirst = !existsSync(flowFile);
const flows = isFirst ? shipped() : JSON.parse(readFileSync(flowFile, 'utf8'));

/** What the flows listen on, where they are switched on. */
const off = new Set(flows.filter(({ type, disabled }) => type === 'tab' && disabled).map(({ id }) => id));
const portsOf = (type, ...keys) =>
  flows
    .filter((node) => node.type === type && node.d !== true && !off.has(node.z))
    .flatMap((node) => keys.map((key) => Number(node[key])))
    // A simulator without SunSpec devices has no port for them.
    .filter((port) => port > 0);
const brokers = portsOf('ems-local-broker', 'port');
const devices = portsOf('ems-simulator', 'gridPort', 'hybridPort', 'storagePort', 'sunspecPort');
const stations = flows.filter(({ type }) => type === 'ems-ocpp-server').map(({ port }) => Number(port));

const stop = (reason) => {
  console.error(reason);
  process.exit(1);
};

const checkPorts = async () => {
  const wanted = [
    ['EMS_EDITOR_PORT', [ports.EMS_EDITOR_PORT]],
    ['EMS_BROKER_PORT', brokers],
    ['EMS_MODBUS_PORT', devices],
    ['EMS_OCPP_PORT', stations],
  ];
  const users = new Map();
  for (const [name, group] of wanted)
    for (const port of group) {
      if (users.has(port)) stop(`Port ${port} is wanted by ${users.get(port)} and by ${name}.`);
      users.set(port, name);
      if (await isFree(port)) continue;
      const way =
        isFirst || name === 'EMS_EDITOR_PORT'
          ? `Choose another: ${name}=${group[0] + 1000} npm start`
          : `Your flows in ${flowFile} use it: end the other program, or delete that file to begin anew.`;
      stop(`Port ${port} on ${host} is taken by another program. ${way}`);
    }
};

const isListening = (port) =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port }, () => socket.end(() => resolve(true)));
    socket.on('error', () => resolve(false));
  });

const announce = async () => {
  while (!(await isListening(ports.EMS_EDITOR_PORT))) await new Promise((resolve) => setTimeout(resolve, 200));
  const editor = `http://${host}:${ports.EMS_EDITOR_PORT}`;
  console.log(
    [
      '',
      `  Editor     ${editor}/`,
      `  Dashboard  ${editor}/dashboard`,
      ...brokers.map((port) => `  Broker     mqtt://${host}:${port}`),
      ...(devices.length > 0 ? [`  Devices    Modbus TCP on ports ${devices.join(', ')} (simulated)`] : []),
      ...stations.map((port) => `  Wallboxes  ws://${host}:${port}`),
      `  Your flows ${flowFile}`,
      '',
      '  Stop with Ctrl+C.',
      '',
    ].join('\n'),
  );
};

const node = makeReady();
if (!build(node)) {
  console.error('The build failed; the reason is above. Nothing was started.');
  process.exit(1);
}
await checkPorts();
if (isAlone()) process.exit(0);
if (isFirst) {
  mkdirSync(userDir, { recursive: true });
  writeFileSync(flowFile, JSON.stringify(flows, null, 2));
}
// Readings are gone as soon as they are sent on: with a large young generation V8 only collects them later. The house
// needs 200 MB in place of 300 at its peak this way, and no more CPU.
const flags = ['--max-semi-space-size=8'];
const red = spawn(node, [...flags, join(root, 'node_modules/node-red/red.js'), '-s', join(root, 'dev/settings.cjs')], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, EMS_EDITOR_PORT: String(ports.EMS_EDITOR_PORT), EMS_USER_DIR: userDir },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => red.kill(signal));
const watching = setInterval(() => {
  if (!isAlone()) return;
  clearInterval(watching);
  red.kill('SIGTERM');
}, 500);
red.on('exit', (code, signal) => process.exit(code ?? (signal ? 0 : 1)));
await announce();
