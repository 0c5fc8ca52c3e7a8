/** The form of the node that sums up a site. */
import { aggregateFields } from '../../model/limits.ts';
import { configNodeField, flagField, numberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';

export const aggregateForm: NodeForm = {
  fields: {
    name: textField(),
    site: configNodeField('ems-site', true),
    power: numberField(aggregateFields.power),
    energy: numberField(aggregateFields.energy),
    offlineMeansZero: flagField(false),
    grace: numberField(aggregateFields.grace),
    skew: numberField(aggregateFields.skew),
    maxPower: numberField(aggregateFields.maxPower),
  },
};
