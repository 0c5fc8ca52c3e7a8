import assert from 'node:assert/strict';
import { describeDevice, type Placement } from '../../src/bridge/meta.ts';
import type { Channel, DeviceDescription } from '../../src/drivers/driver.ts';
import type { ComponentMeta, Role } from '../../src/model/meta.ts';

const power = (type: string, more: Partial<Channel> = {}): Channel => ({
  type,
  quantity: 'power',
  unit: 'W',
  kind: 'gauge',
  intervalS: 5,
  maxAgeS: 30,
  signed: true,
  ...more,
});

const describeWith = (
  channels: Channel[],
  placement: Partial<Placement> = {},
  more: Partial<DeviceDescription> = {},
): ComponentMeta[] => {
  const description: DeviceDescription = { protocol: 'test', source: 'test', channels, components: {}, ...more };
  const place = { device: 'x', site: 'home', gateway: 'gw', ...placement };
  return describeDevice(description, [], [], place, '2026-11-23T10:00:00.000Z').components;
};

describe('what a bridge says of its quantities', () => {
  const arrows: [type: string, role: Role | undefined, expectedRole: Role, positive: string][] = [
    ['meter', 'grid', 'grid', 'import'],
    ['meter', 'submeter', 'submeter', 'import'],
    ['meter', undefined, 'submeter', 'import'],
    ['meter', 'none', 'none', 'import'],
    ['meter', 'solar', 'solar', 'production'],
    ['meter', 'battery', 'battery', 'discharge'],
    ['meter', 'generator', 'generator', 'production'],
    ['meter', 'load', 'load', 'consumption'],
    ['meter', 'ev', 'ev', 'consumption'],
    ['meter', 'heat', 'heat', 'consumption'],
    ['grid', undefined, 'grid', 'import'],
    ['battery', undefined, 'battery', 'discharge'],
    ['solar', undefined, 'solar', 'production'],
    ['wind', undefined, 'solar', 'production'],
    ['generator', undefined, 'generator', 'production'],
    ['inverter', undefined, 'inverter', 'production'],
    ['ev_charger', undefined, 'ev', 'consumption'],
    ['heat_pump', undefined, 'heat', 'consumption'],
    ['heater', undefined, 'heat', 'consumption'],
    ['load', undefined, 'load', 'consumption'],
  ];
  for (const [type, role, expectedRole, positive] of arrows)
    it(`the power of a ${type}${role === undefined ? '' : ` that measures ${role}`} is positive where it means ${positive}`, () => {
      const [component] = describeWith([power(type)], role === undefined ? {} : { role });
      assert.deepEqual([component?.role, component?.quantities.power?.positive], [expectedRole, positive]);
    });

  it('the arrow is said of signed powers alone, and the sign of what could have one', () => {
    const [component] = describeWith([
      power('battery'),
      power('battery', { quantity: 'charge_power', signed: false }),
      power('battery', { quantity: 'current', unit: 'A' }),
      power('battery', { quantity: 'soc', unit: '%', signed: false }),
    ]);
    const { power: signed, charge_power, current, soc } = component?.quantities ?? {};
    assert.deepEqual([signed?.positive, signed?.signed], ['discharge', true]);
    assert.deepEqual([charge_power?.positive, charge_power?.signed], [undefined, false]);
    assert.deepEqual([current?.positive, current?.signed], [undefined, true]);
    assert.deepEqual([soc?.positive, soc?.signed], [undefined, undefined]);
  });

  it('how it is told, how often, how long it is of use, and in which steps', () => {
    const counter = { quantity: 'energy_charged', unit: 'Wh', kind: 'counter', signed: false } as const;
    const [component] = describeWith([
      power('battery', { report: 'on_change', maxAgeS: 300, resolution: 10 }),
      power('battery', { ...counter, resolution: 100, modulus: 1e6 }),
    ]);
    const { power: told, energy_charged } = component?.quantities ?? {};
    assert.deepEqual(
      [told?.report, told?.interval_s, told?.max_age_s, told?.resolution, told?.modulus],
      ['on_change', 5, 300, 10, undefined],
    );
    assert.deepEqual(
      [energy_charged?.report, energy_charged?.resolution, energy_charged?.modulus],
      ['periodic', 100, 1e6],
    );
  });
});
