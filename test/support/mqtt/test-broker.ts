/**
 * The embedded broker of this package on a free port, with the events it reports: the ordinary broker of a test. Its
 * clients: observer.ts. A broker that breaks what is promised: scripted-broker.ts, strict-broker.ts. mosquitto:
 * mosquitto.ts. In a process of its own, to be killed: startLocalBroker of node-red/killable-site.ts.
 */
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
