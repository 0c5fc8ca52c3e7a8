import assert from 'node:assert/strict';
import { commandableDevices, readParams } from '../../../src/editor/forms/ems-command.ts';
import { checkField, editorNode } from '../../support/editor/editor-node.ts';

describe('the form of a command', () => {
  it('reads parameters as they are typed', () => {
    assert.deepEqual(readParams(''), {});
    assert.deepEqual(readParams('{"power_w": 2000, "mode": "eco", "on": true}'), {
      power_w: 2000,
      mode: 'eco',
      on: true,
    });
    for (const typed of ['{', '[1]', '5', '{"a": {"b": 1}}', 'null']) assert.equal(readParams(typed), typed);
  });

  it('refuses parameters that no command can have', () => {
    const node = editorNode('ems-command');
    for (const right of [{}, { power_w: 5 }, undefined]) assert.equal(checkField(node, 'params', right), true);
    for (const wrong of ['{', [1], { a: { b: 1 } }, null]) assert.notEqual(checkField(node, 'params', wrong), true);
  });

  it('takes components and verbs as topics have them', () => {
    const node = editorNode('ems-command');
    for (const right of ['battery', 'ev_charger/2', ''])
      assert.equal(checkField(node, 'component', right), true, right);
    for (const wrong of ['battery/0', 'Battery', 'a/b', `a${'b'.repeat(48)}`])
      assert.notEqual(checkField(node, 'component', wrong), true, wrong);
    assert.equal(checkField(node, 'command', 'set_power'), true);
    assert.notEqual(checkField(node, 'command', 'set power'), true);
  });

  it('knows which components of a device take commands', () => {
    const quantities = {};
    const commands = { set_power: { params: {} } };
    const site = 'home';
    const found = commandableDevices([
      { device: 'meter', site, components: [{ type: 'meter', quantities }] },
      {
        device: 'box',
        site,
        components: [
          { type: 'meter', quantities, commands: {} },
          { type: 'ev_charger', index: 2, quantities, commands },
        ],
      },
    ]);
    assert.deepEqual([...found.keys()], ['box']);
    assert.deepEqual([...(found.get('box') ?? [])], [['ev_charger/2', commands]]);
  });

  it('is named after verb and device', () => {
    const node = editorNode('ems-command', { command: 'set_power', device: 'hybrid' });
    assert.equal(node._def.label.call(node), 'set_power hybrid');
  });
});
