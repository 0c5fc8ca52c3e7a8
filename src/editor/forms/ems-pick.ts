/** The form of the node that picks values: a list of topics, each with the property that is wanted and its name. */
import * as z from 'zod/mini';
import { pickFields } from '../../model/limits.ts';
import { choiceField, flagField, optionalNumberField, textField } from '../field.ts';
import { typedIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { addSuggestions } from '../parts/known-devices.ts';
import { addRowList } from '../parts/row-list.ts';
import type { EditorNode } from '../red.ts';
import { text } from '../texts.ts';

const columns = ['topic', 'field', 'name'] as const;
type Column = (typeof columns)[number];
type PickedValue = Record<Column, string>;

const pickedValue = z.object({
  topic: z.catch(z.string(), ''),
  field: z.catch(z.string(), ''),
  name: z.catch(z.string(), ''),
});

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const read = (item: unknown): PickedValue => {
  const { success, data } = pickedValue.safeParse(item);
  return success ? data : { topic: '', field: '', name: '' };
};

class PickForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly list: JQuery;

  constructor(node: EditorNode) {
    this.node = node;
    this.list = $('#node-input-choices-list');
    addRowList(this.list, listOf(node.choices), (row, item) => {
      const values = read(item);
      const box = $('<div class="ems-choice">').appendTo(row);
      for (const column of columns)
        $('<input type="text" autocomplete="off">')
          .attr({ placeholder: text(node, `column.${column}`), 'data-name': column })
          .attr('list', column === 'topic' ? 'ems-list-topics' : null)
          .val(values[column])
          .appendTo(box);
    });
    void addSuggestions();
  }

  save(): undefined {
    this.node.choices = this.list
      .find('.ems-choice')
      .get()
      .map((box): PickedValue => {
        const typed = (column: Column): string => typedIn($(box).find(`[data-name=${column}]`));
        return { topic: typed('topic'), field: typed('field'), name: typed('name') };
      })
      .filter(({ topic }) => topic !== '');
  }
}

export const pickForm: NodeForm = {
  fields: {
    name: textField(),
    choices: {
      value: [{ topic: '', field: '', name: '' }],
      check: (value, { node }) =>
        listOf(value).some((item) => read(item).topic !== '') ? true : text(node, 'error.choices'),
    },
    output: choiceField(pickFields.output),
    bad: choiceField(pickFields.bad),
    maxAge: optionalNumberField(pickFields.maxAge),
    onlyChanges: flagField(false),
  },
  open: (node) => new PickForm(node),
};
