import assert from 'node:assert/strict';
import fc from 'fast-check';
import { currentVersion, isFromLaterVersion, migrate } from '../../src/migrations/migrate.ts';

describe('migrations', () => {
  it('give every config the number of this version', () => {
    assert.deepEqual(migrate('ems-site', { site: 'home' }), { site: 'home', configVersion: currentVersion });
  });

  it('fill in what a config does not hold, and nothing that it holds', () => {
    const defaults = { power: 1, energy: 10, name: '', params: {} };
    const { params, ...migrated } = migrate('ems-aggregate', { power: 5, energy: '', name: undefined }, defaults);
    assert.deepEqual(migrated, { power: 5, energy: '', name: '', configVersion: currentVersion });
    assert.deepEqual(params, {});
    assert.notEqual(params, defaults.params, 'two nodes would share it');
  });

  it('0 to 1: a choice that was left empty is the default', () => {
    const given = { phases: '', authorise: '', identity: '', preset: '' };
    const defaults = { phases: '3', authorise: 'free', identity: 'x', preset: 'y' };
    assert.deepEqual(migrate('ems-ocpp', given, defaults), {
      ...defaults,
      identity: '',
      preset: '',
      configVersion: currentVersion,
    });
    assert.equal(migrate('ems-ocpp-server', { unknown: '' }, { unknown: 'hold' }).unknown, 'hold');
  });

  it('0 to 1: lines of the list of cards that name no card are gone', () => {
    const tags = '04A2; blocked\n; blocked\n ;2027-12-31\n\n04B3';
    assert.equal(migrate('ems-ocpp', { tags }).tags, '04A2; blocked\n\n04B3');
    assert.equal(migrate('ems-ocpp', { tags: '\u0024{TAGS}' }).tags, '\u0024{TAGS}');
    assert.equal(migrate('ems-ocpp', {}).tags, undefined);
  });

  it('a config of this version is left as it is, whatever the steps before would do', () => {
    const config = { tags: '; blocked', phases: '', configVersion: currentVersion };
    assert.deepEqual(migrate('ems-ocpp', config), config);
    assert.deepEqual(migrate('ems-ocpp', { ...config, configVersion: String(currentVersion) }), config);
  });

  it('a config of a later version is left as it is, and known as one', () => {
    const config = { power: 1000, configVersion: currentVersion + 1 };
    assert.ok(isFromLaterVersion(config));
    assert.deepEqual(migrate('ems-aggregate', config, { energy: 10 }), config);
    for (const configVersion of [undefined, null, '', 0, currentVersion, 'new', -1, 0.5])
      assert.ok(!isFromLaterVersion({ configVersion }), String(configVersion));
  });

  it('migrating twice is migrating once, and the given config stays untouched', () => {
    const value = fc.oneof(fc.string(), fc.constant(''), fc.integer(), fc.constant(undefined), fc.boolean());
    const config = fc.dictionary(fc.constantFrom('tags', 'phases', 'name', 'version', 'output', 'port'), value, {
      noNullPrototype: true,
    });
    const types = fc.constantFrom('ems-ocpp', 'ems-broker', 'ems-pick', 'ems-site');
    fc.assert(
      fc.property(types, config, (type, given) => {
        const before = structuredClone(given);
        const once = migrate(type, given, { name: '', port: 1 });
        assert.deepEqual(migrate(type, once, { name: '', port: 1 }), once);
        assert.deepEqual(given, before);
      }),
    );
  });
});
