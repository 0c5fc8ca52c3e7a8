/** The form of the broker inside Node-RED, with its limits. */
import { localBrokerFields, thisMachine } from '../../model/limits.ts';
import { configNodeField, flagField, numberField, textField } from '../field.ts';
import type { NodeForm } from '../form.ts';
import { addListenAddress } from '../parts/listen-address.ts';

export const localBrokerForm: NodeForm = {
  fields: {
    name: textField(),
    port: numberField(localBrokerFields.port),
    host: textField(thisMachine),
    tls: configNodeField('tls-config', false),
    clientCertificates: flagField(false),
    connections: numberField(localBrokerFields.connections),
    connectionsPerAddress: numberField(localBrokerFields.connectionsPerAddress),
    connectTime: numberField(localBrokerFields.connectTime),
    loginFailures: numberField(localBrokerFields.loginFailures),
    packetSize: numberField(localBrokerFields.packetSize),
    outgoingSize: numberField(localBrokerFields.outgoingSize),
    readTime: numberField(localBrokerFields.readTime),
    subscriptions: numberField(localBrokerFields.subscriptions),
    sessions: numberField(localBrokerFields.sessions),
    sessionExpiry: numberField(localBrokerFields.sessionExpiry),
    queuedMessages: numberField(localBrokerFields.queuedMessages),
    queuedSize: numberField(localBrokerFields.queuedSize),
    queuedTotal: numberField(localBrokerFields.queuedTotal),
    retainedMessages: numberField(localBrokerFields.retainedMessages),
    retainedSize: numberField(localBrokerFields.retainedSize),
  },
  credentials: { user: { type: 'text' }, password: { type: 'password' } },
  open(node) {
    addListenAddress(node);
    return undefined;
  },
};
