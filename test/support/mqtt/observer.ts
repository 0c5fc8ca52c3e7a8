/** A subscriber of another hand that stays: it comes back whenever the broker does, and writes down when it heard what. */
import mqtt from 'mqtt';
import type { Heard } from './test-broker.ts';

export interface Observed extends Heard {
  /** Wall clock, ms. */
  at: number;
}

export interface Observer {
  port: number;
  heard: Observed[];
  isConnected(): boolean;
  /** The last payload on a topic since it is connected, as an object: a broker that came back tells anew what it knows. */
  last(topic: string): Record<string, unknown> | undefined;
  /** With QoS 1, not retained. */
  publish(topic: string, payload: string): Promise<unknown>;
  /** With QoS 1, retained. */
  retain(topic: string, payload: string): Promise<unknown>;
  close(): Promise<void>;
}

/** @param login of a broker that asks for it */
export const observe = (port: number, login: { username?: string; password?: string } = {}): Observer => {
  const heard: Observed[] = [];
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
    client.subscribe('#', { qos: 2 }, (error) => {
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
