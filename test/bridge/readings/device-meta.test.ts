import assert from 'node:assert/strict';
import { deviceMeta, type Placement } from '../../../src/bridge/readings/device-meta.ts';
import type { Actuator, Channel, DeviceDescription } from '../../../src/drivers/driver.ts';
import type { ComponentMeta, Role } from '../../../src/model/meta.ts';

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
  const where = { device: 'x', site: 'home', gateway: 'gw', ...placement };
  return deviceMeta({ description, derived: [], actuators: [], placement: where }, '2026-11-23T10:00:00.000Z')
    .components;
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

  it('which are computed, which are billed, and which sign nobody has proven', () => {
    const counter = { quantity: 'energy_import', unit: 'Wh', kind: 'counter', signed: false } as const;
    const channels = [
      power('meter', { isSignVerified: false }),
      power('meter', counter),
      power('meter', { quantity: 'voltage', unit: 'V', isDerived: true }),
    ];
    const description = { protocol: 'test', source: 'test', channels, components: {} };
    const derived = [power('meter', { quantity: 'import_power', signed: false })];
    const flagsWith = (isBilling: boolean): unknown[] => {
      const placement = { device: 'x', site: 'home', gateway: 'gw', isBilling };
      const meta = deviceMeta({ description, derived, actuators: [], placement }, '2026-11-23T10:00:00.000Z');
      return Object.entries(meta.components[0]?.quantities ?? {}).map(
        ([name, { derived: isDerived, billing, sign_verified }]) => [name, isDerived, billing, sign_verified],
      );
    };
    assert.deepEqual(flagsWith(true), [
      ['power', undefined, undefined, false],
      ['energy_import', undefined, true, undefined],
      ['voltage', true, undefined, undefined],
      ['import_power', true, undefined, undefined],
    ]);
    assert.deepEqual(flagsWith(false)[1], ['energy_import', undefined, undefined, undefined]);
  });

  it('a phase has a quantity of its own, and a component with an index as well', () => {
    const components = describeWith([power('ev_charger', { index: 2, part: 'l1' }), power('ev_charger', { index: 2 })]);
    assert.deepEqual(
      components.map(({ type, index, quantities }) => [type, index, Object.keys(quantities)]),
      [['ev_charger', 2, ['power/l1', 'power']]],
    );
  });
});

describe('what a bridge says of a component', () => {
  const factsOf = (placement: Partial<Placement>, more: Partial<DeviceDescription> = {}) =>
    describeWith([power('battery'), power('solar')], placement, more).map(
      ({ type, role, coupling, behind, parent, phase, phases, rated_power_w, usable_energy_wh }) => ({
        type,
        ...{ role, coupling, behind, parent, phase, phases, rated_power_w, usable_energy_wh },
      }),
    );
  const nothing = { coupling: undefined, behind: undefined, parent: undefined, phase: undefined, phases: undefined };
  const battery = {
    type: 'battery',
    role: 'battery',
    ...nothing,
    rated_power_w: undefined,
    usable_energy_wh: undefined,
  };
  const solar = { ...battery, type: 'solar', role: 'solar' };

  it('nothing that nobody knows', () => {
    assert.deepEqual(factsOf({}), [battery, solar]);
    const quantity = {
      unit: 'W',
      interval_s: 5,
      max_age_s: 30,
      report: 'periodic',
      positive: 'production',
      signed: true,
    };
    assert.deepEqual(describeWith([power('solar')]), [
      { type: 'solar', role: 'solar', quantities: { power: quantity } },
    ]);
    const { unit: _, ...mode } = power('solar', { quantity: 'mode', kind: 'text', signed: false });
    assert.deepEqual(describeWith([mode])[0]?.quantities, {
      mode: { interval_s: 5, max_age_s: 30, report: 'periodic' },
    });
  });

  it('what the integrator says', () => {
    const placed = { parent: 'm', phase: 'l2', behind: 'inv' } as const;
    assert.deepEqual(factsOf({ ...placed, coupling: 'ac' }), [
      { ...battery, ...placed, coupling: 'ac' },
      { ...solar, ...placed, coupling: 'ac' },
    ]);
  });

  it('a component on the side of direct current is behind its own device, if behind no other', () => {
    assert.deepEqual(factsOf({ coupling: 'dc' })[0], { ...battery, coupling: 'dc', behind: 'x' });
    assert.deepEqual(factsOf({ coupling: 'dc', behind: 'inv' })[0], { ...battery, coupling: 'dc', behind: 'inv' });
  });

  it('the driver knows better which side it is on, how many phases it has, and its role', () => {
    const components = { battery: { coupling: 'dc', phases: 3 }, solar: { role: 'generator' } } as const;
    assert.deepEqual(factsOf({ coupling: 'ac' }, { components }), [
      { ...battery, coupling: 'dc', behind: 'x', phases: 3 },
      { ...solar, role: 'generator', coupling: 'ac' },
    ]);
  });

  it('in which order a charging station is connected to the phases of the grid', () => {
    const [station] = describeWith(
      [power('ev_charger')],
      {},
      { components: { ev_charger: { phaseRotation: 'L2L3L1' } } },
    );
    assert.equal(station?.phase_rotation, 'L2L3L1');
  });

  it('the usable energy is that of the battery alone, and the integrator knows better', () => {
    const known = { usableEnergyWh: 5000, ratedPowerW: 3000 };
    const rated = { rated_power_w: 3000 };
    assert.deepEqual(factsOf({}, known), [
      { ...battery, ...rated, usable_energy_wh: 5000 },
      { ...solar, ...rated },
    ]);
    assert.equal(factsOf({ usableEnergyWh: 4000 }, known)[0]?.usable_energy_wh, 4000);
  });

  it('the name, the vendor and the rest of the device, as far as they are known', () => {
    const device = { protocol: 'test', source: 's', vendor: 'Acme', model: 'M', serial: 'S', firmware: '1' };
    const description = { ...device, channels: [], components: {} };
    const facts = { description, derived: [], actuators: [] };
    const at = '2026-11-23T10:00:00.000Z';
    const placement = { device: 'x', site: 'home', gateway: 'gw' };
    const common = { topic: 'devices/x/meta', schema: 'meta/1', device: 'x', site: 'home', gateway: 'gw' };
    assert.deepEqual(deviceMeta({ ...facts, placement: { ...placement, name: 'Box' } }, at), {
      ...common,
      name: 'Box',
      ...{ vendor: 'Acme', model: 'M', serial: 'S', firmware: '1', protocol: 'test' },
      ts: at,
      components: [],
    });
    const { vendor: _, model: __, serial: ___, firmware: ____, ...bare } = description;
    assert.deepEqual(deviceMeta({ ...facts, description: bare, placement }, at), {
      ...common,
      protocol: 'test',
      ts: at,
      components: [],
    });
  });
});

