import assert from 'node:assert/strict';
import type { StationHandler, UnknownStation } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { dial, refusal } from '../../../support/ocpp/raw-station.ts';
import {
  createRecorder,
  openSettings,
  passwords,
  type Recorder,
  startTestCsms,
  type TestCsms,
} from '../../../support/ocpp/test-csms.ts';
import { until } from '../../../support/until.ts';

describe('OCPP stations: who is who', () => {
  let csms: TestCsms;
  let handler: Recorder;
  beforeEach(async () => {
    csms = await startTestCsms();
    handler = createRecorder();
  });
  afterEach(() => csms.close());

  it('of two connections of one identity the newest wins, and the end of the old one ends nothing', async () => {
    csms.register('CP1', openSettings, handler);
    const first = await dial(csms.url());
    await until(() => handler.links.length === 1, 'the first');
    const waiting = handler.links[0]?.call('Reset', {}, { timeoutMs: 5000 }).catch(({ kind }) => kind);
    const second = await dial(csms.url());
    assert.equal((await first.closed).code, 1008);
    assert.equal(await waiting, 'offline');
    await until(() => csms.connected() === 1, 'the old one is gone');
    assert.deepEqual(handler.ends, []);
    assert.equal(handler.links.length, 2);
    second.send([2, '1', 'Heartbeat', {}]);
    await second.answer('1');
    assert.match(csms.reports.join(), /CP1: a second connection/);
    second.close();
    await until(() => handler.ends.length === 1, 'the end of the second');
  });

  it('a dead connection is no obstacle for a new one', async () => {
    csms.register('CP1', openSettings, handler);
    const first = await dial(csms.url());
    first.socket.pause();
    const second = await dial(csms.url());
    second.send([2, '1', 'Heartbeat', {}]);
    await second.answer('1');
    await until(() => csms.connected() === 1, 'the dead one is gone');
    assert.deepEqual(handler.ends, []);
    second.close();
    first.socket.terminate();
  });

  it('one identity cannot be set up twice', () => {
    csms.register('CP1', openSettings, handler);
    assert.throws(() => csms.register('CP1', openSettings, createRecorder()), /CP1 is set up twice/);
  });

  it('settings that no station can meet are said at once', () => {
    const register = (settings: object) => () => csms.register('CP1', { ...openSettings, ...settings }, handler);
    assert.throws(register({ versions: [] }), /no version/);
    assert.throws(register({ security: 1 }), /needs a password/);
    assert.throws(register({ security: 2, passwords: ['secret'] }), /cannot be read/);
    register({})();
  });

  it('a connection outlives the change of its handler, and no call is lost in between', async () => {
    const registration = csms.register('CP1', openSettings, handler);
    const station = await dial(csms.url());
    await until(() => handler.links.length === 1, 'connected');
    registration.remove();
    station.send([2, '1', 'StartTransaction', {}]);
    station.send([2, '2', 'Heartbeat', {}]);
    const next = createRecorder();
    await station.settled();
    csms.register('CP1', openSettings, next);
    assert.equal((await station.answer('1'))[0], 3);
    assert.equal((await station.answer('2'))[0], 3);
    assert.equal(next.links[0], handler.links[0]);
    assert.deepEqual([handler.calls, handler.ends], [[], []]);
    registration.remove();
    assert.equal(csms.connected(), 1, 'who has left cannot remove his successor');
    station.close();
    await until(() => next.ends.length === 1, 'disconnected');
  });

  it('a station that is taken out for good is shown out, and others stay', async () => {
    await csms.close();
    csms = await startTestCsms({ limits: { handoverMs: 20 } });
    const registration = csms.register('CP1', openSettings, handler);
    const other = createRecorder();
    csms.register('CP2', openSettings, other);
    const station = await dial(csms.url());
    const neighbour = await dial(csms.url('CP2'));
    registration.remove();
    assert.equal((await station.closed).code, 1001);
    assert.match(await refusal(csms.url()), /^404/);
    assert.equal(csms.connected(), 1);
    neighbour.close();
  });

  it('new settings that a connection does not meet end it, and say why', async () => {
    const registration = csms.register('CP1', openSettings, handler);
    const station = await dial(csms.url());
    registration.remove();
    csms.register('CP1', { ...openSettings, versions: ['2.0.1'] }, createRecorder());
    assert.match((await station.closed).reason, /1\.6 is not allowed/);
  });

  it('a handler that throws is reported, and hurts nobody', async () => {
    const broken: StationHandler = {
      connected() {
        throw new Error('no way');
      },
      called: () => ({}),
      disconnected() {
        throw new Error('no way out');
      },
    };
    csms.register('CP1', openSettings, broken);
    const station = await dial(csms.url());
    station.send([2, '1', 'Heartbeat', {}]);
    await station.answer('1');
    station.close();
    await until(() => csms.reports.length === 2, 'two reports');
    assert.match(csms.reports.join(), /no way,.*no way out/);
  });

  it('closing waits for every socket, and tells the stations', async () => {
    csms.register('CP1', openSettings, handler);
    csms.register('CP2', openSettings, createRecorder());
    const station = await dial(csms.url());
    const deaf = await dial(csms.url('CP2'));
    deaf.socket.pause();
    const calling = handler.links[0]?.call('Reset', {}, { timeoutMs: 60_000 }).catch(({ kind }) => kind);
    await csms.close(1012, 'restart');
    assert.equal(csms.connected(), 0);
    assert.deepEqual(await station.closed, { code: 1012, reason: 'restart' });
    assert.equal(await calling, 'offline');
    assert.deepEqual(handler.ends, ['restart']);
    await assert.rejects(dial(csms.url()), /ECONNREFUSED/);
    deaf.socket.terminate();
  });

  it('closing does not wait for a handler', async () => {
    handler = createRecorder(() => new Promise<object>(() => {}));
    csms.register('CP1', openSettings, handler);
    const station = await dial(csms.url());
    station.send([2, '1', 'Heartbeat', {}]);
    await until(() => handler.calls.length === 1, 'the call');
    await csms.close();
    assert.equal((await station.closed).code, 1001);
  });

  it('a port that is taken is said in words', async () => {
    await assert.rejects(
      startTestCsms({
        listeners: [
          { host: '127.0.0.1', port: 0 },
          { host: '127.0.0.1', port: csms.ports[0] ?? 0 },
        ],
      }),
      /charging stations at 127\.0\.0\.1:\d+: the port is taken/,
    );
  });

  it('several ports serve one list of stations', async () => {
    await csms.close();
    const listener = { host: '127.0.0.1', port: 0 };
    csms = await startTestCsms({ listeners: [listener, listener] });
    csms.register('CP1', openSettings, handler);
    for (const port of csms.ports) (await dial(`ws://127.0.0.1:${port}/CP1`)).close();
    await until(() => handler.links.length === 2, 'connected twice');
  });
});

