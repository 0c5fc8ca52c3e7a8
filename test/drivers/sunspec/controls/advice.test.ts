/** Commands that a device accepts without an effect, or refuses: what to switch on is told in words. */
import assert from 'node:assert/strict';
import { adviceFor } from '../../../../src/drivers/sunspec/controls/compose-controls.ts';
import { inverter12x } from '../../../support/sunspec/commanded-models.ts';
import { CommandedSite } from '../../../support/sunspec/commanded-site.ts';

/** An inverter of this maker, whose power stays at 4000 W whatever it is told. */
const inverterOf = (Mn: string) =>
  inverter12x().map((model) => (model.id === 1 ? { ...model, values: { ...model.values, Mn } } : model));

describe('SunSpec: advice', () => {
  let site: CommandedSite | undefined;
  const start = async (maker: string): Promise<CommandedSite> => {
    site = await CommandedSite.start(inverterOf(maker));
    return site;
  };
  afterEach(async () => {
    await site?.close();
    site = undefined;
  });

  it('is told with the event of a command that has no effect', async () => {
    const started = await start('Fronius');
    const set = await started.ask('solar', 'limit_power', { power_w: 1000 }, { leaseS: 600 });
    assert.equal(set.status, 'completed', 'the registers hold it');
    await started.pass(60_000);
    const [event = ''] = started.told('setpoint_not_reached');
    assert.match(
      event,
      /^power is 4000 W instead of at most 1000 W\. At a Fronius inverter, switch on "Inverter control/,
    );
  });

  it('is told with a refusal, and nothing is left behind', async () => {
    const started = await start('SMA');
    started.device.holding.isLocked = true;
    const refused = await started.ask('solar', 'limit_power', { power_w: 1000 });
    assert.deepEqual([refused.status, refused.code], ['failed', 'DEVICE_REJECTED']);
    assert.match(String(refused.message), /exception 2 .*Grid Guard/);
    assert.deepEqual(started.device.writes, []);
  });

  it('is one for each maker that is known, and a general one for all others', () => {
    const makers = ['SolarEdge ', 'KOSTAL Solar Electric', 'Enphase Energy', 'Fronius', 'SMA', 'Acme', undefined];
    const words = ['0xF142', 'external control via Modbus', 'support of the vendor', 'Fronius', 'Grid Guard'];
    for (const [n, maker] of makers.entries())
      assert.ok(adviceFor(maker).includes(words[n] ?? 'often in a menu for installers'), maker);
  });
});
