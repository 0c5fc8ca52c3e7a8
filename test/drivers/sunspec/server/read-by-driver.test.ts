/** Our own driver reads the face of a site: what goes in at one end comes out at the other. */
import assert from 'node:assert/strict';
import { type Bus, createBus, createLink } from '../../../../src/drivers/modbus/index.ts';
import type { SiteServer } from '../../../../src/drivers/sunspec/index.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { observeDriver } from '../../../support/sunspec/driven-device.ts';
import { allSides, serveSite, units, wholeSite } from '../../../support/sunspec/served-site.ts';
import { until } from '../../../support/until.ts';

describe('the face of a site, read by our own driver', () => {
  let server: SiteServer;
  let bus: Bus;
  let observed: ReturnType<typeof observeDriver>;

  const read = async (unit: number, options: Parameters<typeof serveSite>[0] = {}): Promise<void> => {
    server = await serveSite(options);
    server.update(wholeSite, allSides);
    bus = createBus(createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, systemClock), systemClock);
    observed = observeDriver({ bus, unit }, systemClock);
    await observed.poll();
  };
  afterEach(async () => {
    await observed.driver.close();
    await bus.close();
    await server.close();
  });

  for (const meterModels of [[203, 213], [203], [213]])
    it(`gives the readings of the grid back, with the models ${meterModels.join(' and ')}`, async () => {
      await read(units.grid, { meterModels });
      const told = Object.entries(observed.values()).filter(([, value]) => value !== null);
      const expected = [...wholeSite.grid].map(([name, value]) => [`meter/${name}`, value]);
      assert.deepEqual(Object.fromEntries(told), Object.fromEntries(expected));
      assert.deepEqual(observed.events, []);
    });

  it('gives the readings of the inverters back', async () => {
    await read(units.solar);
    const told = Object.entries(observed.values()).filter(([, value]) => value !== null);
    const { energy_out, ...others } = Object.fromEntries(wholeSite.solar);
    const expected = Object.entries({ ...others, energy_produced: energy_out }).map(([name, value]) => [
      `solar/${name}`,
      value,
    ]);
    assert.deepEqual(Object.fromEntries(told), { ...Object.fromEntries(expected), 'solar/status': 'producing' });
    assert.deepEqual(observed.driver.describe().components, { solar: { phases: 3 } });
  });

  it('knows no value any more when the site is not known, and comes back by itself', async () => {
    await read(units.grid);
    assert.equal(observed.sample('meter/power')?.value, -4321);
    server.update({ grid: new Map(), solar: new Map() }, new Set());
    await until(() => observed.sample('meter/power')?.value === null, 'no value');
    await until(() => observed.states.at(-1)?.kind === 'offline', 'a device that is offline');
    server.update({ ...wholeSite, grid: new Map([['power', 17]]) }, allSides);
    await until(() => observed.sample('meter/power')?.value === 17, 'the next value');
    await until(() => observed.states.at(-1)?.kind === 'online', 'a device that is online again');
  });
});