describe('OCPP stations: those nobody has set up', () => {
  let csms: TestCsms;
  let holder: Recorder;
  let seen: UnknownStation[];
  const start = async (limits = {}): Promise<void> => {
    holder = createRecorder(() => ({ status: 'Pending' }));
    seen = [];
    csms = await startTestCsms({
      limits,
      unknown(station) {
        seen.push(station);
        return station.identity.startsWith('BAD') ? undefined : holder;
      },
    });
  };
  afterEach(() => csms.close());

  it('are held by who decides about them, or refused', async () => {
    await start();
    const station = await dial(csms.url('NEW'), { protocols: ['ocpp2.0.1'] });
    station.send([2, '1', 'BootNotification', {}]);
    assert.deepEqual(await station.answer('1'), [3, '1', { status: 'Pending' }]);
    assert.deepEqual(seen[0], {
      identity: 'NEW',
      version: '2.0.1',
      peer: { address: '127.0.0.1', isSecure: false, hasPassword: false },
    });
    assert.match(await refusal(csms.url('BAD')), /^404/);
    station.close();
    await until(() => holder.ends.length === 1, 'disconnected');
  });

  it('go on with their connection when they are approved', async () => {
    await start();
    const station = await dial(csms.url('NEW'));
    await until(() => holder.links.length === 1, 'held');
    const handler = createRecorder();
    csms.register('NEW', openSettings, handler);
    assert.equal(handler.links[0], holder.links[0]);
    station.send([2, '1', 'Heartbeat', {}]);
    assert.deepEqual(await station.answer('1'), [3, '1', { action: 'Heartbeat' }]);
    assert.deepEqual(holder.ends, []);
    station.close();
  });

  it('are trusted with the password of their first use, and only with that', async () => {
    await start();
    await dial(csms.url('NEW'), { password: 'chosen-by-the-box' });
    await until(() => holder.links.length === 1, 'held');
    const offered = holder.links[0]?.peer.offeredPassword ?? '';
    assert.ok(await passwords.verify(offered, Buffer.from('chosen-by-the-box')));
    csms.register('NEW', { ...openSettings, security: 1, passwords: [offered] }, createRecorder());
    assert.equal(csms.connected(), 1);
    assert.match(await refusal(csms.url('NEW'), { password: 'another one.....' }), /^401/);

    const other = await dial(csms.url('NEW2'), { password: 'also-chosen-by-it' });
    csms.register('NEW2', { ...openSettings, security: 1, passwords: [offered] }, createRecorder());
    assert.match((await other.closed).reason, /come again with its password/);
  });

  it('stay out once somebody has refused them, and cost nobody behind their address anything', async () => {
    const refused = new Set(['BAD1']);
    const isRejected = (identity: string): boolean => refused.has(identity);
    holder = createRecorder();
    csms = await startTestCsms({
      unknown: () => holder,
      isRejected,
      limits: { unknownRate: { perS: 0.001, burst: 1 } },
    });
    for (let i = 0; i < 5; i++) assert.match(await refusal(csms.url('BAD1')), /^403 refused by hand/);
    assert.deepEqual(
      csms.rejections().map(({ identity, code, count }) => [identity, code, count]),
      [['BAD1', 'by_hand', 5]],
    );
    refused.clear();
    (await dial(csms.url('BAD1'))).close();
  });

  it('are not refused by what was decided before they were set up', async () => {
    csms = await startTestCsms({ isRejected: () => true });
    csms.register('CP1', openSettings, createRecorder());
    (await dial(csms.url('CP1'))).close();
  });

  it('are held in a bounded number', async () => {
    await start({ maxHeld: 2 });
    const stations = [await dial(csms.url('N1')), await dial(csms.url('N2'))];
    assert.match(await refusal(csms.url('N3')), /^503 2 stations wait/);
    stations[0]?.close();
    await until(() => csms.connected() === 1, 'one has gone');
    (await dial(csms.url('N3'))).close();
    stations[1]?.close();
  });
});
