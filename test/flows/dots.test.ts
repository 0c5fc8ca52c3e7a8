import assert from 'node:assert/strict';
import { type ForkedProcess, startForkedProcess } from '../support/forked-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { type Dots, watchDots } from '../support/node-red/status-dots.ts';
import { until } from '../support/until.ts';

/** Two readings, one of which has no value. */
const someReadings = `
  const reading = (topic, more) => ({ topic, schema: 'reading/1', unit: 'W', ts: new Date().toISOString(), ...more });
  msg.payload = [
    reading('devices/a/meter/power', { value: 230, quality: 'good' }),
    reading('devices/b/meter/power', { value: null, quality: 'invalid', reason: 'sentinel' }),
    reading('devices/c/meter/power', { value: 7, quality: 'invalid', reason: 'out_of_range' }),
  ];
  return msg;`;

describe('the dots say which and why', () => {
  let house: ForkedProcess;
  let red: NodeRed;
  let dots: Dots;
  let deadPort: number;
  let stationPort: number;

  const meter = (id: string, role: string): FlowNode => ({
    ...{ id, type: 'ems-modbus', z: 'tab', client: `${id}-client`, site: 'site', device: id, role },
    ...{ profile: 'eastron-sdm630', interval: 0.5, wires: [['totals'], []] },
  });
  const client = (id: string, port: number): FlowNode => ({
    ...{ id: `${id}-client`, type: 'ems-modbus-client', transport: 'tcp', host: '127.0.0.1', port },
  });
  const pick = (id: string, device: string): FlowNode => ({
    ...{ id, type: 'ems-pick', z: 'tab', wires: [[]] },
    choices: [{ topic: `devices/${device}/meter/power`, field: '', name: '' }],
  });

  before(async () => {
    const [grid = 0, hybrid = 0, storage = 0, ...others] = await freePorts(5);
    [deadPort = 0, stationPort = 0] = others;
    house = await startForkedProcess(
      new URL('../support/processes/house.ts', import.meta.url),
      [grid, hybrid, storage].map(String),
    );
    const flow: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'dots' },
      { id: 'site', type: 'ems-site', site: 'home' },
      ...[client('grid', grid), meter('grid', 'grid'), client('dead', deadPort), meter('dead', 'solar')],
      {
        id: 'sun',
        type: 'ems-sunspec',
        z: 'tab',
        client: 'grid-client',
        site: 'site',
        device: 'roof',
        wires: [[], []],
      },
      { id: 'totals', type: 'ems-aggregate', z: 'tab', site: 'site', wires: [[], []] },
      { id: 'other-site', type: 'ems-site', site: 'elsewhere' },
      { ...meter('pv', 'solar'), client: 'grid-client', site: 'other-site', wires: [['lone'], []] },
      { id: 'lone', type: 'ems-aggregate', z: 'tab', site: 'other-site', wires: [[], []] },
      { id: 'once', type: 'inject', z: 'tab', once: true, onceDelay: 0.1, props: [], wires: [['say']] },
      { id: 'say', type: 'function', z: 'tab', func: someReadings, outputs: 1, wires: [['none', 'bad', 'some']] },
      ...[pick('none', 'b'), pick('bad', 'c'), pick('some', '+')],
      { id: 'server', type: 'ems-ocpp-server', host: '127.0.0.1', port: stationPort },
      { id: 'box', type: 'ems-ocpp', z: 'tab', server: 'server', site: 'site', device: 'box', wires: [[], []] },
    ];
    // Node-RED takes a node without a place on the canvas for a configuration node.
    red = await startNodeRed(flow.map((node) => (node.z === undefined ? node : { ...node, x: 100, y: 100 })));
    dots = await watchDots(red.port);
  });
  after(async () => {
    dots?.close();
    await red?.remove();
    await house?.close();
  });

  const says = (id: string, fill: string, words: RegExp): Promise<void> =>
    until(() => dots.fillOf(id) === fill && words.test(dots.textOf(id) ?? ''), `${words}`).catch((error) =>
      assert.fail(`${error.message}: ${dots.fillOf(id)} ${dots.textOf(id)}`),
    );

  it('a device that cannot be reached: where it was looked for, and what was in the way', () =>
    says(
      'dead',
      'red',
      new RegExp(`^unreachable: tcp 127\\.0\\.0\\.1:${deadPort}; nothing listens there: .*; retry in \\d+ s$`),
    ));

  it('a device without SunSpec: what to look at, in the language of each browser', async () => {
    await until(() => dots.fillOf('sun') === 'red', 'the red dot');
    assert.match(
      dots.textOf('sun') ?? '',
      /no SunSpec marker at 40000, 0, 50000: unit 1 answers.*SunSpec is switched on/,
    );
    const phrase = JSON.stringify(dots.paramsOf('sun')?.reason);
    assert.match(phrase, /"key":"[^"]+:ems-sunspec\.note\.no_marker_\w+","params":\{.*"unit":"1"/);
  });

  it('a site that is incomplete: the sources that are missing', () =>
    says('totals', 'red', /^incomplete, good sources: 1 of 2; not good: dead\/meter\/power$/));

  it('a site that cannot be summed up: what it would need', () =>
    says('lone', 'red', /^incomplete: no device measures the connection to the grid$/));

  it('a value that is not there, or not to be trusted: why', async () => {
    await says('none', 'yellow', /^no value: the device says itself that it has no value$/);
    await says('bad', 'yellow', /^7 W, not to be trusted: the value is outside of what/);
  });

  it('several values of which some are not good: their names', () =>
    says('some', 'yellow', /^old or invalid: 2 of 3 \(b_meter_power, c_meter_power\)$/));

  it('a node that waits for approval is not green', () =>
    says('box', 'yellow', new RegExp(`^waiting for approval, ports ${stationPort}$`)));
});
