import assert from 'node:assert/strict';
import { freePorts } from '../support/free-ports.ts';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { complaintsIn, type NodeRed, readFlows, startNodeRed } from '../support/node-red/node-red.ts';
import { movedToFreePorts } from '../support/node-red/shipped-flows.ts';
import { type Dots, watchDots } from '../support/node-red/status-dots.ts';
import { modelsIn } from '../support/sunspec/served-registers.ts';
import { connectSerial, units } from '../support/sunspec/served-site.ts';
import { until } from '../support/until.ts';

const type = 'ems-sunspec-server';
const end = Buffer.from([0xff, 0xff, 0, 0]);

describe('flow 02 with its SunSpec face switched on', () => {
  let red: NodeRed;
  let dots: Dots;
  let listener: Observer;
  let port: number;
  let face: string;

  before(async () => {
    [port = 0] = await freePorts(1);
    const { nodes, portOf } = await movedToFreePorts(readFlows(['02 Complete site']));
    const flow = nodes.map((node) => (node.type === type ? { ...node, enabled: true, port } : node));
    face = flow.find((node) => node.type === type)?.id ?? '';
    red = await startNodeRed(flow);
    dots = await watchDots(red.port);
    listener = await listen(portOf(1883));
  });
  after(async () => {
    dots.close();
    await listener.close();
    await red.remove();
  });

  /** @returns the values of the first model after the common one */
  const read = async (unit: number, length: number): Promise<Record<string, unknown>> => {
    const client = await connectSerial(port, unit);
    try {
      const { buffer: common } = await client.readHoldingRegisters(40_000, 70);
      const { buffer: model } = await client.readHoldingRegisters(40_070, length);
      return modelsIn(Buffer.concat([common, model, end]))[1]?.values ?? {};
    } finally {
      client.close(() => {});
    }
  };
  const told = (name: string): Record<string, number> => (listener.last(`sites/home/${name}`) ?? {}) as never;

  it('tells what the site tells, and the phases of its meter', async () => {
    await until(() => dots.fillOf(face) === 'green', 'a site that is known', 60_000);
    await until(
      async () => (await read(units.grid, 107)).W === Math.round(told('power').grid_w ?? 0),
      'the power',
      30_000,
    );
    const grid = await read(units.grid, 107);
    const { grid_import_wh = 0, grid_export_wh = 0, solar_wh = 0 } = told('energy');
    assert.ok(Math.abs(Number(grid.TotWhImp) - grid_import_wh) < 100, `${grid.TotWhImp}, not ${grid_import_wh}`);
    assert.ok(Math.abs(Number(grid.TotWhExp) - grid_export_wh) < 100, `${grid.TotWhExp}, not ${grid_export_wh}`);
    for (const point of ['PhVphA', 'PhVphB', 'PhVphC', 'PhV'])
      assert.ok(Number(grid[point]) > 200 && Number(grid[point]) < 260, `${point} ${grid[point]}`);
    assert.ok(Number(grid.Hz) > 49 && Number(grid.Hz) < 51, `Hz ${grid.Hz}`);
    const phases = Number(grid.WphA) + Number(grid.WphB) + Number(grid.WphC);
    assert.ok(Math.abs(phases - Number(grid.W)) < 1000, `${phases} W, and ${grid.W} W of the phases`);
    const solar = await read(units.solar, 52);
    assert.ok(Number(solar.W) > 0 && solar.St === 4, `${solar.W} W`);
    assert.ok(Math.abs(Number(solar.WH) - solar_wh) < 100, `${solar.WH}, not ${solar_wh}`);
    // The inverter of the house is a hybrid: nobody knows what of its phases is of the sun.
    assert.equal(solar.AphA, null);
  });

  it('shows where it serves, and how many read', async () => {
    const client = await connectSerial(port, units.grid);
    await until(() => dots.textOf(face) === `serving on 127.0.0.1:${port}, readers: 1`, 'one reader');
    client.close(() => {});
    await until(() => dots.textOf(face) === `serving on 127.0.0.1:${port}, readers: 0`, 'no reader');
  });

  it('does without a complaint', () => assert.deepEqual(complaintsIn(red.log()), []));
});
