/** The form of a broker: its servers in order of preference, and a test of the connection to them. */
import * as z from 'zod/mini';
import { brokerFields } from '../../model/limits.ts';
import { parseServer, plainFallback, type Server } from '../../model/server-address.ts';
import { isPrefix } from '../../model/topic.ts';
import {
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  numberField,
  patternField,
  textField,
} from '../field.ts';
import { asText, currentFlag, currentText, inputOf, isVariable, secretIn, typedIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { addRowList } from '../parts/row-list.ts';
import { addConnectionTest } from '../parts/test-connection.ts';
import type { EditorNode } from '../red.ts';
import { text } from '../texts.ts';

/** Servers as a node holds them. */
const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(asText) : []);

/** Every server is an address, and none without TLS follows one with TLS unless that is allowed. */
const checkServers: FieldCheck = (value, { node }) => {
  const servers = listOf(value);
  if (servers.length === 0) return text(node, 'error.noServer');
  const read: (Server & { given: string })[] = [];
  for (const given of servers.filter((server) => !isVariable(server))) {
    const server = parseServer(given);
    if (!server) return text(node, 'error.servers', { server: given });
    read.push({ ...server, given });
  }
  const plain = plainFallback(read);
  return !plain || node.plainFallback ? true : text(node, 'error.plainFallback', { server: plain.given });
};

const rowItem = z.object({ value: z.string() });

class BrokerForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly list: JQuery;

  constructor(node: EditorNode) {
    this.node = node;
    this.list = $('#node-config-input-servers-list');
    addRowList(this.list, listOf(node.servers), (row, item) => {
      const { success, data } = rowItem.safeParse(item);
      $('<input>', { type: 'text', class: 'ems-server', placeholder: 'mqtts://broker.example:8883' })
        .css('width', '95%')
        .val(success ? data.value : '')
        .appendTo(row);
    });
    addConnectionTest(node, 'ems/broker/test', () => ({
      id: node.id,
      servers: this.servers(),
      tls: currentText(node, 'tls'),
      version: currentText(node, 'version'),
      plainFallback: currentFlag(node, 'plainFallback'),
      user: secretIn(inputOf(node, 'user')),
      password: secretIn(inputOf(node, 'password')),
    }));
  }

  save(): undefined {
    this.node.servers = this.servers();
  }

  private servers(): string[] {
    return this.list
      .find('.ems-server')
      .get()
      .map((input) => typedIn($(input)))
      .filter((server) => server !== '');
  }
}

export const brokerForm: NodeForm = {
  isConfig: true,
  fields: {
    name: textField(),
    servers: { value: ['mqtt://127.0.0.1:1883'], check: checkServers },
    tls: configNodeField('tls-config', false),
    version: choiceField(brokerFields.version),
    clientId: textField(),
    prefix: patternField(isPrefix),
    keepalive: numberField(brokerFields.keepalive),
    sessionExpiry: numberField(brokerFields.sessionExpiry),
    plainFallback: flagField(false),
    queue: numberField(brokerFields.queue),
  },
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  label: (node) => listOf(node.servers)[0] || 'broker',
  open: (node) => new BrokerForm(node),
};
