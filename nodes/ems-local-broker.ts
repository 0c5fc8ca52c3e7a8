import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { type DefaultedNumber, localBrokerFields as fields, thisMachine } from '../src/model/limits.ts';
import { ActiveLimits } from '../src/mqtt/embedded-broker/active-limits.ts';
import {
  type BrokerEvent,
  type BrokerLimits,
  startEmbeddedBroker,
} from '../src/mqtt/embedded-broker/embedded-broker.ts';
import { flagField, numberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { serveAddresses } from '../src/shell/network-addresses.ts';
import { retryOpening } from '../src/shell/retry-open.ts';
import { tlsOptionsOf } from '../src/shell/tls-config.ts';

const kB = 1024;
const MB = 1024 * kB;
const hourS = 3600;

/** A size in bytes or seconds, entered in a larger unit. */
const scaled = (field: DefaultedNumber, unit: number) =>
  numberField(field).transform((value) => Math.round(value * unit));

const config = z.object({
  host: textField(thisMachine),
  port: numberField(fields.port),
  tls: textField(),
  clientCertificates: flagField(false),
  connections: numberField(fields.connections),
  connectionsPerAddress: numberField(fields.connectionsPerAddress),
  connectTime: numberField(fields.connectTime),
  loginFailures: numberField(fields.loginFailures),
  packetSize: scaled(fields.packetSize, kB),
  outgoingSize: scaled(fields.outgoingSize, MB),
  readTime: numberField(fields.readTime),
  subscriptions: numberField(fields.subscriptions),
  sessions: numberField(fields.sessions),
  sessionExpiry: scaled(fields.sessionExpiry, hourS),
  queuedMessages: numberField(fields.queuedMessages),
  queuedSize: scaled(fields.queuedSize, MB),
  queuedTotal: scaled(fields.queuedTotal, MB),
  retainedMessages: numberField(fields.retainedMessages),
  retainedSize: scaled(fields.retainedSize, MB),
});

const limitsOf = (given: z.output<typeof config>): BrokerLimits => ({
  connections: given.connections,
  connectionsPerAddress: given.connectionsPerAddress,
  connectS: given.connectTime,
  loginFailures: given.loginFailures,
  packetBytes: given.packetSize,
  outgoingBytes: given.outgoingSize,
  readS: given.readTime,
  subscriptions: given.subscriptions,
  sessions: given.sessions,
  sessionExpiryS: given.sessionExpiry,
  queuedMessages: given.queuedMessages,
  queuedBytes: given.queuedSize,
  queuedBytesTotal: given.queuedTotal,
  retainedMessages: given.retainedMessages,
  retainedBytes: given.retainedSize,
});

interface Credentials {
  user?: string;
  password?: string;
}

/** Runs an MQTT broker inside Node-RED, for the first minutes and for a single site. */
export default function register(RED: NodeAPI): void {
  serveAddresses(RED);
  defineNode(RED, 'ems-local-broker', {
    config,
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
    start({ node, config, credentials, clock, send, showStatus, report, onClose }) {
      const { host, port } = config;
      const { user, password } = credentials as Credentials;
      const tls = tlsOptionsOf(RED, config.tls);
      const asked = config.clientCertificates;

      const show = (): void => {
        const broker = opening.current();
        if (!broker) return;
        const params = { port: broker.port, n: broker.clients() };
        if (limits.any()) showStatus({ fill: 'yellow', shape: 'dot', key: 'limited', params });
        else showStatus({ fill: 'green', shape: 'dot', key: 'open', params });
      };
      const limits = new ActiveLimits(clock, { began: (sentence) => node.warn(sentence), ended: show });

      const tell = (event: BrokerEvent): void => {
        send({ topic: event.kind, payload: event });
        limits.note(event);
        show();
      };

      const options = {
        host,
        port,
        limits: limitsOf(config),
        ...(user ? { username: user, password: password ?? '' } : {}),
        ...(tls ? { tls: { ...tls, requestCert: asked, rejectUnauthorized: asked } } : {}),
      };
      showStatus({ fill: 'yellow', shape: 'ring', key: 'opening', params: { port } });
      const opening = retryOpening(clock, () => startEmbeddedBroker(options, tell, clock), {
        opened: show,
        failed(error, isFirst) {
          showStatus({ fill: 'red', shape: 'ring', key: 'taken', params: { port } });
          if (isFirst) report(error);
        },
      });
      onClose(async () => {
        await opening.close();
        limits.close();
      });
    },
  });
}
