/** Status of this gateway on system/status/<gateway>, retained, which other gateways watch. */
import { type Clock, isoTime } from '../../model/time.ts';
import type { BrokerClient } from '../client.ts';
import type { ClientOptions } from '../client-options.ts';
import type { Publication } from '../publishing/publication.ts';

const topicOf = (gateway: string): string => `system/status/${gateway}`;

const statusOf = (gateway: string, state: 'online' | 'offline', more: object): Publication => ({
  topic: topicOf(gateway),
  payload: JSON.stringify({ schema: 'availability/1', state, ...more }),
  qos: 1,
  retain: true,
});

const online = (gateway: string, clock: Clock): Publication =>
  statusOf(gateway, 'online', { ts: isoTime(clock.now()) });

/** @returns what a client publishes when it connects, when it leaves, and by its Will Message (MQTT 5 §3.1.2.5) */
export const gatewayStatus = (
  gateway: string,
  clock: Clock,
): Required<Pick<ClientOptions, 'will' | 'birth' | 'farewell'>> => ({
  will: statusOf(gateway, 'offline', { reason: 'lwt' }),
  birth: () => online(gateway, clock),
  farewell: () => statusOf(gateway, 'offline', { reason: 'closed', ts: isoTime(clock.now()) }),
});

/**
 * Publishes the status anew where a Will Message has replaced it: that of a connection that was taken over may come after
 * the birth of the next one, and is not true then.
 */
export const keepGatewayStatus = (client: BrokerClient, gateway: string, clock: Clock): void => {
  client.subscribe([topicOf(gateway)], 1, ({ payload }) => {
    if (client.state.kind === 'online' && payload.includes('"offline"')) client.publish(online(gateway, clock));
  });
};
