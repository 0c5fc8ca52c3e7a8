/** The form of a site: its id in topics, and where it is. */
import { siteFields } from '../../model/limits.ts';
import { idField, optionalNumberField, textField } from '../field.ts';
import { asText } from '../field-values.ts';
import type { NodeForm } from '../form.ts';
import { ReferenceList } from '../parts/reference-list.ts';
import type { EditorClient } from '../red.ts';

declare const RED: EditorClient;

export const siteForm: NodeForm = {
  isConfig: true,
  fields: {
    site: idField(true),
    name: textField(),
    latitude: optionalNumberField(siteFields.latitude),
    longitude: optionalNumberField(siteFields.longitude),
  },
  label: (node) => asText(node.site) || 'site',
  open(node) {
    const references = new ReferenceList(node, 'sites', 'site');
    return {
      save() {
        // The form of a configuration node keeps no steps of other nodes.
        const events = references.save();
        const [first] = events;
        if (first) RED.history.push({ t: 'multi', events, dirty: first.dirty });
        return undefined;
      },
    };
  },
};
