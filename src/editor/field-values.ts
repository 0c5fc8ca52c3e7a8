/** Values of fields: of a node, or as they are typed while its form is open. */
import type { EditorNode } from './red.ts';

/** Node-RED puts the value of a variable in place of a whole field like ${NAME} or $(NAME) when it starts the node. */
export const isVariable = (value: unknown): boolean =>
  typeof value === 'string' && /^\$\{\S+\}$|^\$\(\S+\)$/.test(value);

/** @returns a field as the text that its input would show */
export const asText = (value: unknown): string => (value === undefined || value === null ? '' : String(value).trim());

/** The id that Node-RED gives the input of a field. */
const inputId = (node: EditorNode, field: string): string =>
  `${node._def.category === 'config' ? 'node-config-input' : 'node-input'}-${field}`;

/** The input of a field in the open form; empty while there is none. */
export const inputOf = (node: EditorNode, field: string): JQuery => $(`#${inputId(node, field)}`);

/** @returns the text in an input, without the space around it */
export const typedIn = (input: JQuery): string => asText(input.val());

/** @returns the text in an input as it is: a password may begin or end with space */
export const secretIn = (input: JQuery): string => String(input.val() ?? '');

/** Value of a list of configuration nodes while none is chosen. */
const noConfigNode = '_ADD_';

/** Id of the node whose form was opened last, by type; forms of one type do not open inside each other. */
const openedNodes = new Map<string, string>();

/** Notes that the form of a node opens: from now on its inputs go before its fields. */
export const markFormOpened = ({ type, id }: EditorNode): void => void openedNodes.set(type, id);

/** Whether the dialog of a node is there, also while Node-RED saves it: every form has a name. */
export const isFormOpen = (node: EditorNode): boolean =>
  openedNodes.get(node.type) === node.id && inputOf(node, 'name').length > 0;

/** @returns what is typed while the form of the node is open, else what the node holds; empty: no configuration node */
export const currentText = (node: EditorNode, field: string): string => {
  const input = isFormOpen(node) ? inputOf(node, field) : undefined;
  const value = input && input.length > 0 ? typedIn(input) : asText(node[field]);
  return value === noConfigNode ? '' : value;
};

/** @returns whether a box is ticked, or the node says so while its form is not open */
export const currentFlag = (node: EditorNode, field: string): boolean => {
  const input = isFormOpen(node) ? inputOf(node, field) : undefined;
  return input && input.length > 0 ? input.prop('checked') === true : node[field] === true;
};

/** An object of fields by name; empty where it is none. */
export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
