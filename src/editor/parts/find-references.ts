/** References to a device or a site by its id: fields that hold an id, and topics in any text. */
import type { EditorNode } from '../red.ts';

/** First level of the topics of a device or a site. */
export type TopicRoot = 'devices' | 'sites';

/** Another id for a device or a site. */
export interface Renaming {
  root: TopicRoot;
  from: string;
  to: string;
}

/** Fields that hold nothing but an id, by type of node. */
const idFields: Record<TopicRoot, Record<string, readonly string[]>> = {
  devices: {
    'ems-subscribe': ['device'],
    'ems-command': ['device'],
    'ems-modbus': ['behind', 'parent'],
    'ems-sunspec': ['behind', 'parent'],
  },
  sites: { 'ems-subscribe': ['site'] },
};

const escapePattern = (words: string): string => words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Topics of one id in any text, as a filter, a template or the code of a function; other ids may begin or end with it. */
const topicPattern = (root: TopicRoot, id: string): RegExp =>
  new RegExp(`(?<![A-Za-z0-9_.-])${root}/${escapePattern(id)}(?![A-Za-z0-9_.-])`, 'g');

/** @returns the same value where there is nothing to replace in its texts */
const withTexts = (value: unknown, replace: (text: string) => string): unknown => {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) {
    const next = value.map((each) => withTexts(each, replace));
    return next.some((each, i) => each !== value[i]) ? next : value;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, each]) => ({ key, each, next: withTexts(each, replace) }));
  if (entries.every(({ each, next }) => each === next)) return value;
  return Object.fromEntries(entries.map(({ key, next }) => [key, next]));
};

/** @returns the fields of a node that would change, with their new values */
export const renamedFields = (node: EditorNode, { root, from, to }: Renaming): Record<string, unknown> => {
  const ids = idFields[root][node.type] ?? [];
  const topics = topicPattern(root, from);
  const changes: Record<string, unknown> = {};
  for (const field of Object.keys(node._def.defaults)) {
    const next = withTexts(node[field], (text) =>
      ids.includes(field) && text === from ? to : text.replace(topics, () => `${root}/${to}`),
    );
    if (next !== node[field]) changes[field] = next;
  }
  return changes;
};
