/**
 * Below the id of a device or a site: the other nodes that refer to it, once another id is typed. They are changed along
 * with it, where that is wanted, in one step that can be undone.
 */
import { idField } from '../field.ts';
import { asText, inputOf, isVariable, typedIn } from '../field-values.ts';
import type { EditorClient, EditorNode, HistoryStep } from '../red.ts';
import { text } from '../texts.ts';
import { type Renaming, renamedFields, type TopicRoot } from './find-references.ts';

declare const RED: EditorClient;

interface Reference {
  node: EditorNode;
  changes: Record<string, unknown>;
}

const describe = (node: EditorNode): string => {
  const label = RED.utils.getNodeLabel(node, node.type);
  const flow = RED.nodes.workspace(node.z)?.label;
  return [label, label === node.type ? '' : node.type, flow].filter(Boolean).join(' · ');
};

/** @returns how to undo it */
const change = ({ node, changes }: Reference): HistoryStep => {
  const before = Object.fromEntries(Object.keys(changes).map((field) => [field, node[field]]));
  const step: HistoryStep = { t: 'edit', node, changes: before, changed: node.changed, dirty: RED.nodes.dirty() };
  Object.assign(node, changes, { changed: true, dirty: true });
  RED.editor.validateNode(node);
  RED.events.emit('nodes:change', node);
  return step;
};

/** The list of one open form. */
export class ReferenceList {
  private readonly before: string;
  private readonly input: JQuery;
  private readonly box: JQuery;
  /** Whether the other nodes are changed as well: yes, until somebody says otherwise. */
  private isWanted = true;
  private readonly node: EditorNode;
  private readonly root: TopicRoot;
  private readonly field: string;

  /** @param field of the node that holds the id */
  constructor(node: EditorNode, root: TopicRoot, field: string) {
    this.node = node;
    this.root = root;
    this.field = field;
    this.before = asText(node[field]);
    this.input = inputOf(node, field);
    this.box = $('<div class="ems-references">').hide().appendTo(this.input.closest('.form-row'));
    this.input.on('input change', () => this.show());
    this.show();
  }

  /** Changes the nodes that refer to the id. @returns the steps that undo it */
  save(): HistoryStep[] {
    if (!this.isWanted) return [];
    const steps = this.found().map(change);
    if (steps.length > 0) {
      RED.nodes.dirty(true);
      RED.view.redraw();
    }
    return steps;
  }

  private found(): Reference[] {
    const { node: own, before, root } = this;
    const to = typedIn(this.input);
    const isUsable = idField(true).check?.(to, { node: own, name: this.field }) === true;
    if (before === '' || isVariable(before) || to === before || !isUsable) return [];
    const renaming: Renaming = { root, from: before, to };
    const found: Reference[] = [];
    const look = (node: EditorNode): void => {
      if (node.id === own.id || RED.nodes.workspace(node.z)?.locked) return;
      const changes = renamedFields(node, renaming);
      if (Object.keys(changes).length > 0) found.push({ node, changes });
    };
    RED.nodes.eachNode(look);
    RED.nodes.eachConfig(look);
    return found;
  }

  private show(): void {
    const found = this.found();
    this.box.empty().toggle(found.length > 0);
    if (found.length === 0) return;
    $('<div>')
      .text(text(this.node, 'references.found', { id: this.before }))
      .appendTo(this.box);
    const names = $('<ul>').appendTo(this.box);
    for (const { node } of found) $('<li>').text(describe(node)).appendTo(names);
    const choice = $('<input type="checkbox">').prop('checked', this.isWanted);
    choice.on('change', () => {
      this.isWanted = choice.prop('checked') === true;
    });
    const question = text(this.node, 'references.change', { id: typedIn(this.input) });
    $('<label>').append(choice, $('<span>').text(question)).appendTo(this.box);
  }
}
