import type { Node, NodeAPI } from 'node-red';
import { z } from 'zod';
import { type BrokerEvent, type EmbeddedBroker, startEmbeddedBroker } from '../src/mqtt/embedded.ts';
import { flagField, numberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { keepOpening } from '../src/shell/keep-open.ts';

const config = z.object({
  host: textField('127.0.0.1'),
  port: numberField(1883, 1, 65535),
  tls: textField(),
  clientCertificates: flagField(false),
});

interface Credentials {
  user?: string;
  password?: string;
}

interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}

/** An MQTT broker inside Node-RED, for the first minutes and for a single site. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-local-broker', {
    config,
    credentials: { user: { type: 'text' }, password: { type: 'password' } },
    start({ config, credentials, clock, send, showStatus, report, onClose }) {
      const { host, port } = config;
      const { user, password } = credentials as Credentials;
      const tls = config.tls === '' ? undefined : (RED.nodes.getNode(config.tls) as TlsNode | null);
      if (tls === null) throw new Error('the TLS configuration of this broker is missing or disabled');
      const asked = config.clientCertificates;

      const show = (broker: EmbeddedBroker): void =>
        showStatus({ fill: 'green', shape: 'dot', key: 'open', params: { port: broker.port, n: broker.clients() } });

      const tell = (event: BrokerEvent): void => {
        send({ topic: event.kind, payload: event });
        const broker = opening.current();
        if (broker) show(broker);
      };

      const options = {
        host,
        port,
        ...(user ? { username: user, password: password ?? '' } : {}),
        ...(tls ? { tls: { ...tls.addTLSOptions({}), requestCert: asked, rejectUnauthorized: asked } } : {}),
      };
      showStatus({ fill: 'yellow', shape: 'ring', key: 'opening', params: { port } });
      const opening = keepOpening(clock, () => startEmbeddedBroker(options, tell), {
        opened: show,
        failed(error, isFirst) {
          showStatus({ fill: 'red', shape: 'ring', key: 'taken', params: { port } });
          if (isFirst) report(error);
        },
      });
      onClose(() => opening.close());
    },
  });
}
