import assert from 'node:assert/strict';
import type { Side } from '../../../../src/drivers/sunspec/server/site-readings.ts';
import { SiteValues } from '../../../../src/drivers/sunspec/server/site-values.ts';
import type { Message } from '../../../../src/model/message.ts';
import type { ComponentMeta, QuantityMeta } from '../../../../src/model/meta.ts';
import type { SiteEnergy, SitePower } from '../../../../src/model/site.ts';
import { isoTime } from '../../../../src/model/time.ts';
import { metaOf, readingOf } from '../../../support/site/site-messages.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const volt: QuantityMeta = { unit: 'V', interval_s: 1, max_age_s: 10 };
const ampere: QuantityMeta = { unit: 'A', interval_s: 1, max_age_s: 10 };
const watt: QuantityMeta = { unit: 'W', interval_s: 1, max_age_s: 10 };
const phased: ComponentMeta['quantities'] = {
  power: watt,
  'power/l1': watt,
  'voltage/l1': volt,
  'current/l1': ampere,
  frequency: { unit: 'Hz' },
  power_factor: { unit: '1' },
};
const meter = (more: Partial<ComponentMeta> = {}): ComponentMeta => ({
  type: 'meter',
  role: 'grid',
  quantities: phased,
  ...more,
});
const inverter = (more: Partial<ComponentMeta> = {}): ComponentMeta => ({
  type: 'solar',
  role: 'solar',
  quantities: phased,
  ...more,
});

const start = () => {
  const clock = createVirtualClock();
  const values = new SiteValues({ site: 'home', maxAgeMs: 90_000 }, clock);
  const now = (): string => isoTime(clock.now());
  const take = (...messages: Message[]): void => {
    for (const message of messages) values.take(message);
  };
  const power = (fields: Partial<SitePower>, site = 'home'): Message<'site-power/1'> =>
    ({ topic: `sites/${site}/power`, schema: 'site-power/1', ts: now(), ...fields }) as Message<'site-power/1'>;
  const energy = (fields: Partial<SiteEnergy>, site = 'home'): Message<'site-energy/1'> =>
    ({ topic: `sites/${site}/energy`, schema: 'site-energy/1', ts: now(), ...fields }) as Message<'site-energy/1'>;
  return {
    clock,
    values,
    take,
    power,
    energy,
    say: (path: string, value: number | null, more: object = {}) =>
      take(readingOf(path, value, clock.now(), { unit: 'V', ...more })),
    read: (side: Side) => Object.fromEntries(values.readings()[side]),
    tellable: () => [...values.tellable(values.readings())],
  };
};

describe('what is known of a site', () => {
  it('is nothing at first', () => {
    const { read, tellable } = start();
    assert.deepEqual([read('grid'), read('solar'), tellable()], [{}, {}, []]);
  });

  it('are its sums, and nothing of what it does not know', () => {
    const { take, power, energy, read } = start();
    take(power({ grid_w: -500, solar_w: null }), energy({ grid_import_wh: 5, grid_export_wh: 0, solar_wh: null }));
    assert.deepEqual(read('grid'), { power: -500, energy_import: 5, energy_export: 0 });
    assert.deepEqual(read('solar'), {});
    take(power({ grid_w: 0, solar_w: 3000 }), energy({ grid_import_wh: 6, grid_export_wh: 1, solar_wh: 7 }));
    assert.deepEqual(read('grid'), { power: 0, energy_import: 6, energy_export: 1 });
    assert.deepEqual(read('solar'), { power: 3000, energy_out: 7 });
  });

  it('ends when the site has told no power for as long as is allowed, counters included', () => {
    const { clock, take, power, energy, read } = start();
    take(power({ grid_w: 1 }), energy({ grid_import_wh: 5 }));
    clock.advance(90_000);
    assert.deepEqual(read('grid'), { power: 1, energy_import: 5 });
    take(energy({ grid_import_wh: 6 }));
    clock.advance(1);
    assert.deepEqual(read('grid'), {});
    take(power({ grid_w: 2 }));
    assert.deepEqual(read('grid'), { power: 2, energy_import: 6 });
  });

  it('counts the time that a message was under way', () => {
    const { clock, take, power, read } = start();
    const old = power({ grid_w: 1 });
    clock.advance(60_000);
    take(old);
    clock.advance(30_000);
    assert.deepEqual(read('grid'), { power: 1 });
    clock.advance(1);
    assert.deepEqual(read('grid'), {});
  });

  it('does not go back to what was said before, and does not end because a clock was set', () => {
    const { clock, take, power, read } = start();
    const old = power({ grid_w: 1 });
    clock.advance(1000);
    take(power({ grid_w: 2 }), old);
    assert.deepEqual(read('grid'), { power: 2 });
    clock.jump(3_600_000);
    assert.deepEqual(read('grid'), { power: 2 });
    // A site whose clock is ahead is believed for no longer than any other.
    take(power({ grid_w: 3, ts: isoTime(clock.now() + 60_000) }));
    clock.advance(90_001);
    assert.deepEqual(read('grid'), {});
  });

  it('is nothing of another site', () => {
    const { take, power, energy, read } = start();
    take(power({ grid_w: 1 }, 'other'), energy({ grid_import_wh: 1 }, 'other'));
    assert.deepEqual(read('grid'), {});
  });
});

