/** The embedded broker on a port of its own, and plain clients of another hand beside it. */
import mqtt, { type MqttClient } from 'mqtt';
import type { Clock } from '../../../src/model/time.ts';
import {
  type BrokerEvent,
  type EmbeddedBroker,
  type EmbeddedOptions,
  startEmbeddedBroker,
} from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { systemClock } from '../../../src/shell/clock.ts';

export interface TestBroker extends EmbeddedBroker {
  events: BrokerEvent[];
}

export const startBroker = async (
  options: Partial<EmbeddedOptions> = {},
  clock: Clock = systemClock,
): Promise<TestBroker> => {
  const events: BrokerEvent[] = [];
  const place = { host: '127.0.0.1', port: 0 };
  const broker = await startEmbeddedBroker({ ...place, ...options }, (event) => events.push(event), clock);
  return { ...broker, events };
};

export interface Heard {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
}

export interface Listener {
  heard: Heard[];
  client: MqttClient;
  close(): Promise<void>;
}

const connectWithin = async (port: number, untilMs: number): Promise<MqttClient> => {
  try {
    return await mqtt.connectAsync({ host: '127.0.0.1', port, protocolVersion: 4 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || performance.now() > untilMs) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return connectWithin(port, untilMs);
  }
};

/** Subscribes and writes down what comes. A broker that is just starting is waited for. */
export const listen = async (port: number, filter = '#'): Promise<Listener> => {
  const client = await connectWithin(port, performance.now() + 10_000);
  const heard: Heard[] = [];
  client.on('message', (topic, payload, { qos, retain }) =>
    heard.push({ topic, payload: String(payload), qos, retain }),
  );
  await client.subscribeAsync(filter, { qos: 2 });
  return {
    heard,
    client,
    close: () => client.endAsync(true),
  };
};
