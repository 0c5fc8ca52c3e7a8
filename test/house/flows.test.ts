import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { filesIn, root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  'node-red': z.object({ nodes: z.record(z.string(), z.string()) }),
});
/** Whose nodes a shipped flow may use beside those of Node-RED itself. */
const modules = ['package.json', 'node_modules/@flowfuse/node-red-dashboard/package.json'].map((path) =>
  manifest.parse(JSON.parse(read(path))),
);

/** Node types of Node-RED itself; those without a definition are the editor's own. */
const coreTypes = new Set([
  ...['tab', 'group', 'subflow', 'global-config'],
  ...filesIn('node_modules/@node-red/nodes/core', '.html').flatMap((file) =>
    [...read(file).matchAll(/RED\.nodes\.registerType\(['"]([^'"]+)['"]/g)].map(([, type]) => type),
  ),
]);

interface ShippedNode {
  type: string;
  configVersion?: number;
  modules?: Record<string, string>;
}

/** @returns where a flow does not say which modules its nodes come from: the editor asks for those when it is imported */
const moduleFaults = (nodes: ShippedNode[]): string[] => {
  const faults: string[] = [];
  const needed: Record<string, string> = {};
  for (const { type } of nodes) {
    if (coreTypes.has(type)) continue;
    const owner = modules.find((each) => Object.hasOwn(each['node-red'].nodes, type));
    if (owner) needed[owner.name] = owner.version;
    else faults.push(`nobody knows where ${type} comes from`);
  }
  const configs = nodes.filter(({ type }) => type === 'global-config');
  const [config, ...others] = configs;
  if (!config || others.length > 0) faults.push(`${configs.length} global-config nodes in place of one`);
  for (const [name, version] of Object.entries(needed))
    if (config?.modules?.[name] !== version) faults.push(`${name} ${version} is not named`);
  for (const name of Object.keys(config?.modules ?? {}))
    if (!Object.hasOwn(needed, name)) faults.push(`${name} is named and not used`);
  return faults;
};

describe('the house: shipped flows', () => {
  for (const name of readdirSync(join(root, 'flows')))
    it(`${name} says which modules it needs`, () => {
      assert.deepEqual(moduleFaults(JSON.parse(read(`flows/${name}`))), []);
    });

  for (const name of readdirSync(join(root, 'flows')))
    it(`${name} is of this version`, () => {
      assert.deepEqual(oldConfigs(JSON.parse(read(`flows/${name}`))), []);
    });
});

/** @returns nodes whose config is not that of this version: it is migrated in every editor that imports it */
const oldConfigs = (nodes: ShippedNode[]): string[] =>
  nodes
    .filter(({ type }) => Object.hasOwn(modules[0]?.['node-red'].nodes ?? {}, type))
    .filter(({ configVersion }) => configVersion !== currentVersion)
    .map(({ type }) => `${type} is not of version ${currentVersion}`);

describe('the house notices a flow that', () => {
  const [own, dashboard] = modules.map(({ name, version }) => ({ name, version }));
  const whole: ShippedNode[] = [
    { type: 'tab' },
    { type: 'inject' },
    { type: 'ems-pick' },
    { type: 'ui-button' },
    {
      type: 'global-config',
      modules: { [own?.name ?? '']: own?.version ?? '', [dashboard?.name ?? '']: dashboard?.version ?? '' },
    },
  ];
  const without = (type: string): ShippedNode[] => whole.filter((node) => node.type !== type);

  it('and finds nothing where all is named', () => assert.deepEqual(moduleFaults(whole), []));

  it('does not name its modules', () => {
    assert.deepEqual(moduleFaults(without('global-config')), [
      '0 global-config nodes in place of one',
      `${own?.name} ${own?.version} is not named`,
      `${dashboard?.name} ${dashboard?.version} is not named`,
    ]);
  });

  it('names one that it does not use, another version, or has two lists', () => {
    assert.deepEqual(moduleFaults(without('ui-button')), [`${dashboard?.name} is named and not used`]);
    const old = { type: 'global-config', modules: { ...whole.at(-1)?.modules, [own?.name ?? '']: '0.0.1' } };
    assert.deepEqual(moduleFaults([...without('global-config'), old]), [`${own?.name} ${own?.version} is not named`]);
    assert.deepEqual(moduleFaults([...whole, ...whole.slice(-1)]), ['2 global-config nodes in place of one']);
  });

  it('is of an earlier version', () => {
    const config = { configVersion: currentVersion };
    assert.deepEqual(oldConfigs([{ type: 'inject' }, { type: 'ems-pick', ...config }, { type: 'ems-site' }]), [
      `ems-site is not of version ${currentVersion}`,
    ]);
  });

  it('has a node of somewhere else', () => {
    assert.deepEqual(moduleFaults([...whole, { type: 'ui_gauge' }]), ['nobody knows where ui_gauge comes from']);
  });
});
