import assert from 'node:assert/strict';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import { RetainedRemoval } from '../../../src/mqtt/publishing/retained-removal.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { listen, type Observer } from '../../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { retainedOn } from '../../support/node-red/departures.ts';
import { startTcpRelay, type TcpRelay } from '../../support/tcp-relay.ts';
import { until } from '../../support/until.ts';

describe('what is retained of a device that is no more', () => {
  let broker: TestBroker;
  let relay: TcpRelay;
  let speaker: Observer;
  let session: Session;
  let client: BrokerClient;
  let removals: RetainedRemoval;
  let back: Set<string>;

  const open = (prefix = ''): void => {
    client = new BrokerClient(
      { servers: [{ protocol: 'mqtt', host: '127.0.0.1', port: relay.port }], clientId: 'tested', prefix },
      session,
      systemClock,
    );
    removals = new RetainedRemoval(
      client,
      session.retained,
      { gateway: 'ours', isBack: (path) => back.has(path) },
      systemClock,
    );
  };
  const online = (): Promise<void> => {
    client.open();
    return until(() => client.state.kind === 'online', 'the client is online');
  };
  const retain = (topic: string, payload: string): Promise<unknown> =>
    speaker.client.publishAsync(topic, payload, { qos: 1, retain: true });
  const topics = async (): Promise<string[]> => [...(await retainedOn(broker.port)).keys()].sort();
  /** As whoever has been there all the time heard it. */
  const heardOf = (): string[] => {
    const last = new Map(speaker.heard.map(({ topic, payload }) => [topic, payload]));
    return [...last].flatMap(([topic, payload]) => (/devices/.test(topic) && payload !== '' ? [topic] : [])).sort();
  };
  const left = async (expected: string[]): Promise<void> => {
    await until(() => heardOf().join() === expected.join(), `only ${expected} is left`);
    assert.deepEqual(await topics(), expected);
  };

  beforeEach(async () => {
    broker = await startBroker();
    relay = await startTcpRelay(() => broker.port);
    speaker = await listen(broker.port);
    session = new Session(100);
    back = new Set();
    open();
    await retain('devices/101/meta', JSON.stringify({ gateway: 'ours' }));
    await retain('devices/101/battery/soc', '50');
    await retain('devices/1011/battery/soc', '60');
  });
  afterEach(async () => {
    removals.close();
    await client.close(true);
    await speaker.close();
    await relay.close();
    await broker.close();
  });

  it('goes, also what an earlier run had left, and nothing else', async () => {
    await online();
    client.publish({ topic: 'plain/devices/101/battery/soc', payload: '50', qos: 1, retain: true });
    removals.remove('devices/101');
    await removals.done();
    await left(['devices/1011/battery/soc']);
  });

  it('goes once there is a connection', async () => {
    removals.remove('devices/101');
    await online();
    await left(['devices/1011/battery/soc']);
  });

  it('goes with the next connection where one ends in the middle', async () => {
    await online();
    removals.remove('devices/101');
    relay.cut();
    await left(['devices/1011/battery/soc']);
  });

  it('goes below a prefix, and only there', async () => {
    removals.close();
    open('acme/v1');
    await retain('acme/v1/devices/101/battery/soc', '70');
    await online();
    removals.remove('devices/101');
    await left(['devices/101/battery/soc', 'devices/101/meta', 'devices/1011/battery/soc']);
  });

  it('stays where another gateway speaks for it', async () => {
    await retain('devices/101/meta', JSON.stringify({ gateway: 'another' }));
    await online();
    removals.remove('devices/101');
    await removals.done();
    assert.deepEqual(await topics(), ['devices/101/battery/soc', 'devices/101/meta', 'devices/1011/battery/soc']);
  });

  it('stays where it has come back meanwhile', async () => {
    await online();
    removals.remove('devices/101');
    back.add('devices/101');
    await removals.done();
    assert.deepEqual(await topics(), ['devices/101/battery/soc', 'devices/101/meta', 'devices/1011/battery/soc']);
  });
});
