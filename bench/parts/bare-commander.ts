/**
 * The script that people write instead: a command from the broker becomes a write with modbus-serial, and an answer.
 * No checks, no lease, no read-back. Ends with its parent.
 */
import modbusSerial from 'modbus-serial';
import { connectAsync } from 'mqtt';

const [brokerPort, devicePort] = process.argv.slice(2).map(Number) as [number, number];
const device = new modbusSerial.default();
await device.connectTCP('127.0.0.1', { port: devicePort });
device.setID(1);
device.setTimeout(1000);
const client = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 5 });
client.on('message', async (topic, payload) => {
  const { id, params } = JSON.parse(payload.toString());
  await device.writeRegister(1, params.power_w);
  const answer = { id, status: 'completed', applied: params };
  client.publish(topic.replace('/command/', '/response/'), JSON.stringify(answer), { qos: 1 });
});
await client.subscribeAsync('devices/+/battery/command/+', { qos: 1 });
process.send?.(0);
process.on('disconnect', () => process.exit());
