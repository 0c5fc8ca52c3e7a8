/**
 * The part of Node-RED's editor that the forms use, as its source has it (@node-red/editor-client 4.1 and 5.0). The types
 * of DefinitelyTyped know neither validators with reasons nor what a node holds.
 */

/** A node of a flow, or a configuration node. Its fields are what a flow brought along: nothing of them is checked. */
export interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** Id of the flow or subflow it is on. */
  readonly z?: string;
  /** Switched off. */
  readonly d?: boolean;
  readonly _def: NodeDefinition;
  readonly status?: { text?: string };
  /** The node itself, behind the proxy that refuses changes to nodes of a locked flow. */
  readonly __node__?: EditorNode;
  changed?: boolean;
  dirty?: boolean;
  dirtyStatus?: boolean;
  /** A text of the catalogs of this package, in the language of the browser. */
  _(key: string, values?: Record<string, unknown>): string;
  [field: string]: unknown;
}

/**
 * Node-RED takes a text for a reason only where the function has two parameters.
 * @returns true, or a sentence that says what is wrong
 */
type Validator = (this: EditorNode, value: unknown, options: unknown) => true | string;

/** A field of a node in its defaults. */
export interface FieldDefinition {
  /** Value in a new node. */
  value: unknown;
  /** Type of the configuration node whose id the field holds. */
  type?: string;
  required?: boolean;
  validate?: Validator;
}

/** A credential of a node: it is in no export, and the editor does not get it back. */
export interface CredentialDefinition {
  type: 'text' | 'password';
  validate?: Validator;
}

/** Result of oneditsave: steps that are undone together with the change of the node. */
export interface SaveResult {
  history: HistoryStep[];
}

/** Argument of registerType, without category, colour, icon and ports, which stand in the html of the node. */
export interface NodeDefinition {
  category?: string;
  defaults: Record<string, FieldDefinition>;
  credentials?: Record<string, CredentialDefinition>;
  paletteLabel?(this: EditorNode): string;
  label(this: EditorNode): string;
  labelStyle?(this: EditorNode): string;
  inputLabels?(this: EditorNode): string;
  outputLabels?(this: EditorNode, index: number): string;
  oneditprepare(this: EditorNode): void;
  oneditsave(this: EditorNode): SaveResult | undefined;
  oneditcancel(this: EditorNode): void;
}

/** A step that the editor can undo; `changes` holds the former values by field. */
export type HistoryStep =
  | { t: 'edit'; node: EditorNode; changes: Record<string, unknown>; changed: boolean | undefined; dirty: boolean }
  | { t: 'add'; nodes: string[]; dirty: boolean }
  | { t: 'multi'; events: HistoryStep[]; dirty: boolean };

/** Ace, or Monaco behind the same methods. */
export interface CodeEditor {
  getValue(): string;
  getSession(): { on(event: 'change', run: () => void): void };
  destroy(): void;
}

/** The global RED of the editor. */
export interface EditorClient {
  settings: { apiRootUrl: string };
  nodes: {
    node(id: string): EditorNode | null;
    eachNode(look: (node: EditorNode) => void): void;
    eachConfig(look: (node: EditorNode) => void): void;
    filterNodes(filter: { type: string }): EditorNode[];
    /** The definition of a type whose html was loaded. */
    getType(type: string): NodeDefinition;
    /** A new id. */
    id(): string;
    /** From now on the editor holds the node, behind a proxy of its own. */
    add(node: Omit<EditorNode, '_'>): void;
    remove(id: string): void;
    workspace(id: string | undefined): { label?: string; locked?: boolean } | undefined;
    dirty(isDirty?: boolean): boolean;
  };
  editor: {
    createEditor(options: { id: string; mode: string; value: string }): CodeEditor;
    validateNode(node: EditorNode): boolean;
  };
  events: {
    on(event: 'nodes:add', run: (node: EditorNode) => void): void;
    emit(event: 'nodes:change', node: EditorNode): void;
  };
  comms: { subscribe(topic: string, heard: (topic: string, payload: unknown) => void): void };
  history: { push(step: HistoryStep): void };
  view: { redraw(): void; redrawStatus(node: EditorNode): void };
  utils: { getNodeLabel(node: EditorNode, otherwise: string): string };
  clipboard: { copyText(text: string, element: JQuery, message: string): void };
}
