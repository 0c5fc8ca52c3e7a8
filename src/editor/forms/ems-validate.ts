/** The form of the node that checks messages. */
import { validateFields } from '../../model/limits.ts';
import { numberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';

export const validateForm: NodeForm = {
  fields: {
    name: textField(),
    maxBytes: numberField(validateFields.maxBytes),
    future: numberField(validateFields.future),
    past: numberField(validateFields.past),
  },
};
