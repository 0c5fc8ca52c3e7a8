/** The form of the heartbeat of a gateway. */
import { heartbeatFields } from '../../model/limits.ts';
import { configNodeField, idField, numberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';

export const heartbeatForm: NodeForm = {
  fields: {
    name: textField(),
    broker: configNodeField('ems-broker', true),
    period: numberField(heartbeatFields.period),
    missed: numberField(heartbeatFields.missed),
    node: idField(false),
    role: textField(),
  },
};
