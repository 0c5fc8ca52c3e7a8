/**
 * A node as the editor holds it, without a browser: its fields, its definition, and the texts of the catalogs. With a
 * browser: browser/editor.ts.
 */
import { createDefinition } from '../../../src/editor/form.ts';
import { forms } from '../../../src/editor/forms/index.ts';
import type { EditorClient, EditorNode } from '../../../src/editor/red.ts';
import { say } from './catalog.ts';

/** The number of nodes so far: each has an id of its own. */
let count = 0;

const englishText = (key: string, values: Record<string, unknown> = {}): string => {
  const [type = '', ...rest] = key.split('.');
  const params = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
  return say(type, { key: rest.join('.'), params })[0] ?? '';
};

/** @param fields that differ from those of a new node */
export const editorNode = (type: string, fields: Record<string, unknown> = {}): EditorNode => {
  const form = forms[type];
  if (!form) throw new Error(`${type} has no form`);
  const definition = { ...createDefinition(type, form), category: form.isConfig ? 'config' : 'EMS' };
  const values = Object.entries(definition.defaults).map(([name, { value }]) => [name, structuredClone(value)]);
  count++;
  return { id: `node-${count}`, type, _def: definition, _: englishText, ...Object.fromEntries(values), ...fields };
};

/** @returns true, or what the form says to a value of a field */
export const checkField = (node: EditorNode, field: string, value: unknown): unknown => {
  const { defaults, credentials } = node._def;
  return { ...credentials, ...defaults }[field]?.validate?.call(node, value, {}) ?? true;
};

/** Lets the forms find other nodes, as far as their checks and texts ask for them. */
export const withEditorNodes = (nodes: EditorNode[]): void => {
  const RED: { nodes: Partial<EditorClient['nodes']> } = {
    nodes: {
      node: (id) => nodes.find((node) => node.id === id) ?? null,
      eachNode: (look) => nodes.filter(({ _def }) => _def.category !== 'config').forEach(look),
      eachConfig: (look) => nodes.filter(({ _def }) => _def.category === 'config').forEach(look),
      filterNodes: ({ type }) => nodes.filter((node) => node.type === type),
      workspace: () => undefined,
      dirty: () => false,
    },
  };
  Object.assign(globalThis, { RED });
};
