/**
 * Brings nodes of earlier versions to this one as they are added to the editor, loaded or imported: before they are
 * validated and before a form shows them.
 */
import { migrate } from '../migrations/migrate.ts';
import type { EditorClient, EditorNode } from './red.ts';

declare const RED: EditorClient;

/**
 * Fills in fields that the config of a node lacks, and changes those that earlier versions meant otherwise. That also holds
 * in a locked flow: the lock is for edits, and the runtime takes the config in the same way.
 */
export const migrateNode = (node: EditorNode): void => {
  const fields = Object.entries(node._def.defaults);
  const given = Object.fromEntries(fields.map(([name]) => [name, node[name]]));
  const defaults = Object.fromEntries(fields.map(([name, { value }]) => [name, value]));
  const today = migrate(node.type, given, defaults);
  const held = node.__node__ ?? node;
  for (const [name] of fields) if (today[name] !== held[name]) held[name] = today[name];
};

/** @param types of this package; others may begin with "ems-" as well */
export const migrateAddedNodes = (types: ReadonlySet<string>): void =>
  RED.events.on('nodes:add', (node) => {
    if (types.has(node.type)) migrateNode(node);
  });
