/** PUBLISH from the server: to those who subscribed, and acknowledged once they have it. */
import type { IPublishPacket, MqttClient } from 'mqtt';
import type { Clock } from '../../model/time.ts';
import type { QoS } from '../publishing/publication.ts';
import type { Session } from '../session/session.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { ServerSendQuota } from './server-send-quota.ts';
import type { IncomingMessage, Subscriptions } from './subscriptions.ts';

/** The PUBLISH packets of one connection that are not acknowledged yet. */
export class IncomingPublishes {
  readonly #prefix: string;
  readonly #subscriptions: Subscriptions;
  readonly #sendQuota: ServerSendQuota;
  readonly #acknowledgements: Acknowledgements;
  #client: MqttClient | undefined;
  #hasBegun = false;
  #isFinished = false;
  #isHurrying = false;
  /** QoS and Packet Identifier of the publication that mqtt.js is about to tell. */
  #qos: QoS = 0;
  #packetId = 0;

  /** @param prefix stands before every topic on the wire */
  constructor({ received }: Session, prefix: string, subscriptions: Subscriptions, clock: Clock) {
    this.#prefix = prefix;
    this.#subscriptions = subscriptions;
    this.#sendQuota = new ServerSendQuota(clock);
    this.#acknowledgements = new Acknowledgements(received, {
      write: (bytes) => void this.#client?.stream.write(bytes),
      acknowledged: (count) => this.#sendQuota.onAcknowledged(count, this.#acknowledgements.held),
    });
  }

  /** Number of messages of QoS 2 that the server has not released yet. */
  get unreleased(): number {
    return this.#acknowledgements.unreleased;
  }

  /** Listens to a client; once for each. */
  attach(client: MqttClient): void {
    this.#client = client;
    client.on('message', (topic, payload, packet) => this.#onMessage(topic, payload, packet));
    client.on('close', () => this.#acknowledgements.onClose());
  }

  /** Nothing more is handed over: what was is acknowledged, the rest stays with the server. */
  finish(): void {
    this.#isFinished = true;
    this.#acknowledgements.finish();
  }

  /** CONNACK has accepted a connection. */
  onConnack(isSessionPresent: boolean): void {
    this.#sendQuota.onConnack();
    this.#acknowledgements.onConnack(isSessionPresent);
    if (!this.#hasBegun) this.#subscriptions.expect();
    this.#hasBegun = true;
  }

  /**
   * mqtt.js acknowledges before anybody has the message, and reads nothing else while it is kept from that. A message
   * of QoS 0 it hands on at once, and leaves the acknowledgement to this client.
   */
  onPublish(packet: IPublishPacket): void {
    this.#qos = packet.qos;
    this.#packetId = packet.messageId ?? 0;
    packet.qos = 0;
  }

  /** mqtt.js answers PUBREL with PUBCOMP: it never knows the identifier, and there is nothing left to deliver. */
  onPubrel(packetId: number): void {
    this.#acknowledgements.onPubrel(packetId);
  }

  #onMessage(topicName: string, payload: Buffer, { retain, properties }: IPublishPacket): void {
    if (this.#isFinished) return;
    const qos = this.#qos;
    // A topic under an earlier prefix is nobody's, and is acknowledged all the same (MQTT-4.5.0-2).
    const isOurs = topicName.startsWith(this.#prefix);
    const topic = this.#prefix === '' ? topicName : topicName.slice(this.#prefix.length);
    const message: IncomingMessage = { topic, payload, qos, retain };
    if (properties) {
      const { responseTopic, correlationData, messageExpiryInterval } = properties;
      if (responseTopic !== undefined) message.responseTopic = responseTopic;
      if (correlationData !== undefined) message.correlationData = correlationData;
      if (messageExpiryInterval !== undefined) message.expiryS = messageExpiryInterval;
    }
    const dispatch = (): void | Promise<void> => (isOurs ? this.#subscriptions.dispatch(message) : undefined);
    if (qos === 0) {
      dispatch();
      return;
    }
    this.#acknowledgements.onPublish({ qos, packetId: this.#packetId, topic: topicName, payload }, dispatch);
    if (this.#sendQuota.onPublish(this.#acknowledgements.held)) this.#hurrySoon();
  }

  /** Waits for the rest of what has come together. */
  #hurrySoon(): void {
    if (this.#isHurrying) return;
    this.#isHurrying = true;
    setImmediate(() => {
      this.#isHurrying = false;
      this.#subscriptions.hurry();
    });
  }
}