describe('a side of a site can be told as a whole', () => {
  it('once its power and its counter are known', () => {
    const { take, power, energy, tellable } = start();
    take(power({ grid_w: 1, solar_w: 2 }));
    assert.deepEqual(tellable(), []);
    take(energy({ grid_import_wh: 5, solar_wh: null }));
    assert.deepEqual(tellable(), ['grid']);
    take(energy({ grid_import_wh: 5, solar_wh: 6 }));
    assert.deepEqual(tellable(), ['grid', 'solar']);
    take(power({ grid_w: null, solar_w: 2 }));
    assert.deepEqual(tellable(), ['solar']);
  });

  it('without a counter when the site has not told one for a while', () => {
    const { clock, take, power, tellable } = start();
    take(power({ grid_w: 1 }));
    clock.advance(60_000);
    take(power({ grid_w: 1 }));
    clock.advance(30_000);
    assert.deepEqual(tellable(), []);
    clock.advance(1);
    assert.deepEqual(tellable(), ['grid']);
  });
});

describe('what devices tell beside the sums of their site', () => {
  it('are the phases of the one meter at the grid; its power is that of the site', () => {
    const { take, say, power, read } = start();
    take(metaOf('m1', meter()), power({ grid_w: 100 }));
    say('m1/meter/power', 99);
    say('m1/meter/power/l1', 40);
    say('m1/meter/voltage/l1', 230.1);
    say('m1/meter/frequency', 50);
    say('m1/meter/power_factor', 0.9);
    say('m1/meter/temperature', 20);
    say('m2/meter/voltage/l1', 1);
    const told = { power: 100, 'power/l1': 40, 'voltage/l1': 230.1, frequency: 50, power_factor: 0.9 };
    assert.deepEqual(read('grid'), told);
    assert.deepEqual(read('solar'), {});
  });

  it('ends with the age that its meta allows, or with a reading that is not good', () => {
    const { clock, take, say, read } = start();
    take(metaOf('m1', meter()));
    say('m1/meter/voltage/l1', 230);
    say('m1/meter/frequency', 50);
    clock.advance(10_000);
    assert.deepEqual(read('grid'), { 'voltage/l1': 230, frequency: 50 });
    clock.advance(1);
    // A quantity whose meta states no age is good for 30 s.
    assert.deepEqual(read('grid'), { frequency: 50 });
    say('m1/meter/frequency', 50.1, { quality: 'stale' });
    assert.deepEqual(read('grid'), {});
    say('m1/meter/frequency', 50.2, { quality: 'estimated' });
    assert.deepEqual(read('grid'), { frequency: 50.2 });
    say('m1/meter/frequency', null);
    assert.deepEqual(read('grid'), {});
  });

  it('does not go back to an earlier reading', () => {
    const { clock, take, say, read } = start();
    take(metaOf('m1', meter()));
    say('m1/meter/frequency', 50);
    say('m1/meter/frequency', 49, { ts: isoTime(clock.now() - 1000) });
    assert.deepEqual(read('grid'), { frequency: 50 });
  });

  it('adds up over several meters, averages what is common to them, and leaves out what none has alone', () => {
    const { take, say, read } = start();
    take(metaOf('m1', meter()), metaOf('m2', meter()));
    for (const [device, ampere, volt] of [
      ['m1', 1.5, 230],
      ['m2', 2, 231],
    ] as const) {
      say(`${device}/meter/current/l1`, ampere);
      say(`${device}/meter/voltage/l1`, volt);
      say(`${device}/meter/power_factor`, 0.9);
    }
    assert.deepEqual(read('grid'), { 'current/l1': 3.5, 'voltage/l1': 230.5 });
    say('m2/meter/current/l1', null);
    say('m2/meter/voltage/l1', null);
    assert.deepEqual(read('grid'), { 'voltage/l1': 230 });
  });

  it('has no sum where one of the inverters tells nothing of its phases', () => {
    const { take, say, read } = start();
    take(metaOf('pv', inverter()), metaOf('old', inverter({ quantities: { power: watt } })));
    say('pv/solar/current/l1', 1);
    say('pv/solar/voltage/l1', 230);
    assert.deepEqual(read('solar'), { 'voltage/l1': 230 });
    // A component without a power is no part of the balance of its site.
    take(metaOf('old', inverter({ quantities: { frequency: { unit: 'Hz' } } })));
    assert.deepEqual(read('solar'), { 'current/l1': 1, 'voltage/l1': 230 });
  });

  it('leaves out a device that a meter of the same side measures, and the parts of a device with a total', () => {
    const { take, say, read } = start();
    take(
      metaOf('pv', inverter({ parent: 'm3' })),
      metaOf('m3', meter({ role: 'solar' })),
      metaOf('roof', inverter({ index: 1 }), inverter()),
    );
    for (const path of ['pv/solar', 'm3/meter', 'roof/solar/1', 'roof/solar']) say(`${path}/current/l1`, 1);
    assert.deepEqual(read('solar'), { 'current/l1': 2 });
  });

  it('adds up the parts of a device that tells no total, and a part beside the total of another type', () => {
    const { take, say, read } = start();
    take(
      metaOf('roof', inverter({ index: 1 }), inverter({ index: 2 }), meter({ role: 'solar' })),
      metaOf('barn', inverter({ index: 1 }), inverter({ quantities: { frequency: { unit: 'Hz' } } })),
    );
    for (const path of ['roof/solar/1', 'roof/solar/2', 'roof/meter', 'barn/solar/1']) say(`${path}/current/l1`, 1);
    assert.deepEqual(read('solar'), { 'current/l1': 4 });
  });

  it('is that of the grid all the same where an inverter is a hybrid', () => {
    const { take, say, read } = start();
    take(metaOf('m1', meter()), metaOf('hybrid', inverter({ coupling: 'dc' })));
    say('m1/meter/current/l1', 1);
    assert.deepEqual(read('grid'), { 'current/l1': 1 });
  });

  it('counts a battery behind the inverter of its own device as nothing of the sun', () => {
    const { take, say, read } = start();
    take(metaOf('pv', inverter()), metaOf('store', inverter({ role: 'battery', coupling: 'dc' })));
    say('pv/solar/current/l1', 1);
    assert.deepEqual(read('solar'), { 'current/l1': 1 });
  });

  it('is nothing of inverters beside a hybrid, whose phases carry its battery as well', () => {
    const { take, say, read } = start();
    take(metaOf('pv', inverter()), metaOf('hybrid', inverter({ coupling: 'dc' })));
    say('pv/solar/current/l1', 1);
    assert.deepEqual(read('solar'), {});
  });

  it('ends with a device that is forgotten, or has gone to another site', () => {
    const { take, say, read, values } = start();
    take(metaOf('m1', meter()), metaOf('m2', meter()));
    say('m1/meter/current/l1', 1);
    say('m2/meter/current/l1', 2);
    assert.deepEqual(read('grid'), { 'current/l1': 3 });
    values.forget('m1');
    assert.deepEqual(read('grid'), { 'current/l1': 2 });
    take({ ...metaOf('m2', meter()), site: 'other' });
    assert.deepEqual(read('grid'), {});
    // What a device has said before it came back is not known any more.
    take(metaOf('m1', meter()));
    assert.deepEqual(read('grid'), {});
  });
});
