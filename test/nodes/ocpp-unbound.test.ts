/** A charge point node that has no station yet: commands for others are not its business, its own are answered. */
import assert from 'node:assert/strict';
import { freePorts } from '../support/free-ports.ts';
import {
  allNodes,
  collect,
  collectErrors,
  helper,
  objectsOf,
  ocppServerNodes,
  type Sent,
  stopRuntime,
} from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

describe('ems-ocpp without a station', () => {
  let sent: Sent[];
  let errors: string[];
  beforeEach(async () => {
    await helper.startServer();
    const [port = 0] = await freePorts(1);
    await helper.load(allNodes, [
      ...ocppServerNodes(port),
      {
        id: 'node',
        type: 'ems-ocpp',
        server: 'server',
        site: 'site',
        device: 'wallbox-3',
        wires: [[], ['answers']],
      },
      { id: 'answers', type: 'helper' },
    ]);
    sent = collect('answers');
    errors = collectErrors('node');
  });
  afterEach(stopRuntime);

  const commandFor = (device: string, id: string): object => ({
    topic: `devices/${device}/ev_charger/1/command/set_current_limit`,
    schema: 'command/1',
    id,
    ts: new Date().toISOString(),
    params: { current_a: 10 },
    ttl_s: 15,
    lease_s: 60,
    requester: 'dashboard',
  });
  const give = (message: object): void => helper.getNode('node').receive(message as never);

  it('answers its own commands, wherever they want the answer, and is silent about those for others', async () => {
    const replyTo = { responseTopic: 'replies/me', correlationData: Buffer.from('7') };
    give({ payload: [commandFor('wallbox-1', 'c1'), commandFor('wallbox-2', 'c2')] });
    give({ payload: commandFor('wallbox-3', 'c3'), mqtt: replyTo });
    await until(() => sent.length > 0, 'an answer');
    const [answer, ...others] = objectsOf(sent);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [answer?.topic, answer?.id, answer?.status, answer?.code, answer?.message],
      [
        'devices/wallbox-3/ev_charger/1/response/set_current_limit',
        'c3',
        'rejected',
        'DEVICE_OFFLINE',
        'no station is bound to this node yet',
      ],
    );
    assert.deepEqual(sent[0]?.mqtt, replyTo);
    assert.deepEqual(errors, []);
  });

  it('says that it has none to who speaks to it alone', async () => {
    give({ command: 'pause' });
    give({ payload: 'nonsense', topic: 'x' });
    await until(() => errors.length === 2, 'two errors');
    assert.match(errors[0] ?? '', /no station is bound to this node yet/);
  });
});
