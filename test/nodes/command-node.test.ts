import assert from 'node:assert/strict';
import { type CommandFlow, startCommandFlow } from '../support/node-red/command-flow.ts';
import { collect, collectErrors, collectStatus, helper, type Sent } from '../support/node-red/test-helper.ts';
import { until } from '../support/until.ts';

const node = (id: string, more: object = {}) => ({
  id,
  type: 'ems-command',
  broker: 'broker',
  device: 'b',
  component: 'battery',
  wires: [['done'], ['refused']],
  ...more,
});

describe('ems-command', () => {
  let street: CommandFlow;
  let done: Sent[];
  let refused: Sent[];

  before(async () => {
    street = await startCommandFlow({
      more: [
        node('form', { command: 'charge', params: { power_w: '1500' }, lease: 60, priority: 60, name: 'button' }),
        node('any', { requester: 'any/one', lease: '' }),
        node('clamping', { command: 'charge', onRange: 'clamp', session: true }),
        node('elsewhere', { device: '' }),
        { id: 'done', type: 'helper' },
        { id: 'refused', type: 'helper' },
      ],
    });
    [done, refused] = [collect('done'), collect('refused')];
  });
  after(() => street.close());
  beforeEach(() => {
    done.length = 0;
    refused.length = 0;
    street.listener.heard.length = 0;
  });
  /** Nobody holds anything when the next one begins. */
  afterEach(async () => {
    for (const requester of ['any/one', 'tested'])
      await street.outcome(await street.send('release', { params: {}, lease_s: undefined, requester }));
    for (const { requester } of commands())
      await street.outcome(await street.send('release', { params: {}, lease_s: undefined, requester }));
  });

  const ask = async (id: string, message: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const before = done.length + refused.length;
    helper.getNode(id).receive(message);
    await until(() => done.length + refused.length > before, 'an outcome');
    return (done.at(-1) ?? refused.at(-1))?.payload as Record<string, unknown>;
  };
  const commands = (): Record<string, unknown>[] =>
    street.listener.heard
      .filter(({ topic }) => topic.includes('/command/') && !topic.endsWith('/release'))
      .map(({ payload }) => JSON.parse(payload));
  const held = (): unknown[] => [street.device.state().mode, street.device.state().powerW];

  it('asks for what its form says', async () => {
    const { status, applied } = await ask('form', { payload: '' });
    assert.deepEqual([status, applied], ['completed', { power_w: 1500 }]);
    assert.deepEqual(held(), [1, -1500]);
    const [{ ttl_s, lease_s, priority, requester, on_range, bind_to_session } = {}] = commands();
    assert.deepEqual([ttl_s, lease_s, priority, on_range, bind_to_session], [15, 60, 60, 'reject', undefined]);
    assert.match(String(requester), /\/button$/);
  });

  it('a number is the one that the command needs', async () => {
    await ask('form', { payload: 700 });
    assert.deepEqual(held(), [1, -700]);
  });

  it('asks for what the message says', async () => {
    const message = {
      command: 'discharge',
      payload: { power_w: 900 },
      priority: 65,
      lease_s: 30,
      ttl_s: 5,
      id: 'mine',
    };
    const { id, status } = await ask('any', message);
    assert.deepEqual([id, status], ['mine', 'completed']);
    assert.deepEqual(held(), [1, 900]);
    const [{ ttl_s, lease_s, priority, requester } = {}] = commands();
    assert.deepEqual([ttl_s, lease_s, priority, requester], [5, 30, 65, 'any/one']);
  });

  it('gives the message on with the outcome, on the topic of the answer', async () => {
    await ask('any', { command: 'charge', payload: 400, _note: 'kept' });
    const [message] = done as (Sent & { _note?: string })[];
    assert.equal(message?.topic, 'devices/b/battery/response/charge');
    assert.equal(message?._note, 'kept');
  });

  it('does not take the parameters of its form for another command', async () => {
    await ask('form', { command: 'discharge', payload: {} });
    assert.equal((refused[0]?.payload as { code?: string } | undefined)?.code, 'SCHEMA');
  });

  it('shows what was asked for, accepted, and until when it is held', async () => {
    const statuses = collectStatus('form');
    await ask('form', { payload: 800 });
    const shown = ['asking', 'accepted', 'held'].map((key) => `ems-command.status.${key}`);
    await until(() => statuses.at(-1)?.text === shown[2], 'it is held');
    assert.deepEqual(
      statuses.map(({ text }) => text),
      shown,
    );
  });

  it('gives what was not done to its second output, with the reason', async () => {
    const statuses = collectStatus('any');
    const { status, code } = await ask('any', { command: 'charge', payload: 9000 });
    assert.deepEqual([status, code, done], ['rejected', 'OUT_OF_RANGE', []]);
    await until(() => statuses.at(-1)?.text === 'ems-command.status.refused', 'its status');
  });

  it('takes what is nearest, where its form says so, and is bound to its session', async () => {
    const { applied, clamped } = await ask('clamping', { payload: 9000 });
    assert.deepEqual([applied, clamped], [{ power_w: 5000 }, true]);
    assert.equal(commands()[0]?.bind_to_session, true);
  });

  it('prolongs what it holds when it is asked again, and never by itself', async () => {
    const first = await ask('form', { payload: 600 });
    assert.equal(commands().length, 1);
    const second = await ask('form', { payload: 600 });
    assert.ok(String(second.lease_until) > String(first.lease_until));
    const [setpoint] = street.on<{ from: string; until: string }>('devices/b/battery/setpoint/charge').slice(-1);
    assert.ok(Date.parse(setpoint?.until ?? '') - Date.parse(setpoint?.from ?? '') > 60_000, 'since the first');
    assert.equal(commands().length, 2);
  });

  it('releases, and is told what is in force then', async () => {
    await ask('any', { command: 'charge', payload: 400 });
    const { status, applied } = await ask('any', { command: 'release' });
    assert.deepEqual([status, applied], ['completed', { mode: 'auto' }]);
    assert.equal(held()[0], 0);
  });

  it('says what is missing', async () => {
    const errors = collectErrors('elsewhere');
    helper.getNode('elsewhere').receive({ payload: 1 });
    helper.getNode('elsewhere').receive({ device: 'b', command: 'charge+', payload: 1 } as never);
    await until(() => errors.length === 2, 'the errors');
    assert.match(errors[0] ?? '', /device, component and command are missing/);
    assert.match(errors[1] ?? '', /not a topic for commands/);
    const { status } = await ask('elsewhere', { device: 'b', command: 'charge', payload: 300 });
    assert.equal(status, 'completed');
  });
});

