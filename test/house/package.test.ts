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
  need(`src/editor/forms/${type}.ts`);
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

/** @returns nodes that are only in package.json, or only in the folder */
const unlistedOf = (listed: string[], files: string[]): string[] => {
  const present = files.map((file) => file.replace(/^nodes\/|\.ts$/g, ''));
  return [
    ...listed.filter((type) => !present.includes(type)).map((type) => `${type} has no file in nodes/`),
    ...present.filter((type) => !listed.includes(type)).map((type) => `${type} is not in package.json`),
  ];
};

/** @returns nodes that no flow shows */
const unusedOf = (listed: string[], flows: { type: string }[][]): string[] => {
  const used = new Set(flows.flat().map(({ type }) => type));
  return listed.filter((type) => !used.has(type));
};

describe('the house: each node is complete', () => {
  for (const type of types) it(type, () => assert.deepEqual(lacksOf(type, has, read), []));

  it('every node of nodes/ is in package.json', () => {
    assert.deepEqual(unlistedOf(types, filesIn('nodes', '.ts')), []);
  });

  it('every node is used in a shipped flow', () => {
    const flows = readdirSync(join(root, 'flows')).map((name) => JSON.parse(read(`flows/${name}`)));
    assert.deepEqual(unusedOf(types, flows), []);
  });
});

describe('the house notices what a node lacks', () => {
  /** The smallest node that is complete, in memory; a seed takes a piece of it away. */
  const whole: Record<string, string> = {
    'nodes/ems-x.ts': "showStatus({ fill: 'green', key: 'live' });",
    'nodes/ems-x.html': `RED.nodes.registerType('ems-x', { icon: 'x.svg' });
      <label data-i18n="ems-x.label.speed"></label>`,
    'src/editor/forms/ems-x.ts': '',
    'icons/x.svg': '<svg/>',
    ...Object.fromEntries(
      languages.flatMap((language) => [
        [`locales/${language}/ems-x.json`, '{"ems-x":{"label":{"speed":"s"},"status":{"live":"l"}}}'],
        [`locales/${language}/ems-x.md`, ': speed : how fast\n'],
      ]),
    ),
  };
  const lacks = (files: Record<string, string>): string[] =>
    lacksOf(
      'ems-x',
      (path) => Object.hasOwn(files, path),
      (path) => files[path] ?? '',
    );

  it('and finds nothing where it is complete', () => assert.deepEqual(lacks(whole), []));

  for (const path of Object.keys(whole))
    it(path, () => {
      const { [path]: _, ...others } = whole;
      assert.match(lacks(others).join('\n'), new RegExp(`lacks ${path}`));
    });

  const seeds: [name: string, path: string, text: string, reason: RegExp][] = [
    ['a registration', 'nodes/ems-x.html', "RED.nodes.registerType('ems-x', options)", /is not registered in its html/],
    [
      'words for a label',
      'locales/de/ems-x.json',
      '{"ems-x":{"status":{"live":"l"}}}',
      /lacks ems-x\.label\.speed in de/,
    ],
    ['words for a status', 'nodes/ems-x.ts', "showStatus({ key: 'lost' });", /lacks the status lost/],
    ['an explanation', 'locales/de/ems-x.md', ': name : what\n', /de\/ems-x\.md does not explain speed/],
  ];
  for (const [name, path, text, reason] of seeds)
    it(`${name} in ${path}`, () => assert.match(lacks({ ...whole, [path]: text }).join('\n'), reason));

  it('a translation that only one language has', () => {
    const path = 'locales/en-US/ems-x.json';
    const more = '{"ems-x":{"label":{"speed":"s","more":"m"},"status":{"live":"l"}}}';
    assert.deepEqual(lacks({ ...whole, [path]: more }), ['ems-x lacks ems-x.label.more in de']);
  });

  it('a line in package.json, or the file behind it', () => {
    assert.deepEqual(unlistedOf(['ems-x'], ['nodes/ems-x.ts', 'nodes/ems-y.ts']), ['ems-y is not in package.json']);
    assert.deepEqual(unlistedOf(['ems-x', 'ems-z'], ['nodes/ems-x.ts']), ['ems-z has no file in nodes/']);
  });

  it('a flow that shows it', () => {
    assert.deepEqual(unusedOf(['ems-x', 'ems-y'], [[{ type: 'ems-x' }], [{ type: 'tab' }]]), ['ems-y']);
  });
});

const wantedKeywords = [
  ...['modbus', 'sunspec', 'ocpp', 'mqtt', 'ems', 'energy-management', 'wallbox', 'ev-charger'],
  ...['photovoltaics', 'pv', 'inverter', 'battery', 'home-battery', 'meter'],
];

