/** An MQTT client in a process of its own: publishes what it is told, tells every answer it hears. */
import { connect } from 'mqtt';
import { listen, say } from './lines.ts';

const [url = '', clientId = ''] = process.argv.slice(2);
const client = connect(url, {
  protocolVersion: 5,
  clientId,
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
  reconnectPeriod: 200,
  connectTimeout: 2000,
});
client.on('error', () => {});
client.on('connect', () => {
  client.subscribe(['devices/+/+/response/+', 'devices/+/availability'], { qos: 1 }, () => say({ connected: true }));
});
client.on('message', (topic, payload) => say({ topic, payload: JSON.parse(payload.toString()) }));

listen(({ topic, payload }: { topic: string; payload: unknown }) => {
  client.publish(topic, JSON.stringify(payload), { qos: 1 });
});
