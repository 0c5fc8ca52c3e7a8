import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn, root } from '../support/house-rules.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const languages = ['en-US', 'de'];
const types = Object.keys(manifest['node-red'].nodes).sort();

/** Every path of keys in a catalog. */
const keysOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, below]) => keysOf(below, `${path}.${key}`))
    : [path];

/** @returns what a node lacks; has: whether a path exists, text: what is in it */
const lacksOf = (type: string, has: (path: string) => boolean, text: (path: string) => string): string[] => {
  const lacks: string[] = [];
  const need = (path: string): boolean => {
    if (!has(path)) lacks.push(`${type} lacks ${path}`);
    return has(path);
  };
  need(`nodes/${type}.ts`);
  const html = need(`nodes/${type}.html`) ? text(`nodes/${type}.html`) : '';
  if (!new RegExp(`RED\\.nodes\\.registerType\\('${type}', \\{`).test(html))
    lacks.push(`${type} is not registered in its html with an inline definition`);
  const icon = /icon: '([^']+)'/.exec(html)?.[1];
  if (icon) need(`icons/${icon}`);
  const used = [...html.matchAll(/data-i18n="([^"]+)"/g)].map((match) => match[1] as string);
  const catalogs = languages.map((language) => {
    const path = `locales/${language}/${type}.json`;
    return need(path) ? keysOf(JSON.parse(text(path))).map((key) => key.slice(1)) : [];
  });
  catalogs.forEach((keys, i) => {
    for (const key of used) if (!keys.includes(key)) lacks.push(`${type} lacks ${key} in ${languages[i]}`);
    for (const key of catalogs[0] ?? []) if (!keys.includes(key)) lacks.push(`${type} lacks ${key} in ${languages[i]}`);
  });
  const code = has(`nodes/${type}.ts`) ? text(`nodes/${type}.ts`) : '';
  for (const [, key] of code.matchAll(/key: '([A-Za-z]+)'/g))
    if (!catalogs[0]?.includes(`${type}.status.${key}`) && type !== 'ems-broker')
      lacks.push(`${type} lacks the status ${key}`);
  for (const language of languages) {
    const path = `locales/${language}/${type}.md`;
    if (!need(path)) continue;
    const help = text(path);
    for (const [, property] of html.matchAll(/data-i18n="[^"]+\.label\.([A-Za-z]+)"/g))
      if (!help.includes(`: ${property} `)) lacks.push(`${path} does not explain ${property}`);
  }
  return lacks;
};

const has = (path: string): boolean => existsSync(join(root, path));

describe('the house: each node is complete', () => {
  for (const type of types) it(type, () => assert.deepEqual(lacksOf(type, has, read), []));

  it('every node of nodes/ is in package.json', () => {
    const present = filesIn('nodes', '.ts')
      .map((file) => file.replace(/^nodes\/|\.ts$/g, ''))
      .sort();
    assert.deepEqual(present, types);
  });

  it('every node is used in a shipped flow', () => {
    const used = new Set(
      readdirSync(join(root, 'flows'))
        .flatMap((name) => JSON.parse(read(`flows/${name}`)))
        .map(({ type }) => type),
    );
    assert.deepEqual(
      types.filter((type) => !used.has(type)),
      [],
    );
  });

  const missing: [name: string, change: (path: string) => boolean, reason: RegExp][] = [
    ['its help in German', (path) => path !== 'locales/de/ems-pick.md', /lacks locales\/de\/ems-pick\.md/],
    ['a catalog', (path) => path !== 'locales/en-US/ems-pick.json', /lacks locales\/en-US\/ems-pick\.json/],
    ['its icon', (path) => !path.startsWith('icons/'), /lacks icons/],
    ['its form', (path) => path !== 'nodes/ems-pick.html', /lacks nodes\/ems-pick\.html/],
  ];
  for (const [name, isThere, reason] of missing)
    it(`notices that a node lacks ${name}`, () => {
      const lacks = lacksOf('ems-pick', (path) => isThere(path) && has(path), read);
      assert.match(lacks.join('\n'), reason);
    });

  it('notices a key without words', () => {
    const text = (path: string): string =>
      read(path).replace('data-i18n="ems-pick.label.name"', 'data-i18n="ems-pick.label.x"');
    assert.match(lacksOf('ems-pick', has, text).join('\n'), /lacks ems-pick\.label\.x/);
  });
});

/** The rules of the package scorecard, as far as they can be checked without a network. */
const packageFaults = (given: typeof manifest, lock: string): string[] => {
  const faults: string[] = [];
  const rule = (isKept: boolean, what: string): void => void (isKept || faults.push(what));
  rule(given.license === 'MIT', 'a license');
  rule(Boolean(given.repository?.url && given.bugs?.url && given.homepage), 'repository, bugs and homepage');
  rule(/^@[a-z]+\/node-red-/.test(given.name), 'a scoped name');
  rule(given['node-red']?.version === '>=4.1.0', 'the Node-RED version');
  rule(given.engines?.node === '>=20.19', 'the Node version');
  rule(Object.keys(given.dependencies ?? {}).length <= 6, 'at most 6 dependencies');
  rule(!given.dependencies?.['@flowfuse/node-red-dashboard'], 'no dashboard among the dependencies');
  rule(!given.scripts?.prepare && !given.scripts?.install && !given.scripts?.postinstall, 'no install scripts');
  rule(!lock.includes('"resolved"'), 'no download addresses in the lock file');
  // npm takes such an entry out at every install, and what was locked is locked no more.
  rule(!lock.includes('"extraneous"'), 'nothing in the lock file that nobody needs');
  return faults;
};

describe('the house: the package', () => {
  const lock = read('package-lock.json');
  it('keeps the rules', () => assert.deepEqual(packageFaults(manifest, lock), []));

  it('so do the lock files beside it', () => {
    for (const folder of ['bench/reference', 'test/node-red-4.1'])
      assert.deepEqual(packageFaults(manifest, read(`${folder}/package-lock.json`)), [], folder);
  });

  it('all its dependencies are freely licensed', () => {
    for (const name of Object.keys(manifest.dependencies)) {
      const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
      assert.match(license, /^(MIT|ISC|BSD|Apache)/, name);
    }
  });

  it('notices each broken rule', () => {
    const broken = [
      { ...manifest, license: 'UNLICENSED' },
      { ...manifest, name: 'node-red-ems' },
      { ...manifest, 'node-red': {} },
      { ...manifest, engines: {} },
      { ...manifest, bugs: undefined },
      { ...manifest, dependencies: { ...manifest.dependencies, a: '1', b: '1', c: '1' } },
      { ...manifest, scripts: { ...manifest.scripts, postinstall: 'x' } },
    ];
    for (const each of broken) assert.equal(packageFaults(each, lock).length, 1);
    for (const entry of ['"resolved"', '"extraneous"']) assert.equal(packageFaults(manifest, entry).length, 1);
  });

  it('carries its version in the changelog', () => {
    assert.match(read('CHANGELOG.md'), new RegExp(`^## ${manifest.version.replace(/\./g, '\\.')}`, 'm'));
  });
});
