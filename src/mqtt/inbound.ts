/** What comes from the broker: to those who subscribed, and acknowledged once they have it. */
import type { MqttClient, Packet } from 'mqtt';
import type { Clock } from '../model/time.ts';
import { createAcknowledgements } from './acknowledgement.ts';
import { createSendWindow } from './send-window.ts';
import type { Session } from './session.ts';
import type { Incoming, Subscriptions } from './subscriptions.ts';

export interface Inbound {
  /** Listens to the client; once for each. */
  attach(client: MqttClient): void;
  /** Nothing more is handed over: what was is acknowledged, the rest stays with the broker. */
  finish(): void;
  /** Handshakes of QoS 2 that the broker has not ended yet. */
  unreleased(): number;
}

/** @param prefix stands before every topic on the wire */
export const createInbound = (
  { underWay }: Session,
  prefix: string,
  subscriptions: Subscriptions,
  clock: Clock,
): Inbound => {
  let client: MqttClient | undefined;
  let hasBegun = false;
  let isFinished = false;
  let isHurrying = false;
  /** QoS and packet identifier of the publication that mqtt.js is about to tell. */
  let arriving: { qos: 0 | 1 | 2; id: number } = { qos: 0, id: 0 };
  const sendWindow = createSendWindow(clock);
  const acknowledgements = createAcknowledgements(
    underWay,
    (bytes) => client?.stream.write(bytes),
    (count) => sendWindow.acknowledged(count, acknowledgements.held()),
  );

  /** Once the rest of what has come together is there as well. */
  const hurrySoon = (): void => {
    if (isHurrying) return;
    isHurrying = true;
    setImmediate(() => {
      isHurrying = false;
      subscriptions.hurry();
    });
  };

  const begin = (hasSession: boolean): void => {
    sendWindow.begin();
    acknowledgements.begin(hasSession);
    if (!hasBegun) subscriptions.expect();
    hasBegun = true;
  };

  const onPacket = (packet: Packet): void => {
    if (packet.cmd === 'connack') {
      if ((packet.reasonCode ?? packet.returnCode) === 0) begin(packet.sessionPresent);
    } else if (packet.cmd === 'publish') {
      arriving = { qos: packet.qos, id: packet.messageId ?? 0 };
      // mqtt.js acknowledges before anybody has the message, and reads nothing else while it is kept from that. As
      // one of QoS 0 it hands the message on, and leaves the acknowledgement to us.
      packet.qos = 0;
    } else if (packet.cmd === 'pubrel' && packet.messageId !== undefined) {
      // mqtt.js answers with PUBCOMP: it never knows the identifier, and there is nothing left to deliver.
      acknowledgements.release(packet.messageId);
    }
  };

  const onMessage = (message: Incoming, id: number): void => {
    const { qos, topic, payload } = message;
    const dispatch = (): void | Promise<void> => {
      // What stands under an earlier prefix is nobody's.
      if (!topic.startsWith(prefix)) return undefined;
      return subscriptions.dispatch({ ...message, topic: topic.slice(prefix.length) });
    };
    if (qos === 0) dispatch();
    else {
      acknowledgements.arrive({ qos, id, topic, payload }, dispatch);
      if (sendWindow.arrived(acknowledgements.held())) hurrySoon();
    }
  };

  return {
    attach(created) {
      client = created;
      created.on('packetreceive', onPacket);
      created.on('message', (topic, payload, { retain, properties = {} }) => {
        if (isFinished) return;
        const { responseTopic, correlationData, messageExpiryInterval } = properties;
        const message: Incoming = {
          topic,
          payload,
          qos: arriving.qos,
          retain,
          ...(responseTopic === undefined ? {} : { responseTopic }),
          ...(correlationData === undefined ? {} : { correlationData }),
          ...(messageExpiryInterval === undefined ? {} : { expiryS: messageExpiryInterval }),
        };
        onMessage(message, arriving.id);
      });
      created.on('close', acknowledgements.end);
    },
    finish() {
      isFinished = true;
      acknowledgements.finish();
    },
    unreleased: acknowledgements.unreleased,
  };
};
