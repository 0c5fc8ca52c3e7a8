import assert from 'node:assert/strict';
import { migrateAddedNodes, migrateNode } from '../../src/editor/migrate-nodes.ts';
import type { EditorNode } from '../../src/editor/red.ts';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { editorNode } from '../support/editor/editor-node.ts';

const emptied = { phases: '', tags: '; blocked\n04A2', security: undefined, configVersion: undefined };

describe('nodes that are added to the editor', () => {
  it('are brought to this version', () => {
    const node = editorNode('ems-ocpp', emptied);
    migrateNode(node);
    assert.deepEqual([node.phases, node.tags, node.security, node.configVersion], ['3', '04A2', '0', currentVersion]);
  });

  it('are left alone where there is nothing to change', () => {
    const node = editorNode('ems-ocpp', { tags: '; blocked' });
    const touched: PropertyKey[] = [];
    migrateNode(
      new Proxy(node, {
        set(target, name, value) {
          touched.push(name);
          return Reflect.set(target, name, value);
        },
      }),
    );
    assert.deepEqual(touched, []);
  });

  it('are brought to this version in a locked flow, where Node-RED refuses edits', () => {
    const node = editorNode('ems-ocpp', emptied);
    const guarded = new Proxy(node, {
      get: (target, name) => (name === '__node__' ? target : Reflect.get(target, name)),
      set() {
        throw new Error('locked');
      },
    });
    migrateNode(guarded);
    assert.deepEqual([node.phases, node.configVersion], ['3', currentVersion]);
  });

  it('of other packages are not touched', () => {
    const listeners: ((node: EditorNode) => void)[] = [];
    const events = { on: (_: string, run: (node: EditorNode) => void) => void listeners.push(run) };
    Object.assign(globalThis, { RED: { events } });
    migrateAddedNodes(new Set(['ems-site']));
    const own = editorNode('ems-site', emptied);
    const foreign: EditorNode = { ...editorNode('ems-site', emptied), type: 'ems-other' };
    for (const listener of listeners) for (const node of [own, foreign]) listener(node);
    assert.deepEqual([own.configVersion, foreign.configVersion], [currentVersion, undefined]);
  });
});
