/**
 * A gateway that bills, in a process of its own: from its command line the port of the broker, the words before its
 * numbers and how many messages of QoS 2 it publishes. It tells its parent of each that is done, and ends with it.
 */
import { BrokerClient } from '../../../src/mqtt/client.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';

const [, , port, words, count] = process.argv;
const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: Number(port) }];
const client = new BrokerClient({ servers, clientId: 'billing', window: 20 }, new Session(1000), systemClock);
client.subscribe(['commands'], 1, ({ payload }) => process.send?.({ heard: String(payload) }));
client.open();
for (let n = 0; n < Number(count); n++)
  client.publish({ topic: 'billing', payload: `${words} ${n}`, qos: 2, retain: false }, (error) =>
    process.send?.(error ? { error: error.message } : { done: n }),
  );
setInterval(() => process.send?.({ inFlight: client.depth.inFlight }), 20);
process.on('disconnect', () => process.exit());
