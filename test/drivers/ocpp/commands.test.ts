import assert from 'node:assert/strict';
import { Bridge } from '../../../src/bridge/bridge.ts';
import { createOcppDriver, type OcppDriver } from '../../../src/drivers/ocpp/driver.ts';
import type { StationMessage, StationRequest, Version } from '../../../src/drivers/ocpp/messages.ts';
import { CallFailure, type StationLink } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import type { Quirks } from '../../../src/drivers/ocpp/quirks.ts';
import { checkMessage } from '../../../src/model/check.ts';
import type { Response } from '../../../src/model/command.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Message } from '../../../src/model/message.ts';
import type { Meta } from '../../../src/model/meta.ts';
import type { Reading } from '../../../src/model/reading.ts';
import { isoTime } from '../../../src/model/time.ts';
import { incomingCommand } from '../../support/bridge/incoming-command.ts';
import { createMemoryJournal, type MemoryJournal } from '../../support/memory-journal.ts';
import {
  type Answering,
  accepted,
  amperes,
  boot,
  rejected,
  usualOptions,
  watts,
} from '../../support/ocpp/decoded-station.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

/** From the topics of the broker to the words of the station, and back. */
describe('a charging station at a bridge', () => {
  let clock: VirtualClock;
  let journals: [MemoryJournal, MemoryJournal];
  let driver: OcppDriver;
  let bridge: Bridge;
  let said: Message[];
  let events: Message[];
  let responses: Response[];
  let requests: StationRequest[];
  let answering: Answering;
  let isConnected: boolean;
  let sent = 0;
  let version: Version;
  let quirks: Quirks = {};

  const open = (): void => {
    driver = createOcppDriver({ ...usualOptions, quirks, store: journals[0] }, clock);
    const placement = { device: '102', site: 'home', gateway: 'gw' };
    bridge = new Bridge(
      { placement, driver, clock, journal: journals[1] },
      {
        readings: (messages) => said.push(...messages),
        events: (messages) => events.push(...messages),
        answer: (response) => responses.push(response),
        status() {},
      },
    );
    bridge.start();
  };
  const dial = (): void => {
    isConnected = true;
    const link: StationLink = {
      identity: 'box',
      version,
      peer: { address: '127.0.0.1', isSecure: false, hasPassword: false },
      async call(_action, payload) {
        if (!isConnected) throw new CallFailure('offline', 'not connected');
        const request = payload as StationRequest;
        requests.push(request);
        const answer = answering(request);
        await new Promise<void>((resolve) => clock.after(20, resolve));
        if (answer instanceof Error) throw answer;
        return answer ?? accepted;
      },
      close() {},
    };
    driver.connected(link);
  };
  const connect = async (): Promise<void> => {
    dial();
    await say(boot);
    await status('available');
    await clock.advanceAsync(5000);
    requests.length = 0;
  };
  const say = async (event: StationMessage): Promise<{ transaction?: number }> => {
    const decision = await driver.called(event.kind, event);
    await clock.advanceAsync(0);
    return decision;
  };
  const status = (word: Extract<StationMessage, { kind: 'status' }>['status']): Promise<unknown> =>
    say({ kind: 'status', evse: 1, status: word, raw: word, at: clock.now() });
  const measure = (...values: number[]): Promise<unknown> => {
    const sampledValues = [...values.map((value, i) => amperes(value, `l${i + 1}`)), watts(230 * (values[0] ?? 0))];
    const meterValues = [{ at: clock.now(), context: 'live' as const, sampledValues, signed: [] }];
    return say({ kind: 'meter_values', evse: 1, meterValues });
  };
  const facts = () => ({ at: clock.now(), isOffline: false, meterValues: [] });
  const begin = async (): Promise<string> => {
    await status('preparing');
    const token = { id: 'TAG' };
    const { transaction } = await say({ kind: 'transaction_started', evse: 1, token, meterStartWh: 0, ...facts() });
    await status('charging');
    return String(transaction);
  };

  beforeEach(async () => {
    clock = createVirtualClock();
    journals = [createMemoryJournal(), createMemoryJournal()];
    [said, events, responses, requests] = [[], [], [], []];
    answering = () => undefined;
    version = '1.6';
    open();
    await connect();
  });
  afterEach(() => bridge.close());

  const send = (verb: string, params: object = {}, more: Record<string, unknown> = {}): string => {
    const { component = 'ev_charger/1', ...rest } = more;
    const id = `c${++sent}`;
    const timing = { ts: isoTime(clock.now()), ttl_s: 10, lease_s: 60 };
    bridge.onCommand(
      incomingCommand(`devices/102/${component}/command/${verb}`, {
        schema: 'command/1',
        id,
        params,
        requester: 'pv',
        ...timing,
        ...rest,
      }),
    );
    return id;
  };
  const outcome = (id: string): Partial<Response> =>
    responses.findLast((each) => each.id === id && each.status !== 'accepted') ?? {};
  const ask = async (verb: string, params: object = {}, more: Record<string, unknown> = {}, ms = 40_000) => {
    const id = send(verb, params, more);
    await clock.advanceAsync(ms);
    return outcome(id);
  };
  const station = { component: 'ev_charger' };
  const limits = (): unknown[] =>
    requests.flatMap((each) => (each.kind === 'set_profile' ? [each.profile.periods[0]?.limit] : []));
  const told = (name: string): Event[] =>
    events.filter(({ topic }) => topic.endsWith(`event/${name}`)) as unknown as Event[];
  const reading = (path: string): Reading | undefined =>
    said.findLast(({ topic }) => topic === `devices/102/${path}`) as Reading | undefined;

  it('everything it says fits the model', async () => {
    await begin();
    await measure(10, 10, 10);
    await ask('set_current_limit', { current_a: 10 });
    await say({ kind: 'transaction_ended', transaction: '1', reason: 'Local', ...facts() });
    await status('faulted');
    driver.disconnected('over');
    for (const message of [...said, ...events, ...(responses as unknown as Message[])]) {
      const { topic, ...payload } = message;
      const checked = checkMessage(message, { now: clock.now() });
      assert.ok(checked.ok, `${topic} ${JSON.stringify(payload)}: ${JSON.stringify(checked)}`);
    }
  });

  it('how it is, is told also of one that says nothing', async () => {
    const shown = (): unknown[] => said.flatMap((each) => (each.schema === 'availability/1' ? [each.state] : []));
    assert.deepEqual(shown(), ['online']);
    driver.disconnected('over');
    assert.deepEqual(shown(), ['online', 'offline']);
    dial();
    await clock.advanceAsync(6000);
    assert.deepEqual(shown(), ['online', 'offline', 'online']);
  });

  it('a limit is accepted, told, seen, and over with its lease: the failsafe current', async () => {
    await begin();
    const id = send('set_current_limit', { current_a: 10 });
    await clock.advanceAsync(1000);
    await measure(10, 10, 10);
    await clock.advanceAsync(1000);
    assert.deepEqual(
      [outcome(id).status, outcome(id).verified, outcome(id).applied],
      ['completed', true, { current_a: 10 }],
    );
    assert.equal(reading('ev_charger/1/current_limit')?.value, 10);
    await clock.advanceAsync(60_000);
    assert.deepEqual(limits(), [10, 6]);
  });

  it('between 0 and 6 A: out of range, or 0 where that is wanted', async () => {
    assert.equal((await ask('set_current_limit', { current_a: 4 })).code, 'OUT_OF_RANGE');
    const { applied, clamped } = await ask('set_current_limit', { current_a: 4 }, { on_range: 'clamp' });
    assert.deepEqual([applied, clamped, limits()], [{ current_a: 0 }, true, [0]]);
  });

  it('not more often than every 5 s, and the newest wins', async () => {
    await begin();
    for (const current_a of [10, 11, 12, 13]) {
      send('set_current_limit', { current_a });
      await clock.advanceAsync(500);
    }
    await clock.advanceAsync(10_000);
    assert.deepEqual(limits(), [10, 13]);
  });

  it('a lost connection: refused at once; the lease that lasts is in force again within 10 s', async () => {
    await begin();
    send('set_current_limit', { current_a: 10 }, { lease_s: 3600 });
    await clock.advanceAsync(20_000);
    driver.disconnected('the connection was lost');
    isConnected = false;
    assert.equal((await ask('pause', {}, {}, 100)).code, 'DEVICE_OFFLINE');
    await clock.advanceAsync(30_000);
    said.length = 0;
    isConnected = true;
    await connect();
    assert.equal(reading('ev_charger/1/current_limit')?.value, 10);
  });

  it('killed: the lease that lasts is in force again within 10 s of the connection', async () => {
    await begin();
    send('set_current_limit', { current_a: 10 }, { lease_s: 3600 });
    await clock.advanceAsync(20_000);
    const old = bridge;
    isConnected = false;
    open();
    await old.close();
    await clock.advanceAsync(5000);
    said.length = 0;
    await connect();
    assert.equal(reading('ev_charger/1/current_limit')?.value, 10);
  });

  describe('actions', () => {
    it('start: with our tag or another, seen when the session is there', async () => {
      await status('preparing');
      const id = send('start', { id_tag: 'GUEST' });
      await clock.advanceAsync(1000);
      await begin();
      await clock.advanceAsync(1000);
      assert.deepEqual([outcome(id).status, outcome(id).verified], ['completed', true]);
      assert.deepEqual(
        requests.flatMap((each) => (each.kind === 'start' ? [[each.evse, each.token.id]] : [])),
        [[1, 'GUEST']],
      );
      assert.equal((await ask('start')).code, 'INTERLOCK');
    });

    it('start: with a limit, which is told in the answer', async () => {
      await status('preparing');
      const id = send('start', { power_w: 230 * 3 * 10 });
      await clock.advanceAsync(1000);
      await begin();
      await clock.advanceAsync(1000);
      assert.deepEqual(outcome(id).applied, { status: 'Accepted', current_a: 10 });
      const profile = requests.flatMap((each) => (each.kind === 'start' ? [each.profile] : []))[0];
      assert.deepEqual([profile?.purpose, profile?.periods], ['tx', [{ startS: 0, limit: 10 }]]);
      assert.equal((await ask('trigger', { message: 'log_status' })).code, 'OUT_OF_RANGE');
      assert.equal((await ask('trigger', { message: 'log_status' }, station)).status, 'completed');
    });

    it('start: accepted and then nothing', async () => {
      const { status: done, verified, reason, applied } = await ask('start');
      assert.deepEqual([done, verified, reason, applied], ['completed', false, 'no_session', { status: 'Accepted' }]);
    });

    it('stop: the session that runs, and none where none does', async () => {
      assert.equal((await ask('stop')).code, 'INTERLOCK');
      const transaction = await begin();
      const id = send('stop');
      await clock.advanceAsync(1000);
      await say({ kind: 'transaction_ended', transaction, reason: 'Remote', meterStopWh: 1, ...facts() });
      await clock.advanceAsync(1000);
      assert.equal(outcome(id).verified, true);
      assert.deepEqual(
        requests.find(({ kind }) => kind === 'stop'),
        { kind: 'stop', transaction },
      );
    });

    it('a refusal is a failure with the station’s own word', async () => {
      answering = ({ kind }) => (kind === 'unlock' ? { status: 'rejected', raw: 'UnlockFailed' } : undefined);
      const { status: done, code, message } = await ask('unlock');
      assert.deepEqual([done, code, message], ['failed', 'DEVICE_REJECTED', 'the station says UnlockFailed']);
      answering = () => ({ status: 'not_supported', raw: 'NotSupported' });
      assert.equal((await ask('reset', { type: 'hard' }, station)).code, 'UNSUPPORTED');
      answering = () => new CallFailure('timeout', 'no answer within 20 s');
      assert.equal((await ask('trigger', { message: 'status' })).code, 'TIMEOUT');
    });

    it('settings are read into the answer', async () => {
      const variables = [
        { name: 'HeartbeatInterval', value: '300', isReadOnly: false, status: 'Accepted' },
        { name: 'AuthorizationKey', value: 'secret', status: 'Accepted' },
      ];
      answering = ({ kind }) => (kind === 'get_variables' ? { ...accepted, variables } : undefined);
      const { applied } = await ask('get_configuration', {}, station);
      assert.deepEqual(applied, {
        variables: [{ name: 'HeartbeatInterval', value: '300', status: 'Accepted', readonly: 'false' }],
      });
      assert.deepEqual(requests.at(-1), { kind: 'get_variables', variables: undefined });
      await ask('get_variables', { variables: [{ name: 'EVSE.Power', evse: 1 }] }, station);
      assert.deepEqual(requests.at(-1), { kind: 'get_variables', variables: [{ name: 'EVSE.Power', evse: 1 }] });
    });

    it('settings are written, and passwords are not', async () => {
      answering = ({ kind }) =>
        kind === 'set_variables' ? { status: 'reboot_required', raw: 'RebootRequired' } : undefined;
      const { applied, reason } = await ask('set_configuration', { key: 'A', value: '1' }, station);
      assert.deepEqual([applied?.status, reason], ['RebootRequired', 'reboot_required']);
      assert.deepEqual(requests.at(-1), { kind: 'set_variables', variables: [{ name: 'A', value: '1' }] });
      answering = () => undefined;
      const rows = ['A', 'B'].map((name) => ({ name, value: '1' }));
      await ask('set_variables', { variables: rows }, station);
      // OCPP 1.6: one at a time.
      assert.deepEqual(
        requests.slice(-2),
        rows.map((row) => ({ kind: 'set_variables', variables: [row] })),
      );
      const secret = { key: 'AuthorizationKey', value: 'x' };
      assert.equal((await ask('set_configuration', secret, station)).code, 'UNSUPPORTED');
    });

    it('a reservation: shown by the status, with an id to cancel it by', async () => {
      const until = clock.now() + 600_000;
      const id = send('reserve', { id_tag: 'GUEST', duration_s: 600 });
      await clock.advanceAsync(1000);
      await status('reserved');
      await clock.advanceAsync(1000);
      const { verified, by, applied = {} } = outcome(id);
      const { reservation_id: reservation } = applied;
      assert.deepEqual([verified, by, applied.status], [true, 'effect', 'Accepted']);
      assert.deepEqual(requests.at(-1), {
        kind: 'reserve',
        id: reservation,
        evse: 1,
        token: { id: 'GUEST' },
        expiresAt: until,
      });
      const cancelled = send('cancel_reservation', { reservation_id: reservation });
      await clock.advanceAsync(1000);
      await status('available');
      await clock.advanceAsync(1000);
      assert.equal(outcome(cancelled).verified, true);
      assert.deepEqual(requests.at(-1), { kind: 'cancel_reservation', id: reservation });
    });

    it('a reservation: of the whole station, never shown, or not taken', async () => {
      const wish = { id_tag: 'GUEST', duration_s: 600, reservation_id: 7, group_id_tag: 'FLEET' };
      const whole = await ask('reserve', wish, station);
      assert.deepEqual([whole.reason, whole.applied], ['no_readback', { status: 'Accepted', reservation_id: 7 }]);
      const [request] = requests.slice(-1);
      assert.deepEqual(request?.kind === 'reserve' && [request.evse, request.groupToken], [0, { id: 'FLEET' }]);
      assert.equal((await ask('reserve', wish)).reason, 'no_effect');
      assert.equal((await ask('cancel_reservation', { reservation_id: 7 })).reason, 'no_readback');
      answering = ({ kind }) => (kind === 'reserve' ? { status: 'unknown', raw: 'Occupied' } : undefined);
      const { code, message } = await ask('reserve', wish);
      assert.deepEqual([code, message], ['DEVICE_REJECTED', 'the station says Occupied']);
      assert.equal((await ask('reserve', { ...wish, duration_s: 5 })).code, 'OUT_OF_RANGE');
    });

    it('a log is uploaded to where it is wanted, and how that goes on is told', async () => {
      const url = 'ftp://user:secret@a.example/logs';
      answering = () => ({ status: 'done', raw: '', fileName: 'd.zip' });
      const { applied } = await ask('get_diagnostics', { url, oldest: '2026-11-01T00:00:00Z', retries: 2 }, station);
      assert.deepEqual(applied, { file_name: 'd.zip' });
      const oldestAt = Date.parse('2026-11-01T00:00:00Z');
      assert.deepEqual(requests.at(-1), { kind: 'get_diagnostics', url, oldestAt, retries: 2 });
      answering = () => undefined;
      const log = await ask('get_log', { url, log: 'security', retry_interval_s: 60 }, station);
      const { request_id: requestId } = log.applied ?? {};
      assert.deepEqual(requests.at(-1), { kind: 'get_log', requestId, log: 'security', url, retryIntervalS: 60 });
      await say({ kind: 'log_status', status: 'Uploading' });
      await say({ kind: 'log_status', status: 'UploadFailure', requestId: Number(requestId) });
      assert.deepEqual(
        told('log_status').map(({ severity, code, data }) => [severity, code, data]),
        [
          ['info', 'Uploading', undefined],
          ['warning', 'UploadFailure', { request_id: requestId }],
        ],
      );
      assert.ok(!JSON.stringify([said, events, responses]).includes('secret'));
    });

    it('a firmware: at once or later, signed or not', async () => {
      const url = 'https://a.example/fw.bin';
      const plain = await ask('update_firmware', { url }, station);
      assert.deepEqual([plain.status, plain.reason, plain.applied], ['completed', 'no_readback', {}]);
      const [request] = requests.slice(-1);
      assert.ok(request?.kind === 'update_firmware' && Math.abs(request.retrieveAt - clock.now()) < 60_000);
      const at = '2026-12-01T02:00:00Z';
      const later = { url, retrieve_at: at, install_at: at, signing_certificate: 'PEM', signature: 'c2ln' };
      const { applied } = await ask('update_firmware', later, station);
      assert.deepEqual(requests.at(-1), {
        kind: 'update_firmware',
        requestId: applied?.request_id,
        url,
        retrieveAt: Date.parse(at),
        installAt: Date.parse(at),
        signed: { certificate: 'PEM', signature: 'c2ln' },
      });
      await say({ kind: 'firmware_status', status: 'Downloading' });
      await say({ kind: 'firmware_status', status: 'InvalidSignature' });
      assert.deepEqual(
        told('firmware_status').map(({ severity, code }) => [severity, code]),
        [
          ['info', 'Downloading'],
          ['warning', 'InvalidSignature'],
        ],
      );
    });

    it('a file at no URL, at no time, or signed by halves is not asked for', async () => {
      const url = 'https://a.example/fw.bin';
      const before = requests.length;
      for (const params of [{ url: 'fw.bin' }, { url, retrieve_at: 'soon' }, { url, signature: 'c2ln' }])
        assert.equal((await ask('update_firmware', params, station)).code, 'SCHEMA');
      assert.equal((await ask('get_log', { url, log: 'other' }, station)).code, 'OUT_OF_RANGE');
      assert.equal(requests.length, before);
    });

    it('what the station will allow is read into the answer', async () => {
      const schedule = { unit: 'A' as const, periods: [{ startS: 0, limit: 10 }] };
      answering = ({ kind }) => (kind === 'composite_schedule' ? { ...accepted, schedule } : undefined);
      const { verified, applied } = await ask('get_composite_schedule', { duration_s: 600, unit: 'A' });
      assert.deepEqual([verified, applied?.schedule], [true, [{ start_s: 0, current_a: 10 }]]);
      assert.deepEqual(requests.at(-1), { kind: 'composite_schedule', evse: 1, durationS: 600, unit: 'A' });
      answering = () => undefined;
      const whole = await ask('get_composite_schedule', { duration_s: 600 }, station);
      assert.deepEqual(
        [whole.verified, requests.at(-1)],
        [false, { kind: 'composite_schedule', evse: 0, durationS: 600 }],
      );
    });

    it('profiles go when that is asked for, by an id or a filter; the limit from here is set again', async () => {
      await begin();
      await ask('set_current_limit', { current_a: 10 }, { lease_s: 3600 });
      requests.length = 0;
      await ask('clear_charging_profile', { purpose: 'tx', stack_level: 3 });
      assert.deepEqual(requests[0], { kind: 'clear_profile', evse: 1, purpose: 'tx', stackLevel: 3 });
      assert.deepEqual(limits(), [10]);
      await ask('clear_charging_profile', { profile_id: 77 }, station);
      assert.deepEqual(
        requests.findLast(({ kind }) => kind === 'clear_profile'),
        { kind: 'clear_profile', id: 77 },
      );
      requests.length = 0;
      assert.equal((await ask('clear_charging_profile', {}, station, 100)).code, 'SCHEMA');
      assert.deepEqual(requests, []);
    });

    it('the version of the list in the station', async () => {
      answering = ({ kind }) =>
        kind === 'local_list_version' ? { status: 'done', raw: '', listVersion: 12 } : undefined;
      const { verified, applied } = await ask('get_local_list_version', {}, station);
      assert.deepEqual([verified, applied], [true, { version: 12 }]);
    });

    it('one EVSE is reset alone in OCPP 2.x only', async () => {
      assert.equal((await ask('reset')).code, 'UNSUPPORTED');
      driver.disconnected('over');
      version = '2.0.1';
      await connect();
      const { status: done } = await ask('reset', { type: 'hard' });
      const asked = requests.filter(({ kind }) => kind === 'reset');
      assert.deepEqual([done, asked], ['completed', [{ kind: 'reset', isHard: true, evse: 1 }]]);
    });

    it('a reservation that ends is told', async () => {
      await say({ kind: 'reservation_status', reservation: 7, status: 'Expired' });
      assert.deepEqual(
        told('reservation_ended').map(({ code, data }) => [code, data]),
        [['Expired', { reservation_id: 7 }]],
      );
    });

    it('out of service: shown by its status, or planned for later', async () => {
      const id = send('set_availability', { operative: false });
      await clock.advanceAsync(1000);
      await status('unavailable');
      await clock.advanceAsync(1000);
      assert.equal(outcome(id).verified, true);
      answering = () => ({ status: 'scheduled', raw: 'Scheduled' });
      assert.equal((await ask('set_availability', { operative: true })).reason, 'scheduled');
    });
  });

  describe('phases, a moment after they were switched', () => {
    before(() => {
      quirks = { switchesPhases: true };
    });
    after(() => {
      quirks = {};
    });
    beforeEach(async () => {
      await ask('set_phases', { phases: 1 }, { lease_s: 3600 });
      await clock.advanceAsync(10_000);
    });

    it('refused at once with when, and what was asked before stays', async () => {
      const id = send('set_phases', { phases: 3 }, { lease_s: 3600 });
      await clock.advanceAsync(100);
      const { status: done, code, message = '' } = outcome(id);
      assert.deepEqual([done, code], ['failed', 'INTERLOCK']);
      assert.match(message, /^switched \d+ s ago, and it is done every 300 s at the most: not before 20\S+Z$/);
      await clock.advanceAsync(600_000);
      assert.equal(events.filter(({ topic }) => topic.endsWith('event/phase_switched')).length, 1);
    });

    it('a lease that ends too early is no alarm: the safe state waits its time', async () => {
      send('release');
      await clock.advanceAsync(600_000);
      assert.equal(events.filter(({ topic }) => topic.endsWith('event/phase_switched')).length, 2);
      assert.ok(!events.some(({ topic }) => topic.endsWith('event/failsafe_unconfirmed')));
    });
  });

  it('its meta says what can be commanded, where', () => {
    const meta = bridge.meta() as Meta;
    const offered = Object.fromEntries(
      meta.components.map(({ index = 0, commands = {} }) => [index, Object.keys(commands).sort()]),
    );
    assert.deepEqual(offered, {
      0: [
        'cancel_reservation',
        'clear_charging_profile',
        'get_composite_schedule',
        'get_configuration',
        'get_diagnostics',
        'get_local_list_version',
        'get_log',
        'get_variables',
        'reserve',
        'reset',
        'set_availability',
        'set_configuration',
        'set_variables',
        'trigger',
        'update_firmware',
      ],
      1: [
        'cancel_reservation',
        'clear_charging_profile',
        'get_composite_schedule',
        'pause',
        'release',
        'reserve',
        'resume',
        'set_availability',
        'set_current_limit',
        'set_power_limit',
        'set_profile',
        'start',
        'stop',
        'trigger',
        'unlock',
      ],
    });
    const { set_current_limit: limit } = meta.components.find(({ index }) => index === 1)?.commands ?? {};
    assert.deepEqual(limit?.params.current_a, { unit: 'A', min: 6, max: 32, step: 0.1, zero: true });
    assert.deepEqual(limit?.fallback, { current_a: 6 });
  });

  it('a station that refuses everything is not in its safe state, and says so', async () => {
    await begin();
    await ask('set_current_limit', { current_a: 16 });
    answering = ({ kind }) => (kind === 'set_profile' ? rejected : undefined);
    await clock.advanceAsync(120_000);
    const alarm = events.find(({ topic }) => topic.endsWith('event/failsafe_unconfirmed'));
    assert.ok(alarm);
    answering = () => undefined;
    await clock.advanceAsync(60_000);
    const cleared = events.findLast(({ topic }) => topic.endsWith('event/failsafe_unconfirmed'));
    assert.equal((cleared as { state?: string } | undefined)?.state, 'cleared');
  });

  it('a limit that the station forgets is noticed, told of and told again', async () => {
    await begin();
    send('set_current_limit', { current_a: 10 }, { lease_s: 3600 });
    const drawing = clock.every(10_000, () => void measure(limits().length > 1 ? 10 : 32));
    await clock.advanceAsync(2000);
    await measure(10);
    await clock.advanceAsync(120_000);
    drawing.cancel();
    assert.ok(events.some(({ topic }) => topic.endsWith('event/setpoint_lost')));
    assert.deepEqual(limits(), [10, 10]);
  });
});
