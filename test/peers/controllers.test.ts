import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import type { Response } from '../../src/model/command.ts';
import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { type CommandFlow, envelope, type HeardResponse, startCommandFlow } from '../support/node-red/command-flow.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const chargeTopic = 'devices/b/battery/command/charge';
const answerTopic = 'devices/b/battery/response/charge';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Accepted, then completed, as it is documented. */
const assertAnswers = (answers: Response[], { id, params }: { id: string; params: object }): void => {
  assert.deepEqual(
    answers.map((each) => [each.schema, each.id, each.command, each.status]),
    ['accepted', 'completed'].map((status) => ['response/1', id, 'charge', status]),
  );
  const { applied, clamped, verified, ts, lease_until: until } = answers[1] as Response;
  assert.deepEqual({ applied, clamped, verified }, { applied: params, clamped: false, verified: true });
  const leaseMs = Date.parse(until ?? '') - Date.parse(ts);
  assert.ok(leaseMs > 0 && leaseMs <= 10_000, `the lease lasts ${leaseMs} ms`);
};

describe('controllers of others, through mosquitto', () => {
  let mosquitto: Mosquitto;
  let street: CommandFlow;
  let powerW = 1000;

  before(async () => {
    mosquitto = await startMosquitto();
    street = await startCommandFlow({ brokerPort: mosquitto.port });
  });
  after(async () => {
    await street?.close();
    await mosquitto?.close();
  });

  const command = (more: object = {}) => envelope({ params: { power_w: ++powerW }, ...more });
  /** Everything the listener heard as an answer to it, the outcome being the last. */
  const answersTo = async (id: string): Promise<HeardResponse[]> => {
    await street.outcome(id);
    return street.responses(id);
  };
  const written = (): void => assert.equal(street.device.state().powerW, -powerW);

  describe('MQTT 3.1.1', () => {
    const pub = (payload: object): Promise<unknown> => {
      const where = ['-h', '127.0.0.1', '-p', String(mosquitto.port), '-V', 'mqttv311'];
      return run('mosquitto_pub', [...where, '-q', '1', '-t', chargeTopic, '-m', JSON.stringify(payload)]);
    };

    it('mosquitto_pub is answered on the response topic of the command', async () => {
      const own = command();
      await pub(own);
      const answers = await answersTo(own.id);
      assertAnswers(answers, own);
      assert.deepEqual([...new Set(answers.map(({ topic }) => topic))], [answerTopic]);
      const { qos, retain } = street.listener.heard.findLast(({ topic }) => topic === answerTopic) ?? {};
      assert.deepEqual([qos, retain], [1, false]);
      written();
    });

    it('sees who holds the device, and until when', async () => {
      const own = command();
      await pub(own);
      const [, { lease_until: until_ts } = {}] = await answersTo(own.id);
      const [setpoint] = street.on<Record<string, unknown>>('devices/b/battery/setpoint/charge').slice(-1);
      const { id, owner, until: end, source, applied } = setpoint ?? {};
      const expected = { id: own.id, owner: 'tested', end: until_ts, source: 'command', applied: own.params };
      assert.deepEqual({ id, owner, end, source, applied }, expected);
    });

    it('is answered where its payload says, too', async () => {
      const own = command({ reply_to: 'replies/pub' });
      await pub(own);
      await until(() => street.listener.heard.filter(({ topic }) => topic === 'replies/pub').length === 2, 'answers');
      assertAnswers(street.on<Response>('replies/pub'), own);
      assert.deepEqual(street.responses(own.id), []);
    });

    it('the same message again is answered again, and written once', async () => {
      const own = command();
      await pub(own);
      const first = await answersTo(own.id);
      const writes = street.device.writes.length;
      await pub(own);
      await until(() => street.responses(own.id).length === 3, 'the answer again');
      assert.deepEqual(street.responses(own.id)[2], first[1]);
      assert.equal(street.device.writes.length, writes);
    });
  });

  describe('MQTT 5', () => {
    let client: MqttClient;
    let heard: { topic: string; response: Response; packet: IPublishPacket }[];

    beforeEach(async () => {
      heard = [];
      client = await mqtt.connectAsync({ host: '127.0.0.1', port: mosquitto.port, protocolVersion: 5 });
      client.on('message', (topic, payload, packet) =>
        heard.push({ topic, response: JSON.parse(String(payload)), packet }),
      );
      await client.subscribeAsync(['replies/five', 'devices/+/+/response/+'], { qos: 1 });
    });
    afterEach(() => client.endAsync());

    const ask = async (payload: object, responseTopic?: string): Promise<void> => {
      const properties = {
        messageExpiryInterval: 10,
        correlationData: Buffer.from([0, 255, 7]),
        ...(responseTopic === undefined ? {} : { responseTopic }),
      };
      await client.publishAsync(chargeTopic, JSON.stringify(payload), { qos: 1, properties });
      await until(() => heard.some(({ response }) => response.status === 'completed'), 'the outcome');
    };

    it('mqtt.js is answered on its response topic, with its correlation data, for a minute', async () => {
      const own = command();
      await ask(own, 'replies/five');
      assertAnswers(
        heard.map(({ response }) => response),
        own,
      );
      for (const { topic, packet } of heard) {
        assert.equal(topic, 'replies/five');
        assert.deepEqual(packet.properties?.correlationData, Buffer.from([0, 255, 7]));
        assert.ok(Number(packet.properties?.messageExpiryInterval) <= 60);
      }
      written();
    });

    for (const [what, topic] of [
      ['without a response topic', undefined],
      ['with a response topic outside those that are allowed', 'elsewhere/five'],
      ['with a response topic on which others are commanded', 'devices/b/battery/command/discharge'],
    ] as const)
      it(`${what} it is answered on the topic of the command, with its correlation data`, async () => {
        const own = command();
        await ask(own, topic);
        assertAnswers(
          heard.map(({ response }) => response),
          own,
        );
        for (const { topic: on, packet } of heard) {
          assert.equal(on, answerTopic);
          assert.deepEqual(packet.properties?.correlationData, Buffer.from([0, 255, 7]));
        }
      });

    it('mosquitto_rr gets its answer', async () => {
      const own = command();
      const where = ['-h', '127.0.0.1', '-p', String(mosquitto.port), '-V', 'mqttv5', '-W', '10'];
      const topics = ['-t', chargeTopic, '-e', 'replies/rr', '-D', 'publish', 'correlation-data', 'rr'];
      const { stdout } = await run('mosquitto_rr', [...where, ...topics, '-m', JSON.stringify(own), '-F', '%D %t %p']);
      const [, correlation, topic, payload = ''] = /^(\S+) (\S+) (.*)$/m.exec(stdout) ?? [];
      assert.deepEqual([correlation, topic], ['rr', 'replies/rr']);
      const { id, status } = JSON.parse(payload);
      assert.deepEqual([id, status], [own.id, 'accepted']);
      await until(() => street.on<Response>('replies/rr').some((each) => each.status === 'completed'), 'the outcome');
      written();
    });

    it('Python with paho gets both answers', async () => {
      const own = command();
      const words = [String(mosquitto.port), chargeTopic, 'replies/paho', JSON.stringify(own)];
      const { stdout } = await run(file('.venv/bin/python'), [file('paho_controller.py'), ...words]);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assertAnswers(
        lines.map(({ response }) => response),
        own,
      );
      for (const { topic, correlation } of lines) assert.deepEqual([topic, correlation], ['replies/paho', 'from paho']);
      written();
    });
  });
});
