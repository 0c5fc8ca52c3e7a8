/** The form of the node that publishes. */
import { defaultReplies } from '../../model/limits.ts';
import { configNodeField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';

export const publishForm: NodeForm = {
  fields: {
    name: textField(),
    broker: configNodeField('ems-broker', true),
    mirror: textField(),
    replies: { value: defaultReplies, placeholder: defaultReplies },
  },
};
