/**
 * A subscriber of another hand (the library mqtt, MQTT 3.1.1) that writes down what it hears, and when. It comes back
 * whenever the broker does. A subscriber that breaks the protocol or its connection on purpose: raw-client.ts.
 */
import mqtt, { type MqttClient } from 'mqtt';
import { until } from '../until.ts';

export interface Heard {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
  /** Wall clock at its arrival, ms since 1970. */
  at: number;
}

export interface Observer {
  port: number;
  client: MqttClient;
  /** Everything it has heard, the newest last. */
  heard: Heard[];
  /** Whether it is connected and has subscribed. */
  isConnected(): boolean;
  /**
   * @returns the last payload on a topic since it is connected, as an object: a broker that came back tells anew what
   *   it knows; undefined where there is none, or a retained one was cleared
   */
  last(topic: string): Record<string, unknown> | undefined;
  /** With QoS 1, not retained. */
  publish(topic: string, payload: string): Promise<unknown>;
  /** With QoS 1, retained. */
  retain(topic: string, payload: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface ObserverOptions {
  /** The topic filter; everything by default. */
  filter?: string;
  username?: string;
  password?: string;
}

/** Subscribes with QoS 2 as soon as the broker is there, and does not wait for that. */
export const observe = (port: number, { filter = '#', ...login }: ObserverOptions = {}): Observer => {
  const heard: Heard[] = [];
  const client = mqtt.connect({
    host: '127.0.0.1',
    port,
    protocolVersion: 4,
    reconnectPeriod: 50,
    resubscribe: false,
    ...login,
  });
  // While the broker is away there is one for each attempt.
  client.on('error', () => {});
  let isListening = false;
  let connectedAt = 0;
  client.on('connect', () => {
    connectedAt = heard.length;
    client.subscribe(filter, { qos: 2 }, (error) => {
      isListening = !error;
    });
  });
  client.on('close', () => {
    isListening = false;
  });
  client.on('message', (topic, payload, { qos, retain }) =>
    heard.push({ topic, payload: String(payload), qos, retain, at: Date.now() }),
  );
  return {
    port,
    client,
    heard,
    isConnected: () => isListening,
    last(topic) {
      const at = heard.findLastIndex((each) => each.topic === topic);
      const payload = at < connectedAt ? undefined : heard[at]?.payload;
      return payload ? JSON.parse(payload) : undefined;
    },
    publish: (topic, payload) => client.publishAsync(topic, payload, { qos: 1 }),
    retain: (topic, payload) => client.publishAsync(topic, payload, { qos: 1, retain: true }),
    close: () => client.endAsync(true),
  };
};

/** Subscribes, and waits until the broker has confirmed that; a broker that is just starting is waited for. */
export const listen = async (port: number, filter = '#'): Promise<Observer> => {
  const observer = observe(port, { filter });
  try {
    await until(observer.isConnected, `a subscription to ${filter}`);
  } catch (error) {
    await observer.close();
    throw error;
  }
  return observer;
};
