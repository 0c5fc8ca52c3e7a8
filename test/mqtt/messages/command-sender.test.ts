import assert from 'node:assert/strict';
import type { Command, Response } from '../../../src/model/command.ts';
import { isoTime } from '../../../src/model/time.ts';
import type { BrokerClient } from '../../../src/mqtt/client.ts';
import { type CommandOutcome, CommandSender } from '../../../src/mqtt/messages/command-sender.ts';
import type { Publication } from '../../../src/mqtt/publishing/publication.ts';
import type { Handler } from '../../../src/mqtt/subscriptions/subscriptions.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const topic = 'devices/b/battery/command/charge';

describe('the commander', () => {
  let clock: VirtualClock;
  let commander: CommandSender;
  let accepted: string[];
  let sent: Publication[];
  let hear: Handler;
  /** What the broker says to a publication; away: nothing. */
  let broker: 'there' | 'away' | 'full';

  beforeEach(() => {
    clock = createVirtualClock();
    [accepted, sent, broker] = [[], [], 'there'];
    const client = {
      prefix: '',
      publish(publication: Publication, done: (error?: Error) => void) {
        sent.push(publication);
        if (broker !== 'away') done(broker === 'full' ? new Error('full') : undefined);
      },
      subscribe(_: string[], __: number, handler: Handler) {
        hear = handler;
        return { remove() {} };
      },
    } as unknown as BrokerClient;
    commander = new CommandSender(client, clock, (id) => accepted.push(id));
  });

  const command = (id = 'x'): Command => ({
    schema: 'command/1',
    id,
    ts: isoTime(clock.now()),
    params: { power_w: 1000 },
    ttl_s: 15,
    lease_s: 60,
    requester: 'tested',
  });
  const answer = (status: Response['status'], id = 'x'): void => {
    const response = { schema: 'response/1', id, command: 'charge', status, ts: isoTime(clock.now()) };
    const payload = Buffer.from(JSON.stringify(response));
    hear({ topic: 'devices/b/battery/response/charge', payload, qos: 1, retain: false });
  };
  /** What came of it so far, "..." as long as nothing has. */
  const watch = (sending: Promise<CommandOutcome>) => {
    const seen = { what: '...' };
    sending.then(
      (outcome) => {
        seen.what = outcome.kind === 'response' ? outcome.response.status : outcome.kind;
      },
      (error) => {
        seen.what = String(error);
      },
    );
    return seen;
  };

  it('sends with QoS 1, never retained, for as long as it is worth something', async () => {
    void commander.send(topic, command(), 5000);
    const [{ qos, retain, expiryS, payload } = {}] = sent;
    assert.deepEqual([sent[0]?.topic, qos, retain, expiryS], [topic, 1, false, 15]);
    assert.deepEqual(JSON.parse(String(payload)), command());
  });

  it('waits for the outcome, not for the acceptance', async () => {
    const seen = watch(commander.send(topic, command(), 5000));
    answer('accepted');
    await clock.advanceAsync(0);
    assert.deepEqual([accepted, seen.what], [['x'], '...']);
    answer('completed');
    await clock.advanceAsync(0);
    assert.equal(seen.what, 'completed');
  });

  it('does not care for the answers of others', async () => {
    const seen = watch(commander.send(topic, command(), 5000));
    answer('accepted', 'other');
    answer('completed', 'other');
    await clock.advanceAsync(0);
    assert.deepEqual([accepted, seen.what], [[], '...']);
  });

  for (const state of ['there', 'away'] as const)
    it(`gives up some time after it is worth nothing any more: the broker is ${state}`, async () => {
      broker = state;
      const seen = watch(commander.send(topic, command(), 5000));
      await clock.advanceAsync(19_999);
      assert.equal(seen.what, '...');
      await clock.advanceAsync(1);
      assert.equal(seen.what, 'none');
      answer('completed');
    });

  it('tells everybody who waits for the same id', async () => {
    const both = [1, 2].map(() => watch(commander.send(topic, command(), 5000)));
    await clock.advanceAsync(1000);
    answer('completed');
    await clock.advanceAsync(0);
    assert.deepEqual(
      both.map(({ what }) => what),
      ['completed', 'completed'],
    );
  });

  it('says that the command could not be handed to the broker', async () => {
    broker = 'full';
    await assert.rejects(commander.send(topic, command(), 5000), /full/);
  });

  it('sends nothing to a topic that carries no commands', async () => {
    for (const wrong of ['devices/b/battery/response/charge', 'devices/b/battery/soc', 'devices/#'])
      await assert.rejects(commander.send(wrong, command(), 5000), /not a topic for commands/);
    assert.deepEqual(sent, []);
  });

  it('keeps nobody waiting when it is closed', async () => {
    const seen = watch(commander.send(topic, command(), 5000));
    commander.close();
    await clock.advanceAsync(0);
    assert.equal(seen.what, 'none');
  });
});
