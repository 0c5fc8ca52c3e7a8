import type { Node, NodeAPI } from 'node-red';
import { z } from 'zod';
import { ActiveLimits } from '../src/mqtt/embedded-broker/active-limits.ts';
import {
  type BrokerEvent,
  type BrokerLimits,
  defaultLimits,
  startEmbeddedBroker,
} from '../src/mqtt/embedded-broker/embedded-broker.ts';
import { flagField, numberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { serveAddresses } from '../src/shell/network-addresses.ts';
import { retryOpening } from '../src/shell/retry-open.ts';

const kB = 1024;
const MB = 1024 * kB;
const hourS = 3600;

const count = (limit: keyof BrokerLimits, max: number) => numberField(defaultLimits[limit], 1, max).pipe(z.int());
/** A size that is entered in a larger unit. */
const size = (limit: keyof BrokerLimits, unit: number, min: number, max: number) =>
  numberField(defaultLimits[limit] / unit, min, max).transform((value) => Math.round(value * unit));

const config = z.object({
  host: textField('127.0.0.1'),
  port: numberField(1883, 1, 65535),
  tls: textField(),
  clientCertificates: flagField(false),
  connections: count('connections', 100_000),
  connectionsPerAddress: count('connectionsPerAddress', 100_000),
  connectTime: numberField(defaultLimits.connectS, 5, 600),
  loginFailures: count('loginFailures', 1000),
  packetSize: size('packetBytes', kB, 1, 262_143),
  outgoingSize: size('outgoingBytes', MB, 0.1, 1024),
  readTime: numberField(defaultLimits.readS, 5, 600),
  subscriptions: count('subscriptions', 50_000),
  sessions: count('sessions', 100_000),
  sessionExpiry: size('sessionExpiryS', hourS, 0.1, 87_600),
  queuedMessages: count('queuedMessages', 10_000_000),
  queuedSize: size('queuedBytes', MB, 0.1, 4096),
  queuedTotal: size('queuedBytesTotal', MB, 0.1, 16_384),
  retainedMessages: count('retainedMessages', 10_000_000),
  retainedSize: size('retainedBytes', MB, 0.1, 4096),
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

interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
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
      const tls = config.tls === '' ? undefined : (RED.nodes.getNode(config.tls) as TlsNode | null);
      if (tls === null) throw new Error('the TLS configuration of this broker is missing or disabled');
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
        ...(tls ? { tls: { ...tls.addTLSOptions({}), requestCert: asked, rejectUnauthorized: asked } } : {}),
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
