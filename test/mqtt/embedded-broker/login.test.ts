import assert from 'node:assert/strict';
import type { BrokerEvent } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';
import { openRaw, type RawClient } from '../../support/mqtt/raw-client.ts';
import { startBroker, type TestBroker } from '../../support/mqtt/test-broker.ts';
import { until } from '../../support/until.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** MQTT 3.1.1 §3.2.2.3 */
const accepted = 0;
const badUserNameOrPassword = 4;

describe('wrong passwords at the embedded broker', () => {
  let broker: TestBroker;
  let clock: VirtualClock;
  const raw: RawClient[] = [];

  beforeEach(async () => {
    clock = createVirtualClock();
    broker = await startBroker(
      { username: 'site', password: 'right', limits: { loginFailures: 5, connectS: 60 } },
      clock,
    );
  });
  afterEach(async () => {
    for (const each of raw.splice(0)) each.destroy();
    await broker.close();
  });

  /** Sends CONNECT and waits for nothing. */
  const knock = async (clientId: string, password: string): Promise<RawClient> => {
    const client = await openRaw(broker.port);
    raw.push(client);
    const login = { username: 'site', password: Buffer.from(password) };
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: true,
      keepalive: 0,
      ...login,
    });
    return client;
  };
  const answer = (client: RawClient): number | undefined => client.of('connack')[0]?.returnCode;
  const enter = async (clientId: string): Promise<RawClient> => {
    const client = await knock(clientId, 'right');
    await until(() => answer(client) !== undefined, 'the answer');
    return client;
  };
  const guess = (count: number): Promise<RawClient[]> =>
    Promise.all(Array.from({ length: count }, (_, i) => knock(`guess ${raw.length + i}`, `wrong ${i}`)));
  const settled = (clients: RawClient[]): number => clients.filter((each) => each.isClosed()).length;
  const braked = (): BrokerEvent[] =>
    broker.events.filter((event) => event.kind === 'limited' && event.limit === 'loginFailures');

  it('1000 at once: five are answered at once, few are judged later, and honest clients get in', async () => {
    const device = await enter('known device');
    assert.equal(answer(device), accepted);
    const guesses = await guess(1000);
    await until(() => settled(guesses) === 950, 'most of them are disconnected');
    const judged = (): number => guesses.filter((each) => answer(each) === badUserNameOrPassword).length;
    assert.equal(judged(), 5);
    // A device that was here before comes back at once, from the very same address.
    device.destroy();
    assert.equal(answer(await enter('known device')), accepted);
    clock.advance(250);
    await until(() => settled(guesses) === 1000, 'those that waited are answered');
    assert.equal(judged(), 55);
    // A new device from that address waits, and gets in.
    const fresh = await knock('new device', 'right');
    const from = clock.monotonic();
    await until(() => {
      clock.advance(50);
      return answer(fresh) !== undefined;
    }, 'the answer');
    assert.equal(answer(fresh), accepted);
    assert.ok(clock.monotonic() - from >= 2000, 'after the longest delay');
    assert.equal(settled([fresh]), 0);
    const reasons = braked().map((event) => ('reason' in event ? event.reason : ''));
    assert.deepEqual(reasons.slice(0, 2).sort(), [
      'more than 5 wrong passwords came from this address: its logins are answered late, right or wrong',
      'so many logins of this address wait for a late answer that this one was disconnected; the client may try again',
    ]);
    assert.equal(reasons.length, 2, 'told once, not for each attempt');
    assert.equal(broker.events.filter(({ kind }) => kind === 'refused').length, 1);
  });

  it('goes back to answering at once after eighteen seconds without any', async () => {
    const guesses = await guess(30);
    await until(() => {
      clock.advance(50);
      return settled(guesses) === 30;
    }, 'all of them are answered');
    clock.advance(18_000);
    const fresh = await enter('new device');
    assert.equal(answer(fresh), accepted);
  });

  it('a device with an old password that tries every five seconds slows nobody down', async () => {
    for (let i = 0; i < 50; i++) {
      const device = await knock('forgetful', 'old');
      await until(() => device.isClosed(), 'it is refused');
      assert.equal(answer(device), badUserNameOrPassword);
      clock.advance(5000);
    }
    assert.equal(answer(await enter('new device')), accepted);
    assert.deepEqual(braked(), []);
  });

  it('who hangs up before the answer has learnt nothing, and is no known client', async () => {
    const guesses = await guess(10);
    await until(() => braked().length === 1 && settled(guesses) === 5, 'the brake');
    const gone = await knock('impostor', 'right');
    await until(() => broker.usage().connections === 6, 'it is connected');
    gone.destroy();
    await until(() => broker.usage().connections === 5, 'it is gone');
    clock.advance(2000);
    const again = await knock('impostor', 'right');
    const from = clock.monotonic();
    await until(() => {
      clock.advance(50);
      return answer(again) !== undefined;
    }, 'the answer');
    assert.equal(answer(again), accepted);
    assert.ok(clock.monotonic() - from >= 250, 'late');
  });

  it('compares user and password as a whole', async () => {
    for (const [user, password] of [
      ['site', 'righ'],
      ['site', 'right '],
      ['sit', 'right'],
      ['', 'right'],
    ] as const) {
      const client = await openRaw(broker.port);
      raw.push(client);
      const login = { username: user, password: Buffer.from(password) };
      client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'x', clean: true, ...login });
      await until(() => answer(client) !== undefined, 'the answer');
      assert.equal(answer(client), badUserNameOrPassword, `${user} ${password}`);
    }
  });
});
