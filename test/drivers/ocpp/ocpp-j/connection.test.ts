import assert from 'node:assert/strict';
import ocpp from 'ocpp-rpc';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { dial, type RawStation } from '../../../support/ocpp/raw-station.ts';
import {
  createRecorder,
  openSettings,
  type Recorder,
  startTestCsms,
  type TestCsms,
} from '../../../support/ocpp/test-csms.ts';
import { until } from '../../../support/until.ts';

describe('OCPP connection: calls of the station', () => {
  let csms: TestCsms;
  let handler: Recorder;
  let station: RawStation;
  const open = async (options: Parameters<typeof startTestCsms>[0] = {}, protocol = 'ocpp1.6'): Promise<void> => {
    csms = await startTestCsms(options);
    csms.register('CP1', openSettings, handler);
    station = await dial(csms.url(), { protocols: [protocol] });
  };
  beforeEach(() => {
    handler = createRecorder();
  });
  afterEach(async () => {
    station.socket.terminate();
    await csms.close();
  });
  /** Everything that was sent before has been worked through. */
  const settle = async (): Promise<unknown[][]> => {
    station.send([2, 'last', 'Heartbeat', {}]);
    await station.answer('last');
    return station.frames.filter((frame) => frame[1] !== 'last');
  };

  it('are answered by the handler', async () => {
    await open();
    station.send([2, '7', 'BootNotification', { chargePointVendor: 'V' }]);
    assert.deepEqual(await station.answer('7'), [3, '7', { action: 'BootNotification' }]);
    assert.deepEqual(handler.calls, [['BootNotification', { chargePointVendor: 'V' }]]);
  });

  it('are answered with the error that the handler throws', async () => {
    handler = createRecorder((action) => {
      if (action === 'A') throw new CallFailure('error', 'not here', 'NotSupported');
      if (action === 'B') throw new CallFailure('error', 'odd', 'FormationViolation');
      throw new Error('broken');
    });
    await open();
    for (const action of ['A', 'B', 'C']) station.send([2, action, action, {}]);
    assert.deepEqual(await station.answer('A'), [4, 'A', 'NotSupported', 'not here', {}]);
    assert.deepEqual(await station.answer('B'), [4, 'B', 'FormationViolation', 'odd', {}]);
    assert.deepEqual(await station.answer('C'), [4, 'C', 'InternalError', 'broken', {}]);
    assert.match(csms.reports.join(), /CP1: C: broken/);
  });

  it('have the error names of their version', async () => {
    handler = createRecorder(() => Promise.reject(new CallFailure('error', 'odd', 'FormationViolation')));
    await open({}, 'ocpp2.0.1');
    station.send([2, '1', 'X', {}]);
    assert.deepEqual(await station.answer('1'), [4, '1', 'FormatViolation', 'odd', {}]);
  });

  it('are not answered where the station has to tell them again, and it is let go before it gives up', async () => {
    handler = createRecorder((action) => {
      if (action === 'Heartbeat') return {};
      throw new CallFailure('unanswered', 'the disk is full');
    });
    await open({ limits: { unansweredMs: 100 } });
    station.send([2, '1', 'StartTransaction', {}]);
    station.send([2, '2', 'Heartbeat', {}]);
    await station.answer('2');
    assert.deepEqual(await station.closed, { code: 1013, reason: 'the disk is full' });
    assert.deepEqual(
      station.frames.map(([, id]) => id),
      ['2'],
    );
  });

  it('are answered although the handler never settles', async () => {
    handler = createRecorder((action) => (action === 'Heartbeat' ? {} : new Promise<object>(() => {})));
    await open({ limits: { deadlineMs: 50 } });
    station.send([2, '1', 'MeterValues', {}]);
    assert.deepEqual((await station.answer('1')).slice(0, 3), [4, '1', 'InternalError']);
    assert.match(csms.reports.join(), /MeterValues was not handled within 50 ms/);
    await settle();
  });

  it('are answered although the handler returns what cannot be sent', async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const replies: unknown[] = [loop, { n: 1n }, undefined, null, 'text'];
    handler = createRecorder((action) => (action === 'Heartbeat' ? {} : (replies[Number(action)] as object)));
    await open();
    for (const i of replies.keys()) station.send([2, `${i}`, `${i}`, {}]);
    for (const i of replies.keys()) assert.equal((await station.answer(`${i}`))[2], 'InternalError', `${i}`);
  });

  it('are handled once, however often the same message comes', async () => {
    let finish: (reply: object) => void = () => {};
    handler = createRecorder((action) =>
      action === 'Heartbeat'
        ? {}
        : new Promise<object>((resolve) => {
            finish = resolve;
          }),
    );
    await open();
    const start = [2, 'a', 'StartTransaction', { connectorId: 1 }];
    station.send(start);
    station.send(start);
    station.send(start);
    assert.deepEqual(await settle(), [], 'no answer spoils the one that is to come');
    finish({ transactionId: 5 });
    assert.deepEqual(await station.answer('a'), [3, 'a', { transactionId: 5 }]);
    station.send(start);
    await until(() => station.frames.filter((frame) => frame[1] === 'a').length === 2, 'the answer again');
    assert.deepEqual(station.frames.at(-1), [3, 'a', { transactionId: 5 }]);
    assert.equal(handler.calls.filter(([action]) => action === 'StartTransaction').length, 1);
  });

  it('are handled once, where the last one comes again, however long they are', async () => {
    handler = createRecorder((_action, payload) => ({ id: (payload as { id: number }).id }));
    await open();
    for (const id of [1, 2, 3]) {
      const long = [2, `${id}`, 'MeterValues', { id, text: 'x'.repeat(5000) }];
      station.send(long);
      await station.answer(`${id}`);
      station.send(long);
      await until(() => station.frames.filter((frame) => frame[1] === `${id}`).length === 2, 'the answer again');
      assert.deepEqual(station.frames.at(-1), [3, `${id}`, { id }]);
    }
    assert.equal(handler.calls.length, 3);
  });

  it('are handled each, where a station numbers all its messages alike', async () => {
    handler = createRecorder((_action, payload) => ({ payload }));
    await open();
    for (const value of [1, 2, 3]) {
      station.send([2, '1', 'MeterValues', { value }]);
      await until(() => station.frames.length === value, 'an answer');
      assert.deepEqual(station.frames.at(-1), [3, '1', { payload: { value } }]);
    }
  });

  it('may be answered late in another order', async () => {
    const finish: Record<string, (reply: object) => void> = {};
    handler = createRecorder(
      (action) =>
        new Promise<object>((resolve) => {
          finish[action] = resolve;
        }),
    );
    await open();
    station.send([2, '1', 'A', {}]);
    station.send([2, '2', 'B', {}]);
    await until(() => handler.calls.length === 2, 'both are there');
    finish.B?.({ b: 1 });
    assert.deepEqual(await station.answer('2'), [3, '2', { b: 1 }]);
    finish.A?.({ a: 1 });
    assert.deepEqual(await station.answer('1'), [3, '1', { a: 1 }]);
  });

  it('are refused where too many are open', async () => {
    handler = createRecorder(() => new Promise<object>(() => {}));
    await open({ limits: { maxOpen: 3 } });
    for (let i = 0; i < 4; i++) station.send([2, `${i}`, 'Authorize', { i }]);
    assert.deepEqual((await station.answer('3')).slice(0, 3), [4, '3', 'InternalError']);
    assert.equal(handler.calls.length, 3);
  });

  it('2.1: neither SEND nor CALLRESULTERROR is answered', async () => {
    await open({}, 'ocpp2.1');
    station.send([6, 's1', 'NotifyPeriodicEventStream', { id: 1, data: [] }]);
    station.send([5, 'r1', 'FormatViolation', 'what was that', {}]);
    assert.deepEqual(await settle(), []);
    assert.match(csms.reports.join('\n'), /refused an answer: .*what was that/);
  });

  it('2.1: a CALLRESULTERROR swallows the answer of nobody else', async () => {
    handler = createRecorder(() => Promise.resolve({}));
    await open({}, 'ocpp2.1');
    const frames = Array.from({ length: 20 }, (_, i) => [
      [2, `c${i}`, 'Heartbeat', {}],
      [6, `s${i}`, 'X', {}],
    ]).flat();
    for (const frame of frames) station.send(frame);
    for (let i = 0; i < 20; i++) assert.equal((await station.answer(`c${i}`))[0], 3);
    assert.equal((await settle()).length, 20);
  });

  it('2.0.1: an unknown type of message is answered as such', async () => {
    await open({}, 'ocpp2.0.1');
    station.send([7, 'x', 'Y', {}]);
    assert.equal((await station.answer('-1'))[2], 'MessageTypeNotSupported');
  });

  it('1.6: unknown types, garbage and answers to nothing are ignored', async () => {
    await open();
    for (const text of [
      '',
      ' ',
      '{}',
      'null',
      '[',
      '[]',
      '[7,"x","Y",{}]',
      '[3,"no",{}]',
      '[4,"no","","",{}]',
      '[5,"a"]',
    ])
      station.send(text);
    assert.deepEqual(await settle(), []);
  });

  it('1.6: a call that cannot be read is answered with a code of 1.6', async () => {
    await open();
    station.send([2, 'x', 17, {}]);
    assert.equal((await station.answer('x'))[2], 'FormationViolation');
  });

  it('a message of more than the allowed size ends the connection, and says so', async () => {
    await open();
    station.send([2, 'big', 'DataTransfer', { data: 'x'.repeat(1024 * 1024) }]);
    assert.equal((await station.closed).code, 1009);
    await until(() => handler.ends.length === 1, 'disconnected');
    assert.match(handler.ends[0] ?? '', /too long/);
  });

  it('a flood ends the connection with 1008, and says so', async () => {
    await open({ limits: { messages: { perS: 50, burst: 100 }, closeGraceMs: 30_000 } });
    const other = createRecorder();
    csms.register('CP2', openSettings, other);
    const neighbour = await dial(csms.url('CP2'));
    const sentAt = performance.now();
    for (let i = 0; i < 1000; i++) station.send([2, `${i}`, 'MeterValues', { i }]);
    const { code, reason } = await station.closed;
    const seconds = (performance.now() - sentAt) / 1000;
    assert.equal(code, 1008);
    assert.match(reason, /more than 50 messages per second/);
    assert.match(csms.reports.join(), /CP1: more than 50 messages/);
    assert.ok(handler.calls.length <= 100 + 50 * seconds, `${handler.calls.length} in ${seconds} s`);
    neighbour.send([2, 'n', 'Heartbeat', {}]);
    await neighbour.answer('n');
    neighbour.close();
  });

  it('a flood of bytes ends the connection too', async () => {
    await open({ limits: { bytes: { perS: 1000, burst: 100_000 }, closeGraceMs: 30_000 } });
    for (let i = 0; i < 20; i++) station.send([2, `${i}`, 'DataTransfer', { data: 'x'.repeat(10_000) }]);
    assert.equal((await station.closed).code, 1008);
  });

  it('a station that does not read is let go', async () => {
    handler = createRecorder(() => ({ data: 'x'.repeat(100_000) }));
    await open({ limits: { maxOpen: 1000, maxUnsent: 100_000, closeGraceMs: 50 } });
    station.socket.pause();
    for (let i = 0; i < 500; i++) station.send([2, `${i}`, 'DataTransfer', { i }]);
    await until(() => handler.ends.length === 1, 'disconnected');
    assert.match(handler.ends[0] ?? '', /does not read/);
  });
});

