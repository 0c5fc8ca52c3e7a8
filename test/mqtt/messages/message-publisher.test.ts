import assert from 'node:assert/strict';
import type { Message } from '../../../src/model/message.ts';
import { parseTopic } from '../../../src/model/topic.ts';
import type { BrokerClient } from '../../../src/mqtt/client.ts';
import {
  MessagePublisher,
  type PublisherOptions,
  type ResponseTarget,
} from '../../../src/mqtt/messages/message-publisher.ts';
import type { Publication } from '../../../src/mqtt/publishing/publication.ts';
import { metaOf, readingOf } from '../../support/site/site-messages.ts';

describe('the publisher', () => {
  let sent: Publication[];
  /** Topics the broker refuses. */
  let refused: Set<string>;

  beforeEach(() => {
    sent = [];
    refused = new Set();
  });

  const publish = async (
    messages: Message[],
    more: Partial<PublisherOptions> = {},
    { prefix = '', ...reply }: ResponseTarget & { prefix?: string } = {},
  ): Promise<void> => {
    const client = {
      publish(publication: Publication, done: (error?: Error) => void) {
        sent.push(publication);
        done(refused.has(publication.topic) ? new Error(`${publication.topic}: full`) : undefined);
      },
      prefix,
    } as BrokerClient;
    const publisher = new MessagePublisher(client, {
      boot: 'boot1',
      mirror: '',
      now: Date.now,
      ...more,
    });
    await publisher.publish(
      messages.map((message) => {
        const topic = parseTopic(message.topic);
        assert.ok(topic.ok, message.topic);
        return { message, topic: topic.value };
      }),
      reply,
    );
  };
  const soc = readingOf('101/battery/soc', 50, 0);
  const bare = ({ seq: _, boot: __, ...reading }: typeof soc) => reading;
  const payload = (n: number): Record<string, unknown> => JSON.parse(String(sent[n]?.payload));

  it('gives each object its topic, QoS and retain flag', async () => {
    await publish([readingOf('101/battery/power', 1, 0), soc, metaOf('101')]);
    assert.deepEqual(
      sent.map(({ topic, qos, retain }) => [topic, qos, retain]),
      [
        ['devices/101/battery/power', 0, false],
        ['devices/101/battery/soc', 1, true],
        ['devices/101/meta', 1, true],
      ],
    );
    assert.ok(!('topic' in payload(0)));
  });

  it('sends what is billed with QoS 2', async () => {
    await publish([readingOf('101/meter/energy_import', 1, 0)], { declarationOf: () => ({ billing: true }) });
    assert.equal(sent[0]?.qos, 2);
  });

  it('numbers objects that nobody has numbered, by topic, and leaves the numbers of others alone', async () => {
    await publish([bare(soc), bare(soc), soc] as Message[]);
    assert.deepEqual(
      [0, 1, 2].map((n) => [payload(n).seq, payload(n).boot]),
      [
        [1, 'boot1'],
        [2, 'boot1'],
        [soc.seq, soc.boot],
      ],
    );
  });

  it('lets a command be worth nothing after its time', async () => {
    const command = { schema: 'command/1', id: 'c', ts: soc.ts, ttl_s: 30, requester: 'me', params: {} } as const;
    await publish([{ ...command, topic: 'devices/101/battery/command/charge' }]);
    assert.deepEqual([sent[0]?.expiryS, sent[0]?.retain, sent[0]?.qos], [30, false, 1]);
  });

  it('lets telemetry be worth nothing after three intervals, bare or not, and status stay', async () => {
    const power = readingOf('101/battery/power', 1, 0);
    await publish([power, soc], { mirror: 'plain', declarationOf: () => ({ interval_s: 2 }) });
    assert.deepEqual(
      sent.map(({ topic, expiryS }) => [topic, expiryS]),
      [
        ['devices/101/battery/power', 6],
        ['plain/devices/101/battery/power', 6],
        ['devices/101/battery/soc', undefined],
        ['plain/devices/101/battery/soc', undefined],
      ],
    );
    await publish([power]);
    assert.equal(sent.at(-1)?.expiryS, undefined, 'nobody knows the interval');
  });

  it('mirrors bare values, and empties the mirror where there is no value', async () => {
    await publish([soc, readingOf('101/battery/soc', null, 0), metaOf('101')], { mirror: 'plain/' });
    assert.deepEqual(
      sent
        .filter(({ topic }) => topic.startsWith('plain/'))
        .map(({ topic, payload: text, retain }) => [topic, text, retain]),
      [
        ['plain/devices/101/battery/soc', '50', true],
        ['plain/devices/101/battery/soc', '', true],
      ],
    );
  });

  it('fails with what the broker did not get', async () => {
    refused.add('devices/101/battery/soc');
    await assert.rejects(publish([soc]), /^Error: devices\/101\/battery\/soc: full$/);
    await assert.rejects(publish([soc, soc, metaOf('101')]), /2 of 3 were not published, first: .*full/);
  });

  describe('an answer', () => {
    const own = 'devices/b/battery/response/charge';
    const response: Message = {
      topic: own,
      schema: 'response/1',
      id: 'x',
      command: 'charge',
      status: 'completed',
      ts: '2026-11-23T10:00:00.000Z',
    };
    const correlationData = Buffer.from([0, 255]);

    const wishes: [wish: string | undefined, goes: string, isAbsolute: boolean, prefix?: string][] = [
      [undefined, own, false],
      ['devices/b/battery/response/mine', 'devices/b/battery/response/mine', false],
      ['ems/devices/b/battery/response/mine', 'devices/b/battery/response/mine', false, 'ems/'],
      ['replies/a/b', 'replies/a/b', true],
      ['replies/a/b', 'replies/a/b', true, 'ems/'],
      ['elsewhere', own, false],
      ['devices/b/battery/command/charge', own, false],
      ['devices/b/battery/soc', own, false],
      ['replies/#', own, false],
      ['$SYS/replies', own, false],
      ['', own, false],
    ];
    for (const [responseTopic, topic, isAbsolute, prefix = ''] of wishes)
      it(`that is wanted on ${responseTopic ?? 'no topic'} goes to ${topic}, prefix "${prefix}"`, async () => {
        await publish([response], { replyFilters: ['replies/#'] }, { responseTopic, correlationData, prefix });
        assert.deepEqual(
          sent.map((each) => [each.topic, each.isAbsolute ?? false, each.correlationData, each.qos, each.retain]),
          [[topic, isAbsolute, correlationData, 1, false]],
        );
        assert.equal(sent[0]?.expiryS, 60);
      });

    it('takes nothing else with it', async () => {
      await publish([soc], { replyFilters: ['replies/#'] }, { responseTopic: 'replies/x', correlationData });
      assert.deepEqual([sent[0]?.topic, sent[0]?.correlationData], [soc.topic, undefined]);
    });
  });

  it('lets a setpoint be over with its lease, where nobody takes it back', async () => {
    const until = new Date(100_000).toISOString();
    const held = { owner: 'x', from: new Date(0).toISOString(), source: 'command', command: 'charge' } as const;
    const setpoint: Message = { topic: 'devices/b/battery/setpoint/charge', schema: 'setpoint/1', ...held, until };
    await publish([setpoint], { now: () => 40_000 });
    assert.deepEqual([sent[0]?.retain, sent[0]?.expiryS], [true, 60]);
    await publish([{ topic: setpoint.topic, schema: 'setpoint/1', ended: true }]);
    assert.deepEqual([sent[1]?.retain, sent[1]?.payload], [true, '']);
  });
});
