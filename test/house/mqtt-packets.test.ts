import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/house-rules.ts';

const client = 'src/mqtt/';
const broker = 'src/mqtt/embedded-broker/';

/** The packets of MQTT by their names in the specification, and the files of both sides that react to them. */
const packets: Record<string, string[]> = {
  CONNECT: [`${client}connection/connect.ts`, `${broker}aedes-server.ts`],
  CONNACK: [
    `${client}connection/connection-trace.ts`,
    `${client}connection/server-capabilities.ts`,
    `${client}connection/reason-codes.ts`,
    `${broker}broker.ts`,
  ],
  PUBLISH: [
    `${client}publishing/publish-flows.ts`,
    `${client}publishing/publish-packet.ts`,
    `${client}subscriptions/incoming-publish.ts`,
    `${broker}route-publish.ts`,
    `${broker}packets.ts`,
  ],
  PUBACK: [
    `${client}publishing/publish-flows.ts`,
    `${client}subscriptions/acknowledgements.ts`,
    `${broker}session-queue.ts`,
  ],
  PUBREC: [
    `${client}publishing/publish-flows.ts`,
    `${client}subscriptions/acknowledgements.ts`,
    `${broker}session-queue.ts`,
  ],
  PUBREL: [
    `${client}publishing/pubrel.ts`,
    `${client}subscriptions/acknowledgements.ts`,
    `${broker}session-queue.ts`,
    `${broker}packets.ts`,
  ],
  PUBCOMP: [
    `${client}publishing/publish-flows.ts`,
    `${client}publishing/pubrel.ts`,
    `${client}subscriptions/acknowledgements.ts`,
    `${broker}session-queue.ts`,
  ],
  SUBSCRIBE: [`${client}subscriptions/subscribe.ts`, `${broker}aedes-server.ts`],
  SUBACK: [`${client}subscriptions/subscribe.ts`, `${broker}aedes-server.ts`],
  UNSUBSCRIBE: [`${client}subscriptions/subscribe.ts`, `${broker}aedes-server.ts`],
  UNSUBACK: [`${client}subscriptions/subscribe.ts`, `${broker}aedes-server.ts`],
  PINGREQ: [`${client}connection/connect.ts`, `${broker}aedes-server.ts`],
  PINGRESP: [`${client}connection/connect.ts`, `${broker}aedes-server.ts`],
  DISCONNECT: [
    `${client}connection/disconnect.ts`,
    `${client}connection/connection-trace.ts`,
    `${client}connection/reason-codes.ts`,
    `${broker}aedes-server.ts`,
  ],
  AUTH: [`${client}connection/connect.ts`],
};

/** The properties of MQTT 5 that are read or sent, by their names in the specification, and a file that does so. */
const properties: Record<string, string> = {
  'Session Expiry Interval': 'connection/connect.ts',
  'Receive Maximum': 'connection/connect.ts',
  'Topic Alias Maximum': 'connection/connect.ts',
  'Will Delay Interval': 'connection/connect.ts',
  'Maximum QoS': 'connection/server-capabilities.ts',
  'Retain Available': 'connection/server-capabilities.ts',
  'Maximum Packet Size': 'connection/server-capabilities.ts',
  'Wildcard Subscription Available': 'connection/server-capabilities.ts',
  'Shared Subscription Available': 'connection/server-capabilities.ts',
  'Assigned Client Identifier': 'connection/connection-attempts.ts',
  'Server Reference': 'connection/connection-failure.ts',
  'Reason String': 'connection/connection-failure.ts',
  'Message Expiry Interval': 'publishing/publication.ts',
  'Response Topic': 'messages/message-publisher.ts',
  'Correlation Data': 'messages/message-publisher.ts',
};

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Line breaks of comments do not tear the names of properties apart. */
const proseOf = (file: string): string => textOf(file).replace(/\s+(\*|\/\/)?\s*/g, ' ');

describe('the house: a packet of MQTT is found by its name in the specification', () => {
  for (const [packet, files] of Object.entries(packets))
    it(packet, () => {
      const silent = files.filter((file) => !new RegExp(`\\b${packet}\\b`).test(textOf(file)));
      assert.deepEqual(silent, []);
    });
});

describe('the house: a property of MQTT 5 is found by its name in the specification', () => {
  for (const [property, file] of Object.entries(properties))
    it(property, () => assert.ok(proseOf(client + file).includes(property), file));
});
