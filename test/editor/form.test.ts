import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { forms } from '../../src/editor/forms/index.ts';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { checkField, editorNode, withEditorNodes } from '../support/editor/editor-node.ts';
import { root } from '../support/house-rules.ts';

describe('the definitions of all node types', () => {
  before(() => withEditorNodes([]));

  for (const [type, form] of Object.entries(forms)) {
    const node = editorNode(type);
    const { defaults, credentials = {} } = node._def;

    it(`${type}: what a new node holds is right, but for what has to be entered`, () => {
      const empty = Object.entries(defaults).filter(
        ([field, { value }]) => checkField(node, field, value) !== true && defaults[field]?.required !== true,
      );
      // A choice of values begins with an empty row.
      assert.deepEqual(
        empty.map(([field]) => field),
        type === 'ems-pick' ? ['choices'] : [],
      );
    });

    it(`${type}: each reason is a sentence of the catalog`, () => {
      for (const field of [...Object.keys(defaults), ...Object.keys(credentials)])
        for (const wrong of [-1e12, 'a b/#\u0007', '; blocked', '{', [], { power: {} }, ['nowhere at all']])
          assert.match(String(checkField(node, field, wrong)), /^(true|.{10,})$/, `${field}: ${wrong}`);
    });

    it(`${type}: Node-RED takes its reasons, because every check has two parameters`, () => {
      for (const [field, { validate }] of Object.entries({ ...defaults, ...credentials }))
        assert.ok(validate === undefined || validate.length === 2, field);
    });

    it(`${type}: every field of the form has an input in the html, but for those that are made up of several`, () => {
      const html = readFileSync(join(root, `nodes/${type}.html`), 'utf8');
      const prefix = form.isConfig ? 'node-config-input' : 'node-input';
      const listed = ['servers', 'choices', 'params', 'settings', 'points'];
      for (const field of [...Object.keys(form.fields), ...Object.keys(credentials)])
        assert.ok(listed.includes(field) || html.includes(`id="${prefix}-${field}"`), field);
      const inputs = [...html.matchAll(new RegExp(`<(?:input|select|textarea)[^>]* id="${prefix}-([A-Za-z]+)"`, 'g'))];
      for (const [, field = ''] of inputs) assert.ok(field in { ...form.fields, ...credentials }, `${field} is lost`);
    });

    it(`${type}: a node shows its name, or what it is about`, () => {
      assert.equal(node._def.label.call({ ...node, name: 'North' }), 'North');
      assert.match(node._def.label.call(node), /./);
    });
  }

  it('carry the version of the config, and refuse a later one', () => {
    const node = editorNode('ems-site');
    assert.equal(node.configVersion, currentVersion);
    assert.equal(checkField(node, 'configVersion', undefined), true);
    assert.match(String(checkField(node, 'configVersion', currentVersion + 1)), /later version of this package/);
  });
});
