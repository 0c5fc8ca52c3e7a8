import assert from 'node:assert/strict';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { allNodes, helper } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('the version of a config', () => {
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => helper.unload());

  const server = { id: 'server', type: 'ems-ocpp-server', port: '', tlsPort: '', d: true };
  const site = { id: 'site', type: 'ems-site', site: 'home' };
  const said = (words: RegExp): boolean => helper.logged().some((line) => words.test(line));

  it('of a later package stops the node, with a sentence, and not the runtime', async () => {
    await helper.load(allNodes, [{ id: 'v', type: 'ems-validate', maxBytes: 1, configVersion: currentVersion + 1 }]);
    await until(() => said(/a later version of this package configured this node: update the package/), 'the reason');
    assert.ok(!said(/maxBytes|64/), 'its fields were read');
  });

  it('that is missing is that of 0.1.0: a line without a card is no reason to stop', async () => {
    const station = { id: 'cp', type: 'ems-ocpp', server: 'server', site: 'site', device: 'box', tags: '; blocked' };
    await helper.load(allNodes, [site, server, station]);
    await until(() => said(/OCPP|server/), 'the missing server');
    assert.ok(!said(/is no tag/));
  });

  it('of this package is taken at its word: a line without a card is refused', async () => {
    const station = { id: 'cp', type: 'ems-ocpp', server: 'server', site: 'site', device: 'box', tags: '; blocked' };
    await helper.load(allNodes, [site, server, { ...station, configVersion: String(currentVersion) }]);
    await until(() => said(/"; blocked" is no tag like/), 'the reason');
  });
});
