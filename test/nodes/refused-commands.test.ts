import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Event } from '../../src/model/event.ts';
import { isoTime } from '../../src/model/time.ts';
import { gatewayName } from '../../src/shell/gateway.ts';
import type { Heard } from '../support/mqtt/observer.ts';
import { type CommandFlow, envelope, startCommandFlow } from '../support/node-red/command-flow.ts';
import { collectErrors, helper } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

const chargeTopic = 'devices/b/battery/command/charge';

const withLength = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, bytes.length]), bytes]);

/** MQTT 3.1.1 §2.2.3, §3.1 and §3.3 by hand: no client library publishes to a topic with a wildcard. */
const publishRaw = (port: number, topic: string): Promise<void> =>
  new Promise((resolve) => {
    const packet = (head: number, ...parts: Buffer[]): Buffer => {
      const body = Buffer.concat(parts);
      return Buffer.concat([Buffer.from([head, body.length]), body]);
    };
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.once('data', () => {
      socket.write(packet(0x30, withLength(Buffer.from(topic)), Buffer.from('{}')));
      socket.end(packet(0xe0));
    });
    const client = withLength(Buffer.from('raw'));
    socket.write(packet(0x10, withLength(Buffer.from('MQTT')), Buffer.from([4, 2, 0, 30]), client));
  });

const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

/** A command with a key that JSON.stringify would not write. */
const withProto = (before: string): string =>
  JSON.stringify(envelope()).replace(before, `"__proto__":{"power_w":1},${before}`);

