/** Commands to a SunSpec node, from the message to the simulated house and over a restart of the runtime. */
import assert from 'node:assert/strict';
import { systemClock } from '../../src/shell/clock.ts';
import { type Simulation, startSimulation } from '../../src/simulator/simulation.ts';
import { envelope } from '../support/node-red/command-flow.ts';
import { loadSunSpec, sunspecFlow, type WatchedNode } from '../support/node-red/sunspec-flow.ts';
import { helper } from '../support/node-red/test-helper.ts';
import { createPointClient, type PointClient, units } from '../support/sunspec/house-devices.ts';
import { until } from '../support/until.ts';

describe('commands to the node of a SunSpec device', () => {
  let house: Simulation;
  let client: PointClient;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    house = await startSimulation(
      {
        ...{ host: '127.0.0.1', ports: { grid: 0, hybrid: 0, storage: 0 }, sunSpecPort: 0 },
        ...{ startHour: 12, seed: 7, speed: 1, watchdogS: 60 },
      },
      systemClock,
    );
    client = createPointClient(house.sunSpecPort ?? 0);
  });
  afterEach(async () => {
    await helper.unload();
    await client.close();
    await house.close();
  });

  /** @returns the node of the hybrid inverter, once its models are known */
  const load = async (): Promise<WatchedNode> => {
    const { roof } = await loadSunSpec(sunspecFlow(house.sunSpecPort ?? 0, { roof: { unit: 1 } }), ['roof']);
    assert.ok(roof);
    await until(() => roof.last('inverter/power')?.quality === 'good', 'the power');
    return roof;
  };
  const give = (verb: string, params: object, lease_s = 60): void => {
    const topic = `devices/roof-1/inverter/command/${verb}`;
    helper.getNode('roof').receive({ topic, payload: { ...envelope({ lease_s }), params } });
  };
  const outcomes = (roof: WatchedNode): unknown[] =>
    roof.events
      .filter(({ schema, status }) => schema === 'response/1' && status !== 'accepted')
      .map(({ status, code, message }) => [status, code, message].filter((part) => part !== undefined).join(' '));
  /** @returns the limit in the device in per cent of its maximum power; null: none is in force */
  const limit = async (): Promise<unknown> => {
    const { WMaxLimPct, WMaxLim_Ena } = await client.readModel(units.hybrid, 123);
    return WMaxLim_Ena === 1 ? WMaxLimPct : null;
  };
  const isLimitedTo = (percent: number | null) => async (): Promise<boolean> => (await limit()) === percent;

  it('are carried out, verified, and taken back by release', async () => {
    const roof = await load();
    give('limit_power', { power_w: 3000 });
    await until(() => outcomes(roof).length === 1, 'the outcome');
    assert.deepEqual(outcomes(roof), ['completed']);
    assert.equal(await limit(), 30);
    give('release', {});
    await until(() => outcomes(roof).length === 2, 'the second outcome');
    await until(isLimitedTo(null), 'no limit any more');
    assert.deepEqual(roof.errors, []);
  });

  it('are in force again after a restart, and are not carried out twice', async () => {
    const before = await load();
    give('limit_power', { power_w: 4000 });
    await until(() => outcomes(before).length === 1, 'the outcome');
    assert.equal(await limit(), 40);
    await helper.unload();
    const roof = await load();
    await until(isLimitedTo(40), 'the same limit');
    assert.deepEqual(outcomes(roof), [], 'nobody is answered a second time');
    give('release', {});
    await until(isLimitedTo(null), 'no limit any more');
  });
});
