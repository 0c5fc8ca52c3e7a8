import assert from 'node:assert/strict';
import { renamedFields } from '../../../src/editor/parts/find-references.ts';
import type { EditorNode } from '../../../src/editor/red.ts';
import { editorNode } from '../../support/editor/editor-node.ts';

const renaming = { root: 'devices', from: 'a.1', to: 'b' } as const;

/** A node of somebody else, as a function node. */
const foreignNode = (fields: Record<string, unknown>): EditorNode => {
  const { _def, ...node } = editorNode('ems-site');
  const defaults = Object.fromEntries(Object.keys(fields).map((name) => [name, { value: '' }]));
  return { ...node, type: 'function', _, _def: { ..._def, defaults }, ...fields };
};
const _ = (key: string): string => key;

describe('references to an id', () => {
  it('are fields that hold nothing but an id', () => {
    assert.deepEqual(renamedFields(editorNode('ems-command', { device: 'a.1' }), renaming), { device: 'b' });
    const modbus = editorNode('ems-modbus', { device: 'a.1', behind: 'a.1', parent: 'a.10' });
    assert.deepEqual(renamedFields(modbus, renaming), { behind: 'b' });
    const subscribe = editorNode('ems-subscribe', { site: 'a.1', device: 'a.1' });
    assert.deepEqual(renamedFields(subscribe, { ...renaming, root: 'sites' }), { site: 'b' });
  });

  it('are topics in any text, whatever stands around them', () => {
    const func = "return ['devices/a.1/meter/power', 'devices/a.1-2/x', 'my-devices/a.1/x', 'devices/aX1/x', 'a.1'];";
    assert.deepEqual(renamedFields(foreignNode({ func }), renaming), {
      func: "return ['devices/b/meter/power', 'devices/a.1-2/x', 'my-devices/a.1/x', 'devices/aX1/x', 'a.1'];",
    });
    assert.deepEqual(renamedFields(foreignNode({ topic: 'ems/devices/a.1/#' }), renaming), {
      topic: 'ems/devices/b/#',
    });
  });

  it('are found in lists and objects, whose other parts stay what they are', () => {
    const other = { topic: 'devices/c/x' };
    const rules = [{ v: 'devices/a.1/x', n: 1 }, other];
    const { rules: changed } = renamedFields(foreignNode({ rules }), renaming);
    assert.deepEqual(changed, [{ v: 'devices/b/x', n: 1 }, other]);
    assert.equal(Array.isArray(changed) && changed[1], other);
    assert.deepEqual(renamedFields(foreignNode({ rules: [other], n: 5, at: new Date(0) }), renaming), {});
  });

  it('take a new id as it is, also one with a dollar sign', () => {
    const node = foreignNode({ topic: 'devices/a.1/x' });
    assert.deepEqual(renamedFields(node, { ...renaming, to: '$&' }), { topic: 'devices/$&/x' });
  });
});
