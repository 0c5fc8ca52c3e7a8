import assert from 'node:assert/strict';
import type { Clock } from '../../../src/model/time.ts';
import { BrokerClient } from '../../../src/mqtt/client.ts';
import { Session } from '../../../src/mqtt/session/session.ts';
import type { Handler } from '../../../src/mqtt/subscriptions/subscriptions.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type ScriptedBroker, startScriptedBroker } from '../../support/mqtt/scripted-broker.ts';
import { until } from '../../support/until.ts';

/** A clock whose timers a test can see, and run before their time. */
const createWatchedClock = () => {
  const waiting = new Set<{ ms: number; run(): void }>();
  const clock: Clock = {
    ...systemClock,
    after(ms, run) {
      const entry = {
        ms,
        run() {
          waiting.delete(entry);
          timer.cancel();
          run();
        },
      };
      const timer = systemClock.after(ms, entry.run);
      waiting.add(entry);
      return {
        cancel() {
          waiting.delete(entry);
          timer.cancel();
        },
      };
    },
  };
  return { clock, timers: (ms: number) => [...waiting].filter((each) => each.ms === ms) };
};

/** For it two seconds are a tenth of one. */
const hasty: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };

describe('what comes is acknowledged', () => {
  const clients: BrokerClient[] = [];
  let broker: ScriptedBroker;
  let session: Session;
  let heard: string[];
  /** What is taken when a test says so, by its payload. */
  let pending: Map<string, (isTaken: boolean) => void>;

  beforeEach(async () => {
    broker = await startScriptedBroker();
    session = new Session(100);
    heard = [];
    pending = new Map();
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close(true);
    await broker.close();
  });

  const open = (clock: Clock = systemClock, prefix = ''): BrokerClient => {
    const servers = [{ protocol: 'mqtt' as const, host: '127.0.0.1', port: broker.port }];
    const client = new BrokerClient({ servers, clientId: 'tested', version: 4, prefix }, session, clock);
    clients.push(client);
    broker.forget();
    client.open();
    return client;
  };
  const listen: Handler = ({ payload }) => {
    heard.push(String(payload));
  };
  const takeLater: Handler = ({ payload }) => {
    heard.push(String(payload));
    return new Promise<boolean>((resolve) => pending.set(String(payload), resolve));
  };
  const taken = (n: number, isTaken = true): void => pending.get(`message ${n}`)?.(isTaken);
  const isHeard = (count: number): Promise<void> => until(() => heard.length >= count, `${count} messages`);

  for (const [qos, words] of [
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const)
    it(`once it was taken, in the order in which it came: QoS ${qos}`, async () => {
      open().subscribe(['t'], 2, takeLater);
      await broker.subscribed();
      for (const id of [1, 2, 3]) broker.publish(qos, id);
      await isHeard(3);
      taken(2);
      taken(3);
      await broker.gets();
      taken(1);
      await broker.gets(`${words} 1`, `${words} 2`, `${words} 3`);
    });

  it('at once where it was taken at once, and once', async () => {
    open().subscribe(['t'], 2, listen);
    await broker.subscribed();
    broker.publish(1, 7);
    broker.publish(2, 8);
    broker.publish(0, 0);
    await broker.gets('puback 7', 'pubrec 8');
    broker.release(8);
    await broker.gets('puback 7', 'pubrec 8', 'pubcomp 8');
    assert.equal(heard.length, 3);
  });

  it('by everybody who wants it', async () => {
    const client = open();
    client.subscribe(['t'], 2, takeLater);
    client.subscribe(['#'], 2, listen);
    await broker.subscribed();
    broker.publish(1, 1);
    await isHeard(2);
    await broker.gets();
    taken(1);
    await broker.gets('puback 1');
  });

  it('where it stands under another prefix, and is nobody’s', async () => {
    open(systemClock, 'ems').subscribe(['t'], 2, listen);
    await broker.subscribed();
    broker.publish(1, 1, 'x', 'old/t');
    broker.publish(1, 2, 'y', 'ems/t');
    await broker.gets('puback 1', 'puback 2');
    assert.deepEqual(heard, ['y']);
  });

  it('where nobody wants it, once everybody had time to come', async () => {
    const { after } = systemClock;
    open({ ...systemClock, after: (ms, run) => after(ms / 100, run) }).subscribe(['t'], 2, listen);
    await broker.subscribed();
    broker.publish(1, 1, 'x', 'elsewhere');
    broker.publish(1, 2);
    await broker.gets('puback 1', 'puback 2');
    assert.deepEqual(heard, ['message 2']);
  });

  it('at QoS 2 once for each packet identifier: a copy is not handed over again before PUBREL', async () => {
    open().subscribe(['t'], 2, takeLater);
    await broker.subscribed();
    broker.publish(2, 1);
    broker.publish(2, 1);
    await isHeard(1);
    await broker.gets();
    taken(1);
    await broker.gets('pubrec 1', 'pubrec 1');
    broker.publish(2, 1);
    await broker.gets('pubrec 1', 'pubrec 1', 'pubrec 1');
    assert.equal(heard.length, 1);
    broker.release(1);
    broker.publish(2, 1);
    await isHeard(2);
  });

  it('at QoS 2 also after the connection was cut, and after a redeploy', async () => {
    const client = open();
    client.subscribe(['t'], 2, takeLater);
    await broker.subscribed();
    broker.publish(2, 1);
    broker.publish(2, 2);
    await isHeard(2);
    taken(2);
    broker.cut();
    await until(() => client.state.kind !== 'online', 'the end of the connection');
    await broker.subscribed();
    for (const id of [1, 2, 3]) broker.publish(2, id);
    await isHeard(3);
    await broker.gets();
    taken(1);
    await broker.gets('pubrec 1', 'pubrec 2');
    await client.close(false);
    open().subscribe(['t'], 2, takeLater);
    await broker.subscribed();
    for (const id of [1, 2, 3]) broker.publish(2, id);
    await isHeard(4);
    assert.deepEqual(heard, ['message 1', 'message 2', 'message 3', 'message 3'], 'only 3 was not taken');
    await broker.gets('pubrec 1', 'pubrec 2');
  });

  it('at QoS 2 also where another server uses an identifier that is under way', async () => {
    const client = open();
    client.subscribe(['t'], 2, listen);
    await broker.subscribed();
    broker.publish(2, 1);
    await broker.gets('pubrec 1');
    broker.cut();
    await until(() => client.state.kind !== 'online', 'the end of the connection');
    await broker.subscribed();
    broker.publish(2, 1, 'of another');
    await isHeard(2);
    await broker.gets('pubrec 1');
  });

  const again: [name: string, answer: { returnCode?: number; sessionPresent?: boolean }, times: number][] = [
    ['once where the broker was not to be had for a moment', { returnCode: 3, sessionPresent: false }, 1],
    ['anew where the broker has forgotten the session, and what it knew of identifiers', { sessionPresent: false }, 2],
  ];
  for (const [name, answer, times] of again)
    it(`at QoS 2 ${name}`, async () => {
      const client = open();
      client.subscribe(['t'], 2, listen);
      await broker.subscribed();
      broker.publish(2, 1);
      await broker.gets('pubrec 1');
      broker.nextConnack(answer);
      broker.cut();
      await until(() => client.state.kind !== 'online', 'the end of the connection');
      await broker.subscribed();
      broker.publish(2, 1);
      await broker.gets('pubrec 1');
      assert.equal(heard.length, times);
    });

  describe('or stays with the broker', () => {
    it('where it was not taken when the client is closed: what was is told before the goodbye', async () => {
      const client = open();
      client.subscribe(['t'], 2, takeLater);
      await broker.subscribed();
      for (const id of [1, 2, 3]) broker.publish(1, id);
      broker.publish(2, 4);
      await isHeard(4);
      taken(2);
      taken(4);
      await broker.gets('pubrec 4');
      const closing = client.close(false);
      await until(() => broker.received.includes('puback 2'), 'what was taken');
      assert.ok(!broker.received.includes('disconnect'), 'a handshake of QoS 2 is ended first');
      broker.release(4);
      await closing;
      await broker.gets('pubrec 4', 'puback 2', 'pubcomp 4', 'disconnect');
    });

    it('but not what was taken, though the broker is slow to read: it is waited for as long as it sends', async () => {
      const { clock, timers } = createWatchedClock();
      const client = open(clock);
      client.subscribe(['t'], 2, listen);
      await broker.subscribed();
      broker.pause();
      broker.publish(1, 1);
      await isHeard(1);
      const closing = client.close(false);
      await until(() => client.state.kind === 'closed', 'the goodbye');
      const [before] = timers(2000);
      assert.ok(before);
      broker.publish(1, 2);
      await until(() => timers(2000).some((each) => each !== before), 'it is waited for longer');
      broker.resume();
      await closing;
      await broker.gets('puback 1', 'disconnect');
      assert.deepEqual([heard, timers(2000)], [['message 1'], []]);
    });

    it('but not what was taken, though the broker says more when the goodbye is on its way to it', async () => {
      const client = open(hasty);
      client.subscribe(['t'], 2, listen);
      await broker.subscribed();
      broker.publish(2, 1);
      broker.publish(2, 2);
      await broker.gets('pubrec 1', 'pubrec 2');
      const end = broker.stay();
      const closing = client.close(false);
      await until(() => broker.received.includes('disconnect'), 'the goodbye');
      broker.release(1);
      broker.publish(1, 3, 'x'.repeat(4_000_000));
      assert.equal(await end(), true);
      await closing;
      assert.deepEqual(heard, ['message 1', 'message 2']);
    });

    it('but not what is on its way to somebody when the client is closed, and arrives in the next turn', async () => {
      const client = open();
      let closing: Promise<void> | undefined;
      client.subscribe(['t'], 2, () => {
        const arriving = new Promise<boolean>((resolve) => setImmediate(() => resolve(true)));
        closing ??= client.close(false);
        return arriving;
      });
      await broker.subscribed();
      broker.publish(1, 1);
      await broker.gets('puback 1', 'disconnect');
      await closing;
    });

    it('where a broker neither reads nor sends: the end comes all the same', async () => {
      const { clock, timers } = createWatchedClock();
      const client = open(clock);
      client.subscribe(['t'], 2, listen);
      await broker.subscribed();
      broker.pause();
      const closing = client.close(false);
      await until(() => client.state.kind === 'closed', 'the goodbye');
      for (const { run } of timers(2000)) run();
      await closing;
    });

    it('where nobody is there yet, and is handed over when somebody comes', async () => {
      const client = open();
      await until(() => client.state.kind === 'online', 'the connection');
      broker.publish(1, 1);
      broker.publish(2, 2);
      broker.publish(1, 3, 'message 3', 'other');
      await broker.gets();
      client.subscribe(['t'], 2, listen);
      await broker.gets('puback 1', 'pubrec 2');
      assert.deepEqual(heard, ['message 1', 'message 2']);
    });

    it('while its subscriber is redeployed, though another one has taken it', async () => {
      const client = open();
      client.subscribe(['#'], 2, listen);
      const first = client.subscribe(['t'], 2, takeLater, { owner: 'a' });
      await broker.subscribed();
      broker.publish(1, 1);
      await isHeard(2);
      first.remove();
      taken(1, false);
      broker.publish(1, 2);
      await isHeard(3);
      client.subscribe(['t'], 2, listen, { owner: 'b' });
      await broker.gets();
      heard = [];
      client.subscribe(['+'], 2, listen, { owner: 'a' });
      await broker.gets('puback 1', 'puback 2');
      assert.deepEqual(heard, ['message 1', 'message 2']);
    });

    it('while its subscriber is redeployed, also where that is known only when it is back', async () => {
      const client = open();
      const first = client.subscribe(['t'], 2, takeLater, { owner: 'a' });
      await broker.subscribed();
      broker.publish(1, 1);
      await isHeard(1);
      first.remove();
      broker.publish(0, 0, 'not promised');
      await broker.gets();
      client.subscribe(['t'], 2, listen, { owner: 'a' });
      taken(1, false);
      await broker.gets('puback 1');
      assert.deepEqual(heard, ['message 1', 'message 1']);
    });

    it('while a filter that somebody asked for by a message is not asked for again after a redeploy', async () => {
      const before = open();
      before.subscribe(['t', 'u'], 2, listen);
      await broker.subscribed();
      await before.close(false);
      const client = open();
      client.subscribe(['u'], 2, listen);
      await broker.subscribed();
      broker.publish(1, 1);
      await broker.gets();
      assert.ok(!broker.received.some((words) => words.startsWith('unsubscribe')));
      client.subscribe(['t'], 2, listen);
      await broker.gets('puback 1');
      assert.deepEqual(heard, ['message 1']);
    });

    it('while its subscriber is redeployed, and is nobody’s once that wants something else', async () => {
      const client = open();
      const first = client.subscribe(['t'], 2, listen, { owner: 'a' });
      await broker.subscribed();
      first.remove();
      broker.publish(1, 1);
      await broker.gets();
      client.subscribe(['other'], 2, listen, { owner: 'a' });
      await broker.gets('puback 1');
      assert.deepEqual(heard, []);
    });

    it('not for ever: a subscriber that does not come back, or was deleted, is not waited for', async () => {
      const { clock, timers } = createWatchedClock();
      const client = open(clock);
      const first = client.subscribe(['t'], 2, listen, { owner: 'a' });
      const second = client.subscribe(['u'], 2, listen, { owner: 'b' });
      await broker.subscribed();
      const isOver = (): void => {
        for (const { run } of timers(5000)) run();
      };
      isOver();
      second.remove(true);
      assert.deepEqual(timers(5000), []);
      broker.publish(1, 1, 'x', 'u');
      await broker.gets('puback 1');
      first.remove();
      broker.publish(1, 2);
      await broker.gets('puback 1');
      isOver();
      await broker.gets('puback 1', 'puback 2');
      assert.deepEqual(heard, []);
      await until(() => broker.received.filter((words) => words.startsWith('unsubscribe')).length > 0, 'unsubscribed');
    });
  });

  it('and a handshake that an earlier connection began is not waited for at the end', async () => {
    const { clock, timers } = createWatchedClock();
    const client = open(clock);
    client.subscribe(['t'], 2, listen);
    await broker.subscribed();
    broker.publish(2, 1);
    await broker.gets('pubrec 1');
    broker.cut();
    await until(() => client.state.kind !== 'online', 'the end of the connection');
    await broker.subscribed();
    const closing = client.close(false);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(timers(10), []);
    await closing;
  });

  describe('soon, where the broker waits for that', () => {
    let hurried: number;
    const gather = async (count: number): Promise<void> => {
      hurried = 0;
      const hurry = (): void => {
        hurried++;
        for (const settle of pending.values()) settle(true);
      };
      open().subscribe(['t'], 2, takeLater, { hurry });
      await broker.subscribed();
      for (let id = 1; id <= count; id++) broker.publish(1, id);
      await isHeard(count);
    };

    it('as it may after ten, the smallest window of any known broker', async () => {
      await gather(10);
      await broker.gets(...Array.from({ length: 10 }, (_, i) => `puback ${i + 1}`));
      assert.equal(hurried, 1);
    });

    it('and not before', async () => {
      await gather(9);
      await broker.gets();
      assert.equal(hurried, 0);
    });
  });
});
