/** Orders that are in force while the models of a device move, and its profile is exchanged. */
import assert from 'node:assert/strict';
import type { PointValue } from '../../../../src/drivers/sunspec/index.ts';
import { filler, inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';

const names = ['123:WMaxLimPct', '123:WMaxLim_Ena', '123:WMaxLimPct_RvrtTms'];

describe('SunSpec: models that move while an order is in force', () => {
  let site: CommandedSite;
  const held = (): number[] => site.device.all(...names);
  /** All models move behind another one, with what their registers hold. */
  const move = async (): Promise<void> => {
    const values = Object.fromEntries(
      names.map((name): [string, PointValue] => [name.slice('123:'.length), site.device.raw(name)]),
    );
    const [common, ...others] = inverter12x(values);
    assert.ok(common);
    const moves = site.told('models_changed').length;
    site.device.become([common, filler, ...others]);
    await site.until(() => site.told('models_changed').length > moves, 'the device is discovered anew');
  };

  beforeEach(async () => {
    site = await CommandedSite.start(inverter12x());
  });
  afterEach(() => site.close());

  it('is kept alive at its new place', async () => {
    await site.ask('solar', 'limit_power', { power_w: 4000 }, { leaseS: 600 });
    await move();
    await site.pass(150_000);
    assert.deepEqual(held(), [40, 1, 60], 'longer than the timer of the device');
    assert.deepEqual(site.told('setpoint_lost'), []);
    await site.ask('solar', 'release');
    assert.deepEqual(held(), [100, 0, 0]);
  });

  it('is kept within a limit of somebody else, which comes back at its new place', async () => {
    site.device.write({ '123:WMaxLimPct': 70, '123:WMaxLim_Ena': 1 });
    await site.ask('solar', 'limit_power', { power_w: 4000 }, { leaseS: 600 });
    await move();
    site.device.write({ '123:WMaxLimPct': 30, '123:WMaxLim_Ena': 1 });
    await site.pass(40_000);
    assert.equal(site.device.raw('123:WMaxLimPct'), 30);
    await site.ask('solar', 'release');
    assert.deepEqual(held(), [30, 1, 0]);
  });

  it('is taken on while they move', async () => {
    const id = site.send('solar', 'limit_power', { power_w: 4000 }, { leaseS: 600 });
    await move();
    await site.until(() => site.outcome(id) !== undefined, 'an outcome');
    const again = await site.ask('solar', 'limit_power', { power_w: 3000 }, { leaseS: 600 });
    assert.deepEqual([again.status, again.verified], ['completed', true], again.message);
    assert.deepEqual(held(), [30, 1, 60]);
  });

  it('is not written to registers that have another meaning by now', async () => {
    const before = inverter12x();
    const [common, ...others] = before;
    assert.ok(common);
    site.device.become([common, filler, ...others]);
    const { writes } = site.device;
    const set = await site.ask('solar', 'limit_power', { power_w: 4000 }, { leaseS: 600 });
    await site.pass(10_000);
    assert.ok(
      writes.every((each) => each.split(' ').every((name) => name.startsWith('123:WMaxLim'))),
      writes.join('; '),
    );
    assert.ok(set.status === 'completed' || /not where they were/.test(String(set.message)), set.message);
  });
});
