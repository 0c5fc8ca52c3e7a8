/** Configuration nodes that a form makes for what it found, as the editor itself does when somebody presses the plus. */
import type { EditorClient, EditorNode, HistoryStep } from '../red.ts';

declare const RED: EditorClient;

/** A configuration node that a form has made, and that goes again unless the form is saved with it. */
export class MadeConfigNode {
  readonly node: EditorNode;

  /** @param values that differ from those of a new node */
  constructor(type: string, values: Record<string, unknown>) {
    const definition = RED.nodes.getType(type);
    const defaults = Object.entries(definition.defaults).map(([name, { value }]) => [name, structuredClone(value)]);
    const made = { id: RED.nodes.id(), type, z: '', _def: definition, users: [], changed: true };
    RED.nodes.add({ ...made, ...Object.fromEntries(defaults), ...values });
    const node = RED.nodes.node(made.id);
    if (!node) throw new Error(`the editor has not taken a new ${type}`);
    this.node = node;
    RED.editor.validateNode(this.node);
  }

  /** Puts the node into a list of configuration nodes, and chooses it. */
  choose(select: JQuery): void {
    const { id } = this.node;
    const label = RED.utils.getNodeLabel(this.node, id);
    const isListed = select.children(`[value="${id}"]`).length > 0;
    if (!isListed) $('<option>', { value: id }).text(label).prependTo(select);
    select.val(id).trigger('change');
  }

  remove(): void {
    if (RED.nodes.node(this.node.id)) RED.nodes.remove(this.node.id);
  }

  /** @returns the step that undoes the making of the node */
  step(): HistoryStep {
    return { t: 'add', nodes: [this.node.id], dirty: RED.nodes.dirty() };
  }
}
