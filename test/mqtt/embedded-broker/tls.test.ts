import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import mqtt, { type MqttClient } from 'mqtt';
import { authority, identityOf } from '../../support/certificates.ts';
import { openRaw, type RawClient } from '../../support/mqtt/raw-client.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

describe('the embedded broker over TLS', () => {
  let broker: TestBroker;
  let clock: VirtualClock;
  const raw: RawClient[] = [];
  const sockets: TLSSocket[] = [];
  let client: MqttClient;

  beforeEach(async () => {
    clock = createVirtualClock();
    const tls = { ...identityOf('server'), ca: authority() };
    broker = await startBroker({ tls, limits: { connectS: 7, connectionsPerAddress: 10 } }, clock);
    client = await mqtt.connectAsync({
      ...{ protocol: 'mqtts', host: '127.0.0.1', port: broker.port, protocolVersion: 4 },
      ca: authority(),
    });
  });
  afterEach(async () => {
    for (const each of raw.splice(0)) each.destroy();
    for (const each of sockets.splice(0)) each.destroy();
    await client.endAsync(true);
    await until(() => broker.usage().connections === 0, 'nothing is left over');
    await broker.close();
  });
  const check = async (): Promise<void> => {
    await client.publishAsync('t', 'x', { qos: 2 });
  };

  it('who neither shakes hands nor logs in is let go in time, and who has logged in stays', async () => {
    raw.push(await openRaw(broker.port), await openRaw(broker.port));
    const shaken = connect({ host: '127.0.0.1', port: broker.port, ca: authority() });
    shaken.on('error', () => {});
    sockets.push(shaken);
    await once(shaken, 'secureConnect');
    await until(() => broker.usage().connections === 4, 'all of them are there');
    clock.advance(6000);
    assert.equal(broker.usage().connections, 4);
    clock.advance(1000);
    await until(() => raw.every((each) => each.isClosed()) && shaken.destroyed, 'those without a login end');
    assert.equal(broker.usage().connections, 1);
    await check();
  });

  it('what is no TLS is refused, told, and counts for the address', async () => {
    for (let i = 0; i < 15; i++) raw.push(await openRaw(broker.port));
    for (const each of raw) each.sendBytes(Buffer.alloc(300, 0x16));
    await until(() => raw.every((each) => each.isClosed()), 'all of them end');
    await until(() => broker.usage().connections === 1, 'only the client is left');
    const kinds = broker.events.map((event) => ('limit' in event ? event.limit : event.kind));
    assert.ok(kinds.includes('refused') && kinds.includes('connectionsPerAddress'), kinds.join());
    await check();
  });
});
