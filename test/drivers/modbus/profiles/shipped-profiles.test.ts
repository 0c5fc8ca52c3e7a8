import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { channelsOf } from '../../../../src/drivers/modbus/device/device-description.ts';
import { layoutOf } from '../../../../src/drivers/modbus/device/profile-layout.ts';
import type { Profile } from '../../../../src/drivers/modbus/profiles/profile-schema.ts';
import { resolveProfile } from '../../../../src/drivers/modbus/profiles/resolve-profile.ts';
import { assertProfile } from '../../../support/modbus/assert-profile.ts';

const folder = new URL('../../../../profiles/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const load = (name: string): Profile => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

describe('device profiles', () => {
  it('there are at least 60', () => assert.ok(files.length >= 60, `${files.length}`));

  for (const name of files)
    it(name, () => {
      const profile = load(name);
      assert.equal(`${profile.id}.json`, name);
      assertProfile(profile);
    });
});

describe('where the counters of a profile begin again from 0', () => {
  const moduli = (name: string): Record<string, number | undefined> => {
    const resolved = resolveProfile(load(name));
    assert.ok(resolved.ok);
    const channels = channelsOf(layoutOf(resolved.value), { intervalMs: 1000, slowMs: 1000 });
    const shown = channels.filter(({ unit }) => unit === 'Wh' || unit === 'W');
    return Object.fromEntries(shown.map(({ type, quantity, modulus }) => [`${type}/${quantity}`, modulus]));
  };

  it('is known of whole numbers without a sign, in the unit of the quantity', () => {
    const sungrow = moduli('sungrow-sh-rt.json');
    assert.equal(sungrow['solar/energy_produced'], 2 ** 32 * 100);
    assert.equal(sungrow['battery/energy_charged'], 2 ** 32 * 100);
    assert.equal(sungrow['inverter/power'], undefined);
  });

  it('is not known of floating point numbers', () =>
    assert.equal(moduli('eastron-sdm630.json')['meter/energy_import'], undefined));
});

describe('how the quantities of a profile are told', () => {
  const told = (profile: Profile) => {
    const resolved = resolveProfile(profile);
    assert.ok(resolved.ok, resolved.ok ? '' : resolved.reason);
    return channelsOf(layoutOf(resolved.value), { intervalMs: 1000, slowMs: 1000 });
  };
  const resolutionOf = (profile: Profile, path: string): number | undefined =>
    told(profile).find(({ type, quantity }) => `${type}/${quantity}` === path)?.resolution;

  it('is with every poll, changed or not', () => {
    for (const { report } of told(load('sungrow-sh-rt.json'))) assert.equal(report, 'periodic');
  });

  it('is in steps of the register, where these are known', () => {
    assert.equal(resolutionOf(load('sungrow-sh-rt.json'), 'battery/energy_charged'), 100);
    assert.equal(resolutionOf(load('eastron-sdm630.json'), 'meter/energy_import'), undefined);
    const meter = load('carlogavazzi-em24.json');
    const [first] = meter.points;
    assert.ok(first);
    const factor = { name: 'factor', addr: 900, type: 'int16' } as const;
    const counter = { ...factor, name: 'energy', addr: 901, type: 'uint32', unit: 'Wh' } as const;
    const scaled = { ...counter, quantity: 'meter/energy_import', scaleFrom: 'factor' };
    const plain = { ...meter, points: [{ ...counter, quantity: 'meter/energy_import', scale: 10 }] };
    assert.equal(resolutionOf(plain, 'meter/energy_import'), 10);
    assert.equal(resolutionOf({ ...meter, points: [factor, scaled] }, 'meter/energy_import'), undefined);
  });
});

describe('a profile with a mistake is refused', () => {
  const change = (mutate: (profile: Profile & { points: Record<string, unknown>[] }) => void): Profile => {
    const profile = load('eastron-sdm630.json');
    mutate(profile as Profile & { points: Record<string, unknown>[] });
    return profile;
  };
  const mistakes: [name: string, mutate: Parameters<typeof change>[0], reason: RegExp][] = [
    ['an unknown key', (p) => Object.assign(p.points[0] as object, { adress: 5 }), /adress/i],
    ['overlapping registers', (p) => Object.assign(p.points[1] as object, { addr: 1 }), /overlap/],
    [
      'an unknown quantity',
      (p) => Object.assign(p.points[0] as object, { quantity: 'meter/charm' }),
      /no quantity "charm"/,
    ],
    ['a unit of another dimension', (p) => Object.assign(p.points[0] as object, { unit: 'A' }), /cannot be converted/],
    ['a number without unit', (p) => Object.assign(p.points[0] as object, { unit: undefined }), /no unit/],
    [
      'two points for one quantity',
      (p) => Object.assign(p.points[1] as object, { quantity: 'meter/voltage/l1' }),
      /both feed/,
    ],
    ['a name used twice', (p) => Object.assign(p.points[1] as object, { name: 'voltage.l1' }), /named twice/],
    [
      'a forbidden register',
      (p) => Object.assign(p, { limits: { ...p.limits, forbidden: [[0, 3]] } }),
      /touches 0\.\.3/,
    ],
    [
      'a sum of nothing',
      (p) => p.points.push({ name: 's', quantity: 'meter/x_s', sum: ['nope'], unit: 'W' }),
      /not a point/,
    ],
    [
      'a command to a point that cannot be written',
      (p) =>
        Object.assign(p, {
          actuators: [
            {
              component: 'battery',
              fallback: { means: { mode: 'auto' }, steps: [{ point: 'voltage.l1', value: 1 }] },
            },
          ],
        }),
      /fallback writes voltage\.l1, which is only read/,
    ],
    [
      'a point that nothing uses',
      (p) => p.points.push({ name: 'spare', addr: 500, type: 'uint16' }),
      /points that nothing uses[\s\S]*spare/,
    ],
    ['an address beyond the end', (p) => Object.assign(p.points[0] as object, { addr: 65535 }), /beyond 65535/],
  ];
  for (const [name, mutate, reason] of mistakes)
    it(name, () => assert.throws(() => assertProfile(change(mutate)), reason));
});