describe('ems-command when it is closed', () => {
  let street: CommandFlow;

  const open = async (more: object): Promise<Sent[]> => {
    street = await startCommandFlow({
      more: [
        node('asks', { command: 'charge', lease: 3600, requester: 'asks/one', ...more }),
        { id: 'done', type: 'helper' },
        { id: 'refused', type: 'helper' },
      ],
    });
    return collect('done');
  };
  afterEach(() => street.close());

  const ask = async (done: Sent[], message: Record<string, unknown>): Promise<void> => {
    const before = done.length;
    helper.getNode('asks').receive(message);
    await until(() => done.length > before, 'completed');
  };

  it('releases what it holds, whoever it held it for, where its form says so', async () => {
    const done = await open({ releaseOnClose: true });
    await ask(done, { payload: 500, requester: 'somebody/else' });
    await ask(done, { payload: 400, command: 'discharge' });
    assert.equal(street.device.state().mode, 1);
    await helper.getNode('asks').close(false);
    await until(() => street.device.state().mode === 0, 'the safe state');
  });

  it('releases it also when everything is closed at once', async () => {
    const done = await open({ releaseOnClose: true });
    await ask(done, { payload: 500 });
    await helper.unload();
    await until(() => street.on('devices/b/battery/command/release').length === 1, 'the release on the broker');
  });

  it('leaves it until the lease ends otherwise', async () => {
    const done = await open({});
    await ask(done, { payload: 500 });
    await helper.getNode('asks').close(false);
    const id = await street.send('release', { params: {}, lease_s: undefined });
    assert.equal((await street.outcome(id)).reason, 'nothing_held');
    assert.equal(street.device.state().mode, 1);
  });
});
