/** The form of the SunSpec face of a site. */
import { siteServerFields } from '../../drivers/sunspec/codec/limits.ts';
import { thisMachine } from '../../model/limits.ts';
import { choiceField, configNodeField, flagField, numberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';
import { addListenAddress } from '../parts/listen-address.ts';

export const sunspecServerForm: NodeForm = {
  fields: {
    name: textField(),
    site: configNodeField('ems-site', true),
    enabled: flagField(false),
    host: textField(thisMachine),
    port: numberField(siteServerFields.port),
    gridUnit: numberField(siteServerFields.gridUnit),
    solarUnit: numberField(siteServerFields.solarUnit),
    meterModels: choiceField(siteServerFields.meterModels),
    whileUnknown: choiceField(siteServerFields.whileUnknown),
    maxAge: numberField(siteServerFields.maxAge),
    connections: numberField(siteServerFields.connections),
  },
  open(node) {
    addListenAddress(node);
    return undefined;
  },
};
