/** Texts of the catalogs in the language of the browser. */
import * as z from 'zod/mini';
import type { EditorNode } from './red.ts';

/** Values that a text of a catalog asks for, by their names. */
type TextValues = Record<string, unknown>;

/** A value of a text may be a text itself, by its whole key. */
const phrase = z.object({ key: z.string(), params: z.optional(z.record(z.string(), z.unknown())) });

const spoken = (node: EditorNode, values: TextValues): TextValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const { success, data } = phrase.safeParse(value);
      return [name, success ? node._(data.key, data.params) : value];
    }),
  );

/** @param key of any catalog: "ems-broker.notice.delayed" */
export const textOf = (node: EditorNode, key: string, values: TextValues = {}): string =>
  node._(key, spoken(node, values));

/** @param key below the type of the node: "test.running" */
export const text = (node: EditorNode, key: string, values: TextValues = {}): string =>
  textOf(node, `${node.type}.${key}`, values);

/** The label of a field. */
export const labelOf = (node: EditorNode, field: string): string => text(node, `label.${field}`);

/** Facts beside each other; what is not known is left out. */
export const listed = (facts: readonly unknown[]): string =>
  facts.filter((fact) => fact !== undefined && fact !== '' && fact !== false).join(' · ');

/** "W", "°C", nothing for a number without a unit. */
export const unitText = (unit: string | undefined): string =>
  unit === undefined || unit === '1' ? '' : unit === 'degC' ? '°C' : unit;

/** "6..32 A", and open where one end is not known: "..32 A". */
export const rangeText = ({ min, max, unit }: { min?: number; max?: number; unit?: string }): string =>
  `${min ?? ''}..${max ?? ''} ${unitText(unit)}`.trim();

/** @param at ms since 1970 */
export const momentText = (at: number): string => {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
};