/** The rules of the package scorecard, as far as they can be checked without a network. */
const packageFaults = (given: typeof manifest, lock: string): string[] => {
  const faults: string[] = [];
  const rule = (isKept: boolean, what: string): void => void (isKept || faults.push(what));
  rule(given.license === 'MIT', 'a license');
  rule(Boolean(given.repository?.url && given.bugs?.url && given.homepage), 'repository, bugs and homepage');
  rule(/^@[a-z]+\/node-red-/.test(given.name), 'a scoped name');
  rule(given['node-red']?.version === '>=4.1.0', 'the Node-RED version');
  rule(given.engines?.node === '>=20.19', 'the Node version');
  // The palette manager lists no package without it.
  rule(given.keywords?.includes('node-red'), 'the keyword node-red');
  rule(
    wantedKeywords.every((word) => given.keywords?.includes(word)),
    'the keywords that people search for',
  );
  // What is not there yet is not promised.
  for (const protocol of ['sunspec', 'eebus'])
    rule(!given.keywords?.includes(protocol) || has(`src/drivers/${protocol}`), `no keyword ${protocol}`);
  rule(Object.keys(given.dependencies ?? {}).length <= 6, 'at most 6 dependencies');
  rule(!given.dependencies?.['@flowfuse/node-red-dashboard'], 'no dashboard among the dependencies');
  rule(!given.dependencies?.esbuild, 'no bundler among the dependencies');
  rule(!given.scripts?.prepare && !given.scripts?.install && !given.scripts?.postinstall, 'no install scripts');
  rule(!lock.includes('"resolved"'), 'no download addresses in the lock file');
  // npm takes such an entry out at every install, and what was locked is locked no more.
  rule(!lock.includes('"extraneous"'), 'nothing in the lock file that nobody needs');
  return faults;
};

const isFree = (license: unknown): boolean => /^(MIT|ISC|BSD|Apache)/.test(String(license));

const isInChangelog = (version: string, changelog: string): boolean =>
  new RegExp(`^## ${version.replace(/\./g, '\\.')}( |$)`, 'm').test(changelog);

describe('the house: the package', () => {
  const lock = read('package-lock.json');
  it('keeps the rules', () => assert.deepEqual(packageFaults(manifest, lock), []));

  it('so do the lock files beside it', () => {
    for (const folder of ['bench/reference', 'test/node-red-4.1'])
      assert.deepEqual(packageFaults(manifest, read(`${folder}/package-lock.json`)), [], folder);
  });

  it('all its dependencies are freely licensed', () => {
    for (const name of Object.keys(manifest.dependencies))
      assert.ok(isFree(JSON.parse(read(`node_modules/${name}/package.json`)).license), name);
  });

  it('carries its version in the changelog', () => {
    assert.ok(isInChangelog(manifest.version, read('CHANGELOG.md')), manifest.version);
  });
});

describe('the house notices a package that', () => {
  const { dependencies, scripts } = manifest;
  const keywords: string[] = manifest.keywords;
  const seeds: [fault: string, given: object][] = [
    ['a license', { license: 'UNLICENSED' }],
    ['repository, bugs and homepage', { repository: {} }],
    ['repository, bugs and homepage', { bugs: undefined }],
    ['repository, bugs and homepage', { homepage: '' }],
    ['a scoped name', { name: 'node-red-ems' }],
    ['the Node-RED version', { 'node-red': {} }],
    ['the Node version', { engines: { node: '>=18' } }],
    ['the keyword node-red', { keywords: keywords.filter((word) => word !== 'node-red') }],
    ['the keywords that people search for', { keywords: keywords.filter((word) => word !== 'wallbox') }],
    ['no keyword eebus', { keywords: [...keywords, 'eebus'] }],
    ['at most 6 dependencies', { dependencies: { ...dependencies, a: '1', b: '1', c: '1' } }],
    ['no dashboard among the dependencies', { dependencies: { '@flowfuse/node-red-dashboard': '1' } }],
    ['no bundler among the dependencies', { dependencies: { esbuild: '1' } }],
    ...['prepare', 'install', 'postinstall'].map((name): [string, object] => [
      'no install scripts',
      { scripts: { ...scripts, [name]: 'x' } },
    ]),
  ];
  for (const [fault, given] of seeds)
    it(`breaks "${fault}" with ${Object.keys(given)} ${JSON.stringify(Object.values(given)[0])?.slice(-40)}`, () =>
      assert.deepEqual(packageFaults({ ...manifest, ...given }, ''), [fault]));

  it('has a lock file with addresses, or with what nobody needs', () => {
    assert.deepEqual(packageFaults(manifest, '"resolved": "x"'), ['no download addresses in the lock file']);
    assert.deepEqual(packageFaults(manifest, '"extraneous": true'), ['nothing in the lock file that nobody needs']);
  });

  it('depends on what is not freely licensed', () => {
    for (const license of ['GPL-3.0', 'UNLICENSED', 'SEE LICENSE IN x', undefined]) assert.ok(!isFree(license));
  });

  it('does not tell what is new', () => {
    assert.ok(!isInChangelog('1.2.0', '# Changelog\n\n## 1.2.0-beta\n\n## 1x2.0\n'));
  });
});
