import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Observer, observe } from '../support/mqtt/observer.ts';
import { complaintsIn, type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { freshSettings, type Installation, installPacked } from '../support/node-red/packed.ts';
import { movedToFreePorts } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

const name = '@emsflow/node-red-ems';

interface NodeSet {
  module: string;
  types: string[];
  enabled: boolean;
  err?: string;
}

describe('the package as it is packed, in a fresh user directory', () => {
  let installation: Installation;
  let red: NodeRed;
  let observer: Observer;

  before(async () => {
    installation = installPacked();
    red = await startNodeRed([], { EMS_USER_DIR: installation.userDir }, freshSettings);
  });
  after(async () => {
    await observer?.close();
    await red?.remove();
    installation?.remove();
  });

  it('offers every node', async () => {
    const sets = ((await red.get('/nodes')) as NodeSet[]).filter(({ module }) => module === name);
    const { 'node-red': declared, files } = JSON.parse(readFileSync(join(installation.folder, 'package.json'), 'utf8'));
    assert.deepEqual(
      sets.filter(({ err, enabled }) => err !== undefined || !enabled),
      [],
    );
    assert.deepEqual(sets.flatMap(({ types }) => types).sort(), Object.keys(declared.nodes).sort());
    for (const file of files.filter((each: string) => !each.includes('*')))
      assert.ok(existsSync(join(installation.folder, file)), `${file} is not packed`);
  });

  it('serves every file that its forms name: the editor waits for ever for one that is missing', async () => {
    const url = `http://127.0.0.1:${red.port}/`;
    const sets = await (await fetch(`${url}nodes`, { headers: { accept: 'text/html' } })).text();
    const own = sets.split(/(?=<!-- --- \[red-module:)/).filter((html) => html.includes(`[red-module:${name}/`));
    const declared = JSON.parse(readFileSync(join(installation.folder, 'package.json'), 'utf8'))['node-red'].nodes;
    assert.equal(own.length, Object.keys(declared).length);
    const named = own.flatMap((html) =>
      [...html.matchAll(/<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file),
    );
    assert.ok(named.length >= own.length, named.join());
    // The script fetches the style sheet by itself.
    for (const file of [...new Set(named), `resources/${name}/editor.css`]) {
      const { ok, status, headers } = await fetch(new URL(file, url));
      const type = headers.get('content-type') ?? '';
      const wanted = file.endsWith('.css') ? 'css' : 'javascript';
      assert.ok(ok && type.includes(wanted), `${file}: ${status} ${type}`);
    }
  });

  it('offers its examples, and the first one works as it is imported', async () => {
    const examples = `/library/examples/flows/${name}`;
    assert.match(JSON.stringify(await red.get(examples)), /01 First meter/);
    const flow = (await red.get(encodeURI(`${examples}/01 First meter`))) as FlowNode[];
    const { nodes, portOf } = await movedToFreePorts(flow);
    await red.deploy(nodes, 'full');
    observer = observe(portOf(1884));
    await until(() => observer.last('sites/first/power')?.quality === 'good', 'the power of the site');
  });

  it('complains of nothing', () => {
    assert.deepEqual(complaintsIn(red.log()), []);
  });
});
