/** The commands that a device gets from its models: the best candidate that it implements, without what it lacks. */
import assert from 'node:assert/strict';
import type { Actuator } from '../../../../src/drivers/driver.ts';
import type { PointValue } from '../../../../src/drivers/sunspec/index.ts';
import { hybrid12x, inverter7xx, inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';
import type { ValuedModel } from '../../../support/sunspec/valued-device.ts';

/** The models with other values of one of them; null: not implemented. */
const changed = (models: ValuedModel[], id: number, values: Record<string, PointValue>): ValuedModel[] =>
  models.map((model) => (model.id === id ? { ...model, values: { ...model.values, ...values } } : model));
const modelOf = (models: ValuedModel[], id: number): ValuedModel[] => models.filter((model) => model.id === id);

describe('SunSpec: the commands of a device', () => {
  let site: CommandedSite | undefined;
  const actuators = async (models: ValuedModel[]): Promise<Actuator[]> => {
    site = await CommandedSite.start(models, { transport: 'memory' });
    return site.bridge.actuators();
  };
  /** The registers that a power limit of 40 % is written to. */
  const limitedBy = async (models: ValuedModel[], component = 'solar'): Promise<string> => {
    await actuators(models);
    const set = await site?.ask(component, 'limit_power', { percent: 40 });
    assert.equal(set?.status, 'completed', set?.message);
    return site?.device.writes.find((each) => each.includes('WMaxLim')) ?? '';
  };
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  it('prefer 704 to 123', async () => {
    const both = [...inverter7xx(), ...modelOf(inverter12x(), 123)];
    assert.match(await limitedBy(both), /^704:WMaxLimPctEna 704:WMaxLimPct 704:WMaxLimPctRvrt/);
  });

  it('go by 123 where 704 is listed, and its limit not implemented', async () => {
    const models = [...changed(inverter7xx(), 704, { WMaxLimPct: null }), ...modelOf(inverter12x(), 123)];
    assert.match(await limitedBy(models), /^123:WMaxLimPct /);
  });

  it('leave the reversion out where 704 has none, and then no timer ends a limit of somebody else', async () => {
    const models = changed(inverter7xx({ WMaxLimPct: 70, WMaxLimPctEna: 1 }), 704, { WMaxLimPctRvrt: null });
    assert.match(await limitedBy(models), /WMaxLimPct/);
    assert.deepEqual(site?.device.all('704:WMaxLimPct', '704:WMaxLimPctEna', '704:WMaxLimPctRvrtTms'), [40, 1, 0]);
  });

  it('have no fallback time where the device has no timer', async () => {
    const [limit] = await actuators(changed(inverter12x(), 123, { WMaxLimPct_RvrtTms: null }));
    assert.deepEqual([limit?.type, limit?.watchdogS], ['solar', undefined]);
    assert.ok(limit?.verbs.limit_power);
  });

  it('count in the power that 100 % stands for: WMax before the rated one', async () => {
    const models = inverter12x();
    const rated = { id: 120, values: { DERTyp: 4, WRtg: 12_000, WRtg_SF: 0 } };
    const [limit] = await actuators([...models, rated]);
    assert.equal(limit?.verbs.limit_power?.params.power_w?.max, 10_000);
    assert.ok(site?.notes.includes('Power that 100 % stands for: 121:WMax, 10000 W'), site?.notes.join('; '));
    await site?.close();
    const [other] = await actuators([...models.filter(({ id }) => id !== 121), rated]);
    assert.equal(other?.verbs.limit_power?.params.power_w?.max, 12_000);
  });

  it('are missing where that power is told by nobody, and say so', async () => {
    const all = await actuators(inverter12x().filter(({ id }) => id !== 121));
    assert.ok(all.every(({ verbs }) => !Object.hasOwn(verbs, 'limit_power')));
    assert.ok(
      site?.notes.some((note) => note.includes('enter it')),
      site?.notes.join('; '),
    );
  });

  it('do not offer a source of charging where the device has no choice', async () => {
    const sourceOf = (all: Actuator[]) =>
      all.flatMap(({ verbs }) => (verbs.charge ? [Object.keys(verbs.charge.params)] : []));
    assert.deepEqual(sourceOf(await actuators(hybrid12x())), [['power_w', 'source', 'until_soc']]);
    await site?.close();
    const without = changed(hybrid12x(), 124, { ChaGriSet: null });
    assert.deepEqual(sourceOf(await actuators(without)), [['power_w', 'until_soc']]);
  });

  it('are those of the inverter for a hybrid, and those of its battery', async () => {
    const all = await actuators(hybrid12x());
    const verbs = (type: string): string[] =>
      all.filter((each) => each.type === type).flatMap((each) => Object.keys(each.verbs));
    assert.deepEqual(verbs('solar'), []);
    assert.ok(verbs('inverter').includes('limit_power'), verbs('inverter').join());
    assert.deepEqual(verbs('battery').sort(), [
      'charge',
      'discharge',
      'hold',
      'limit_charge',
      'limit_discharge',
      'set_reserve_soc',
    ]);
  });

  it('are none in place of those that the integrator gives', async () => {
    site = undefined;
    const starting = CommandedSite.start(inverter12x(), { transport: 'memory', driver: { controls: {} } });
    site = await starting;
    assert.deepEqual(site.bridge.actuators(), []);
  });
});