describe('OCPP connection: calls to the station', () => {
  let csms: TestCsms;
  let handler: Recorder;
  beforeEach(async () => {
    csms = await startTestCsms();
    handler = createRecorder();
    csms.register('CP1', openSettings, handler);
  });
  afterEach(() => csms.close());

  const failureOf = (call: Promise<unknown> | undefined): Promise<CallFailure> =>
    Promise.resolve(call).then(
      () => assert.fail('it was answered'),
      (error: unknown) => {
        assert.ok(error instanceof CallFailure);
        return error;
      },
    );
  const connect = async (): Promise<RawStation> => {
    const station = await dial(csms.url());
    await until(() => handler.links.length > 0, 'connected');
    return station;
  };
  const sent = async (station: RawStation, count: number): Promise<unknown[][]> => {
    await until(() => station.frames.length >= count, `${count} frames`);
    return station.frames;
  };
  const ms = { timeoutMs: 5000 };

  it('are answered by a client of another hand', async () => {
    const client = new ocpp.RPCClient({
      endpoint: `ws://127.0.0.1:${csms.ports[0]}/ocpp`,
      identity: 'CP1',
      protocols: ['ocpp1.6'],
      reconnect: false,
    } as ConstructorParameters<typeof ocpp.RPCClient>[0]);
    client.handle('Reset', async ({ params }) => ({ status: 'Accepted', params }));
    await client.connect();
    await until(() => handler.links.length === 1, 'connected');
    const [link] = handler.links;
    const result = await link?.call('Reset', { type: 'Soft' }, ms);
    assert.deepEqual(result, { status: 'Accepted', params: { type: 'Soft' } });
    const failure = await failureOf(link?.call('Unknown', {}, ms));
    assert.deepEqual([failure.kind, failure.code], ['error', 'NotImplemented']);
    assert.deepEqual(await client.call('Heartbeat', {}), { action: 'Heartbeat' });
    await client.close();
  });

  it('go one at a time, and whatever comes back moves the line on', async () => {
    const station = await connect();
    const [link] = handler.links;
    const results = ['A', 'B', 'C', 'D'].map((action) => link?.call(action, {}, { timeoutMs: 100 }));
    const errorOfB = failureOf(results[1]);
    const errorOfC = failureOf(results[2]);
    const idOf = async (index: number): Promise<unknown> => (await sent(station, index + 1))[index]?.[1];
    const first = await idOf(0);
    assert.equal(station.frames.length, 1);
    station.send([3, first, { ok: 1 }]);
    assert.deepEqual(await results[0], { ok: 1 });
    station.send([4, await idOf(1), 'MadeUpCode', 'x'.repeat(1000), null]);
    assert.equal((await errorOfB).kind, 'error');
    const late = await idOf(2);
    assert.equal((await errorOfC).kind, 'timeout');
    station.send([3, late, { late: 1 }]);
    station.send([3, await idOf(3), { ok: 4 }]);
    assert.deepEqual(await results[3], { ok: 4 });
    station.close();
  });

  it('fail as offline, all of them, when the connection ends', async () => {
    const station = await connect();
    const [link] = handler.links;
    const calls = ['A', 'B', 'C'].map((action) => failureOf(link?.call(action, {}, ms)));
    await sent(station, 1);
    station.socket.terminate();
    assert.deepEqual(
      (await Promise.all(calls)).map(({ kind }) => kind),
      ['offline', 'offline', 'offline'],
    );
    assert.match((await failureOf(link?.call('D', {}, ms))).message, /CP1, D: the connection broke off/);
    await until(() => handler.ends.length === 1, 'disconnected');
  });

  it('survive what no answer should be', async () => {
    const station = await connect();
    const [link] = handler.links;
    for (const code of ['constructor', '__proto__', 'toString', null, 7, {}]) {
      const failed = failureOf(link?.call('A', {}, { timeoutMs: 100 }));
      await until(() => station.frames.length > 0, 'the call');
      station.send([4, station.frames.pop()?.[1], code, { a: 1 }, 'details']);
      assert.match((await failed).kind, /error|timeout/);
    }
    station.close();
  });

  it('fail where they cannot be written, and leave nothing behind that nobody catches', async () => {
    const uncaught: unknown[] = [];
    const keep = (reason: unknown): void => void uncaught.push(reason);
    process.on('unhandledRejection', keep);
    const station = await connect();
    const payload: Record<string, unknown> = {};
    payload.self = payload;
    assert.equal((await failureOf(handler.links[0]?.call('B', payload, ms))).kind, 'error');
    station.close();
    await until(() => handler.ends.length === 1, 'disconnected');
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', keep);
    assert.deepEqual(uncaught, []);
  });
});