describe('commands that must not be carried out', () => {
  let street: CommandFlow;
  let errors: string[];
  /** What was heard after the start. */
  let early: Heard[];

  before(async () => {
    street = await startCommandFlow({
      async before({ client }) {
        await client.publishAsync(chargeTopic, JSON.stringify(envelope({ id: 'stored' })), { qos: 1, retain: true });
      },
    });
    await until(() => street.responses('stored').length > 0, 'the answer to the retained one');
    early = [...street.listener.heard];
    errors = collectErrors('battery');
    await street.publish(chargeTopic, '', true);
  });
  after(() => street.close());

  beforeEach(() => {
    street.listener.heard.length = 0;
  });
  /** A command behind it has its outcome, so whatever came before was dealt with; and nothing was written at all. */
  afterEach(async () => {
    const { status, reason } = await street.outcome(await street.send('release', { params: {}, lease_s: undefined }));
    assert.deepEqual([status, reason], ['completed', 'nothing_held']);
    assert.deepEqual(street.device.writes, []);
  });

  const refused: [what: string, more: object, code: string, status?: string, topic?: string][] = [
    ['an expired one', { ts: isoTime(Date.now() - 60_000) }, 'EXPIRED', 'expired'],
    ['one from the future', { ts: isoTime(Date.now() + 3_600_000) }, 'SCHEMA'],
    ['one without a lease', { lease_s: undefined }, 'SCHEMA'],
    ['one with a lease that is too long', { lease_s: 7200 }, 'OUT_OF_RANGE'],
    ['one with a key that no command has', { colour: 'red' }, 'SCHEMA'],
    ['one with a parameter that no command has', { params: { power_w: 1000, colour: 1 } }, 'SCHEMA'],
    ['one without its parameter', { params: {} }, 'SCHEMA'],
    ['one with a text in place of a number', { params: { power_w: '1000' } }, 'SCHEMA'],
    ['one out of range', { params: { power_w: 5001 } }, 'OUT_OF_RANGE'],
    ['one with a sign', { params: { power_w: -1 } }, 'OUT_OF_RANGE'],
    ['one with a reserved priority', { priority: 95 }, 'UNAUTHORIZED'],
    ['an unknown verb', {}, 'UNKNOWN_COMMAND', 'rejected', 'devices/b/battery/command/explode'],
    ['a verb called constructor', {}, 'UNKNOWN_COMMAND', 'rejected', 'devices/b/battery/command/constructor'],
    ['a type called constructor', {}, 'UNKNOWN_COMMAND', 'rejected', 'devices/b/constructor/command/charge'],
    ['a verb that this device does not have', {}, 'UNSUPPORTED', 'rejected', 'devices/b/battery/command/hold'],
    ['a component that this device does not have', {}, 'UNSUPPORTED', 'rejected', 'devices/b/battery/2/command/charge'],
  ];
  for (const [what, more, code, status = 'rejected', topic = chargeTopic] of refused)
    it(`${what}: ${status}, ${code}`, async () => {
      const command = envelope(more);
      await street.publish(topic, JSON.stringify(command));
      const answer = await street.outcome(command.id);
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.equal(answer.topic, topic.replace('command', 'response'));
      assert.equal(street.responses(command.id).length, 1, 'it was accepted');
    });

  it('a retained one: rejected, RETAINED, and an event', () => {
    const answers = early.filter(({ topic }) => topic === 'devices/b/battery/response/charge');
    const told = answers
      .map(({ payload }) => JSON.parse(payload))
      .map(({ id, status, code }) => `${id} ${status} ${code}`);
    // As often as the broker hands it out: the same command has the same answer.
    assert.deepEqual([...new Set(told)], ['stored rejected RETAINED']);
    assert.ok(early.some(({ topic }) => topic === 'devices/b/event/retained_command_rejected'));
  });

  const dropped: [what: string, payload: () => string | Buffer, reason: RegExp, topic?: string][] = [
    ['one that is no JSON', () => '{"schema":"command/1"', /not JSON/],
    ['one that is no object', () => '[1]', /not an object/],
    ['one without a word', () => ' ', /not JSON/],
    ['one of 10 MB', () => Buffer.alloc(10_000_000, ' '), /10000000 bytes/],
    ['one that is nested 5000 times', () => nested(5000), /nested too deeply/],
    ['one with the key __proto__', () => withProto('"ttl_s"'), /"__proto__" is not allowed/],
    ['one with the parameter __proto__', () => withProto('"power_w"'), /"__proto__" is not allowed/],
    [
      'one with the parameter constructor',
      () => JSON.stringify(envelope({ params: { constructor: 1 } })),
      /"constructor" is not allowed/,
    ],
    ['a verb called __proto__', () => '{}', /verb/, 'devices/b/battery/command/__proto__'],
    ['a type called __proto__', () => '{}', /type/, 'devices/b/__proto__/command/charge'],
    ['a device called __proto__', () => '{}', /id/, 'devices/__proto__/battery/command/charge'],
    ['an unknown device', () => JSON.stringify(envelope()), /no such device/, 'devices/nobody/battery/command/charge'],
  ];
  for (const [what, payload, reason, topic = chargeTopic] of dropped)
    it(`${what}: dropped, with an event`, async () => {
      const isTold = (): boolean =>
        street.on<Event>(`system/event/${gatewayName()}/command_rejected`).some(({ data = {} }) => {
          const { topic: of, reasons } = data as { topic: string; reasons: string[] };
          return of === topic && reasons.some((each) => reason.test(each));
        });
      // Unknown devices may still show up in the first seconds: asked again until it is told.
      while (!isTold()) {
        await street.publish(topic, payload());
        await until(isTold, 'the event', 1500).catch(() => {});
      }
      assert.deepEqual(street.responses(), []);
    });

  it('one without an id: dropped, with an event of the device', async () => {
    await street.publish(chargeTopic, JSON.stringify(envelope({ id: undefined })));
    await until(() => street.on('devices/b/event/command_rejected').length === 1, 'the event');
    assert.deepEqual(street.responses(), []);
  });

  it('a topic with a wildcard: no broker takes it, and the input of the bridge neither', async () => {
    await publishRaw(street.brokerPort, 'devices/+/battery/command/charge');
    helper.getNode('battery').receive({ payload: envelope({ topic: 'devices/#' }) });
    await until(() => errors.some((error) => /takes commands/.test(error)), 'the error');
    assert.deepEqual(street.responses(), []);
  });
});
