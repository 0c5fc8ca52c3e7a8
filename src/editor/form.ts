/** From the form of a node to what registerType takes. */
import { currentVersion, isFromLaterVersion } from '../migrations/migrate.ts';
import type { FormField } from './field.ts';
import { asText, inputOf, markFormOpened } from './field-values.ts';
import type { CredentialDefinition, EditorNode, FieldDefinition, NodeDefinition, SaveResult } from './red.ts';
import { text } from './texts.ts';

/** A form that is open. */
export interface OpenForm {
  /** Puts what is no plain input into the node. */
  save?(): SaveResult | undefined;
  /** Saved or cancelled: what the form holds goes. */
  close?(): void;
}

/** A credential, with the check of what is typed. */
interface FormCredential {
  type: 'text' | 'password';
  check?(value: unknown, node: EditorNode): true | string;
}

/** The form of a node type, as far as its html does not hold it. */
export interface NodeForm {
  fields: Record<string, FormField>;
  credentials?: Record<string, FormCredential>;
  /** A configuration node: it is in no palette and has no ports. */
  isConfig?: boolean;
  /** Label of a node that has no name; empty: the one in the palette. */
  label?(node: EditorNode): string;
  /** The input has a label of its own in the catalog. */
  hasInputLabel?: boolean;
  /** Fills what the html leaves empty, once the dialog is there. */
  open?(node: EditorNode): OpenForm | undefined;
}

const definitionOf = ({ value, type, required, check }: FormField, name: string): FieldDefinition => ({
  value,
  ...(type === undefined ? {} : { type }),
  ...(required === undefined ? {} : { required }),
  ...(check && {
    validate(given, _options) {
      return check(given, { node: this, name });
    },
  }),
});

const credentialOf = ({ type, check }: FormCredential): CredentialDefinition => ({
  type,
  ...(check && {
    validate(given, _options) {
      return check(given, this);
    },
  }),
});

/** No form shows it: the number of the config's version, so that later versions know what the fields mean. */
const versionField: FieldDefinition = {
  value: currentVersion,
  validate(value, _options) {
    return isFromLaterVersion({ configVersion: value }) ? text(this, 'error.newer') : true;
  },
};

const mapped = <From, To>(all: Record<string, From>, change: (each: From, name: string) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(all).map(([name, each]) => [name, change(each, name)]));

/** Words in the palette and at the ports of a node. */
const paletteTexts = (type: string, hasInputLabel: boolean): Partial<NodeDefinition> => ({
  ...(hasInputLabel && {
    inputLabels() {
      return this._(`${type}.input`);
    },
  }),
  paletteLabel() {
    return this._(`${type}.paletteLabel`);
  },
  outputLabels(index) {
    return this._(`${type}.output.${index}`);
  },
  labelStyle() {
    return asText(this.name) === '' ? '' : 'node_label_italic';
  },
});

/** @returns the definition of a node type, without what stands in its html */
export const createDefinition = (type: string, form: NodeForm): NodeDefinition => {
  const { fields, credentials, isConfig = false, label, hasInputLabel = false, open } = form;
  let opened: OpenForm | undefined;
  const close = (): void => {
    opened?.close?.();
    opened = undefined;
  };
  return {
    defaults: { ...mapped(fields, definitionOf), configVersion: versionField },
    ...(credentials && { credentials: mapped(credentials, credentialOf) }),
    ...(isConfig ? {} : paletteTexts(type, hasInputLabel)),
    label() {
      return asText(this.name) || label?.(this) || this._(`${type}.paletteLabel`);
    },
    oneditprepare() {
      markFormOpened(this);
      for (const [name, { placeholder }] of Object.entries(fields))
        if (placeholder !== undefined) inputOf(this, name).attr('placeholder', placeholder);
      opened = open?.(this);
    },
    oneditsave() {
      const result = opened?.save?.();
      close();
      return result;
    },
    oneditcancel: close,
  };
};
