import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Response, Setpoint } from '../../src/model/command.ts';
import { listen } from '../support/mqtt/observer.ts';
import { type CommandFlow, envelope, startCommandFlow } from '../support/node-red/command-flow.ts';
import { collect, collectErrors, helper, objectsOf, type Sent } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('commands and what becomes of them, between nodes', () => {
  let street: CommandFlow;
  let answers: Sent[];
  let single: Sent[];
  let errors: string[];

  before(async () => {
    const subscribe = { type: 'ems-subscribe', broker: 'broker', directory: false };
    street = await startCommandFlow({
      more: [
        { ...subscribe, id: 'replies', what: 'responses', wires: [['answers'], []] },
        { ...subscribe, id: 'one', what: 'commands', device: 'b', deviceType: 'battery', wires: [['single'], []] },
        { id: 'answers', type: 'helper' },
        { id: 'single', type: 'helper' },
      ],
    });
    [answers, single, errors] = [collect('answers'), collect('single'), collectErrors('battery')];
  });
  after(() => street.close());
  beforeEach(() => {
    street.listener.heard.length = 0;
    for (const each of [answers, single, errors]) each.length = 0;
  });
  afterEach(async () => {
    for (const requester of ['tested', 'flow/b'])
      await street.outcome(await street.send('release', { params: {}, lease_s: undefined, requester }));
  });

  const give = (message: Record<string, unknown>): void => helper.getNode('battery').receive(message);

  describe('into a bridge', () => {
    it('in the short form', async () => {
      give({ command: 'charge', payload: { power_w: 1200 }, lease_s: 30, id: 'short' });
      const { applied } = await street.outcome('short');
      assert.deepEqual(applied, { power_w: 1200 });
      const [setpoint] = street.on<Setpoint & { owner: string }>('devices/b/battery/setpoint/charge').slice(-1);
      assert.equal(setpoint?.owner, 'flow/b');
    });

    it('as the core "mqtt in" gives it, with what MQTT 5 says beside it', async () => {
      const command = envelope();
      const responseTopic = 'replies/core';
      give({
        topic: 'devices/b/battery/command/charge',
        payload: Buffer.from(JSON.stringify(command)),
        retain: false,
        responseTopic,
        correlationData: Buffer.from('back'),
      });
      await until(() => street.on<Response>(responseTopic).length === 2, 'both answers');
      assert.deepEqual(
        street.on<Response>(responseTopic).map(({ id, status }) => [id, status]),
        [
          [command.id, 'accepted'],
          [command.id, 'completed'],
        ],
      );
    });

    it('as the core "mqtt in" gives a stored one: refused', async () => {
      const command = envelope();
      give({ topic: 'devices/b/battery/command/charge', payload: JSON.stringify(command), retain: true });
      assert.equal((await street.outcome(command.id)).code, 'RETAINED');
    });

    it('several at once, of which only its own concern it', async () => {
      const own = envelope({ topic: 'devices/b/battery/command/charge' });
      const other = envelope({ topic: 'devices/other/battery/command/charge' });
      const site = envelope({ topic: 'sites/home/command/limit' });
      give({ payload: [other, site, own] });
      await street.outcome(own.id);
      assert.deepEqual([...street.responses(other.id), ...street.responses(site.id), ...errors], []);
    });

    const wrong: [what: string, message: Record<string, unknown>, error: RegExp][] = [
      ['something else', { payload: 7 }, /neither an object/],
      ['a reading', { topic: 'devices/b/battery/soc', payload: 7 }, /takes commands/],
      ['a command that the device does not know', { command: 'explode', payload: {} }, /knows no command "explode"/],
      ['a wrong word in the short form', { command: 'charge', on_range: 'maybe', payload: {} }, /on_range/],
    ];
    for (const [what, message, error] of wrong)
      it(`not ${what}`, async () => {
        give(message);
        await until(() => errors.length === 1, 'the error');
        assert.match(errors[0] ?? '', error);
        assert.deepEqual(street.responses(), []);
      });
  });

  describe('from the broker', () => {
    it('commands come alone, with what MQTT says about them', async () => {
      const id = await street.send('charge');
      await street.publish('devices/m/meter/command/charge', JSON.stringify(envelope()));
      await street.outcome(id);
      assert.deepEqual(
        single.map(({ topic, payload, mqtt }) => [topic, (payload as { id: string }).id, mqtt]),
        [['devices/b/battery/command/charge', id, { qos: 1, retain: false }]],
      );
    });

    it('answers and setpoints come alone; the end of one is said', async () => {
      const id = await street.send('charge');
      await street.outcome(id);
      await street.outcome(await street.send('release', { params: {}, lease_s: undefined }));
      const seen = (): unknown[] =>
        objectsOf(answers).map(({ schema, status, owner, ended }) => [schema, status ?? owner ?? ended]);
      const setpoints = (): unknown[] => seen().filter((each) => (each as string[])[0] === 'setpoint/1');
      await until(() => setpoints().some((each) => (each as unknown[])[1] === true), 'its end');
      // It is told once more where the device shows meanwhile that it is reached.
      assert.deepEqual(
        setpoints().filter((each, i, all) => i === 0 || !isDeepStrictEqual(each, all[i - 1])),
        [
          ['setpoint/1', 'tested'],
          ['setpoint/1', true],
        ],
      );
      const statuses = objectsOf(answers).filter((each) => each.id === id && each.status !== undefined);
      assert.deepEqual(
        statuses.map(({ status }) => status),
        ['accepted', 'completed'],
      );
      assert.ok(answers.every(({ payload }) => !Array.isArray(payload)));
    });

    it('a setpoint is kept by the broker for as long as it is in force', async () => {
      const topic = 'devices/b/battery/setpoint/charge';
      /** Whether somebody finds it who comes now; a message of his own tells him that he has seen it all. */
      const isKept = async (): Promise<boolean> => {
        const late = await listen(street.brokerPort, topic.replace('charge', '+'));
        await late.client.publishAsync(topic.replace('charge', 'x'), '1');
        await until(() => late.heard.some((each) => each.topic !== topic), 'his own message');
        await late.close();
        return late.heard.some((each) => each.topic === topic && each.retain);
      };
      await street.outcome(await street.send('charge'));
      assert.equal(await isKept(), true);
      await street.outcome(await street.send('release', { params: {}, lease_s: undefined }));
      assert.equal(await isKept(), false);
    });
  });
});
