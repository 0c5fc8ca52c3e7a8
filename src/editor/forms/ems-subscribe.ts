/** The form of the node that subscribes: what is chosen decides which further fields make sense. */
import { subscribeFields } from '../../model/limits.ts';
import { configNodeField, flagField, idField, numberField, textField } from '../field.ts';
import { currentText, inputOf } from '../field-values.ts';
import type { NodeForm } from '../form.ts';
import { addSuggestions } from '../parts/known-devices.ts';

const rows = ['device', 'quantity', 'site', 'pattern', 'directory'] as const;
type Row = (typeof rows)[number];

/** Rows that narrow down each selection. */
const rowsOf: Record<string, readonly Row[]> = {
  readings: ['device', 'quantity', 'site', 'directory'],
  site: ['site', 'directory'],
  commands: ['device', 'site'],
  responses: ['device', 'site'],
  events: ['device', 'site'],
  system: [],
  everything: ['directory'],
  pattern: ['pattern'],
};

export const subscribeForm: NodeForm = {
  fields: {
    name: textField(),
    broker: configNodeField('ems-broker', true),
    what: { value: 'readings' },
    device: idField(false),
    deviceType: textField(),
    quantity: textField(),
    site: idField(false),
    pattern: textField(),
    directory: flagField(true),
    batch: numberField(subscribeFields.batch),
  },
  open(node) {
    const show = (): void => {
      const wanted = rowsOf[currentText(node, 'what')] ?? [];
      for (const row of rows) $(`.ems-when-${row}`).toggle(wanted.includes(row));
    };
    inputOf(node, 'what').on('change', show);
    show();
    void addSuggestions();
    return undefined;
  },
};