describe('what a bridge says of its commands', () => {
  const actuator: Actuator = {
    key: 'battery',
    type: 'battery',
    verbs: {
      charge: {
        kind: 'setpoint',
        params: {
          power_w: { unit: 'W', min: 100, max: 5000, step: 10, isZeroAllowed: true, limitedBy: 'limit_charge' },
          until_soc: { unit: '%', isOptional: true },
        },
        maxLeaseS: 900,
        tolerance: 50,
      },
      set_reserve_soc: { kind: 'config', params: {}, maxLeaseS: 0 },
    },
    fallback: { means: { mode: 'auto' } },
    minWriteIntervalMs: 100,
    latencyS: 1,
    timeConstantS: 2,
    verifyS: 3,
    verification: 'readback',
    watchdogS: 60,
    isPersistent: true,
  };
  const commandsOf = (given: Actuator) => {
    const description = { protocol: 'test', source: 'test', channels: [], components: {} };
    const placement = { device: 'x', site: 'home', gateway: 'gw' };
    const facts = { description, derived: [], actuators: [given], placement };
    return deviceMeta(facts, '2026-11-23T10:00:00.000Z').components[0]?.commands;
  };

  it('their ranges, leases, times, safe state and registers', () => {
    const known = {
      fallback: { mode: 'auto' },
      ...{ latency_s: 1, time_constant_s: 2, verify_s: 3, verification: 'readback', watchdog_s: 60, persistent: true },
    };
    assert.deepEqual(commandsOf(actuator), {
      charge: {
        kind: 'setpoint',
        params: {
          power_w: { unit: 'W', min: 100, max: 5000, step: 10, zero: true, limited_by: 'limit_charge' },
          until_soc: { unit: '%', optional: true },
        },
        lease: { required: true, min_s: 10, max_s: 900 },
        tolerance: 50,
        ...known,
      },
      set_reserve_soc: { kind: 'config', params: {}, lease: { required: false }, ...known },
      release: { kind: 'release', params: {} },
    });
  });

  it('nothing that nobody knows, and no release of what has no safe state', () => {
    const { fallback: _, latencyS: __, timeConstantS: ___, watchdogS: ____, ...rest } = actuator;
    const { set_reserve_soc } = actuator.verbs;
    assert.ok(set_reserve_soc);
    assert.deepEqual(commandsOf({ ...rest, verbs: { set_reserve_soc }, isPersistent: false }), {
      set_reserve_soc: {
        kind: 'config',
        params: {},
        lease: { required: false },
        verify_s: 3,
        verification: 'readback',
      },
    });
  });
});
