import assert from 'node:assert/strict';
import { type Applied, CommandFailure, type Order } from '../../../../src/drivers/driver.ts';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type { StationRequest, Version } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import {
  createDecodedStation,
  type DecodedStation,
  rejected,
  usualOptions,
} from '../../../support/ocpp/decoded-station.ts';

const forever = Number.POSITIVE_INFINITY;
const unknown = { status: 'unknown' as const, raw: 'Unknown' };

describe('a limit that is given with a start', () => {
  let rig: DecodedStation;
  const open = async (more: Partial<OcppDriverOptions> = {}, version: Version = '1.6'): Promise<void> => {
    rig = createDecodedStation(more);
    await rig.ready(version);
  };
  const withLimits = (limits: Partial<OcppDriverOptions['limits']>): Promise<void> =>
    open({ limits: { ...usualOptions.limits, ...limits } });
  beforeEach(() => open());
  afterEach(() => rig.driver().close());

  type Outcome = Applied | CommandFailure | undefined;
  const finish = async (order: Partial<Order>, ms = 40_000): Promise<Outcome> => {
    let outcome: Outcome;
    const usual = { actuator: 'limit/1', params: {}, limits: {}, startBy: forever, notAfter: forever };
    rig
      .driver()
      .apply({ ...usual, ...order }, new AbortController().signal)
      .then(
        (applied) => {
          outcome = applied;
        },
        (error) => {
          outcome = error;
        },
      );
    await rig.clock.advanceAsync(ms);
    return outcome;
  };
  const limit = (current_a: number, more: Partial<Order> = {}): Promise<Outcome> =>
    finish({ verb: 'set_current_limit', params: { current_a }, ...more });
  const start = (params: Order['params'], ms = 1000): Promise<Outcome> =>
    finish({ actuator: 'actions/1', verb: 'start', params }, ms);
  const begin = async (): Promise<string> => {
    await rig.status('preparing');
    const facts = { at: rig.clock.now(), isOffline: false, meterValues: [] };
    const { transaction } = await rig.say({
      kind: 'transaction_started',
      evse: 1,
      token: { id: 'EMS' },
      meterStartWh: 0,
      ...facts,
    });
    await rig.status('charging');
    await rig.clock.advanceAsync(1000);
    return String(transaction);
  };
  const end = async (transaction: string): Promise<void> => {
    const facts = { at: rig.clock.now(), isOffline: false, meterValues: [] };
    await rig.say({ kind: 'transaction_ended', transaction, reason: 'Local', meterStopWh: 10, ...facts });
    await rig.status('finishing');
    await rig.clock.advanceAsync(1000);
  };
  /** Limits, clearings and starts as they were sent, in short. */
  const sent = (): string[] =>
    rig.requests.flatMap(({ request }): string[] => {
      if (request.kind === 'start')
        return [`start ${request.profile?.periods.map(({ startS, limit: a }) => `${startS}:${a}`).join() ?? 'free'}`];
      if (request.kind === 'set_profile') return [`${request.profile.purpose} ${request.profile.periods[0]?.limit}`];
      return request.kind === 'clear_profile' && request.id !== undefined ? [`clear ${request.id}`] : [];
    });
  const startProfile = () => rig.asked('start')[0]?.profile;
  const code = (outcome: Outcome): string | undefined =>
    outcome instanceof CommandFailure ? outcome.code : `${outcome?.verified}`;

  it('goes as a TxProfile without a transaction, and then on in the profile of all limits', async () => {
    await limit(16);
    rig.requests.length = 0;
    await start({ current_a: 10 });
    assert.deepEqual(
      { ...startProfile(), startAt: 0 },
      {
        id: 201,
        stackLevel: 0,
        purpose: 'tx',
        kind: 'absolute',
        unit: 'A',
        startAt: 0,
        periods: [{ startS: 0, limit: 10 }],
      },
    );
    await begin();
    assert.deepEqual(sent(), ['start 0:10', 'tx_default 10', 'clear 201']);
  });

  it('is told in the response, as far as it is in force', async () => {
    await limit(16);
    const outcome = await start({ current_a: 20 }, 40_000);
    assert.deepEqual((outcome as Applied).values, { status: 'Accepted', current_a: 16 });
  });

  it('is never higher than the limit in force, nor than the installation', async () => {
    await start({ current_a: 40 });
    await limit(16);
    await start({ current_a: 20 });
    await start({ power_w: 230 * 3 * 8 });
    await limit(0);
    await start({ current_a: 20 });
    assert.deepEqual(
      sent().filter((each) => each.startsWith('start')),
      ['start 0:32', 'start 0:16', 'start 0:8', 'start 0:0'],
    );
  });

  it('after a restart, the last limit may be any: the failsafe current is not exceeded', async () => {
    await limit(16);
    rig.kill();
    await rig.ready();
    await start({ current_a: 20 });
    assert.deepEqual(sent(), ['start 0:6']);
  });

  it('a schedule: the lower of two at each time, and its end is that of the limit', async () => {
    const rows = [
      { start_s: 0, current_a: 10 },
      { start_s: 600, current_a: 20 },
      { start_s: 1200, current_a: 8 },
    ];
    const ordered = {
      verb: 'set_profile',
      params: {
        schedule: [
          { start_s: 0, current_a: 12 },
          { start_s: 900, current_a: 9 },
        ],
      },
      since: rig.clock.now(),
    };
    const set = (): unknown[] | undefined =>
      rig
        .asked('set_profile')
        .at(-1)
        ?.profile.periods.map(({ limit: amps }) => amps);
    await finish(ordered, 1000);
    rig.requests.length = 0;
    await start({ schedule: rows });
    // The periods of an absolute profile count from a minute ago.
    assert.deepEqual(sent(), ['start 0:10,660:12,959:9,1260:8']);
    await begin();
    assert.deepEqual(set(), [10, 12, 9, 8]);
    await rig.clock.advanceAsync(650_000);
    rig.drop();
    await rig.connect();
    await rig.status('charging');
    await rig.clock.advanceAsync(3000);
    await finish(ordered, 1000);
    assert.deepEqual(set(), [12, 9, 8]);
  });

  it('ends with its transaction', async () => {
    await limit(16);
    await start({ current_a: 10 });
    const transaction = await begin();
    rig.requests.length = 0;
    await end(transaction);
    await begin();
    assert.deepEqual(sent(), ['tx_default 16']);
  });

  it('ends when another limit is asked for; a renewed one is none', async () => {
    await limit(16);
    await start({ current_a: 10 });
    await begin();
    rig.requests.length = 0;
    await limit(16);
    assert.deepEqual(sent(), []);
    await limit(14);
    assert.deepEqual(sent(), ['tx_default 14']);
  });

  it('a lower limit before the transaction begins: the profile of the start is cleared once it is there', async () => {
    await limit(16);
    await start({ current_a: 10 });
    // Stations put the profile in place when the transaction begins.
    rig.setAnswering((request) => (request.kind === 'clear_profile' ? unknown : undefined));
    rig.requests.length = 0;
    await limit(6);
    assert.deepEqual(sent(), ['tx_default 6', 'clear 201']);
    rig.setAnswering(() => undefined);
    await begin();
    assert.deepEqual(sent().slice(2), ['tx_default 6', 'clear 201']);
    await limit(8);
    assert.deepEqual(sent().slice(4), ['tx_default 8']);
  });

  it('a lower limit while the start is on its way: set again after the answer', async () => {
    await limit(16);
    rig.setAnswering((request) => {
      if (request.kind === 'start') void limit(6, {}).catch(() => {});
      return undefined;
    });
    await start({ current_a: 10 }, 100);
    await rig.clock.advanceAsync(2000);
    assert.deepEqual(sent().slice(-3), ['tx_default 6', 'clear 201', 'tx_default 6']);
  });

  it('a lease that is over brings the safe state, also with a session', async () => {
    await limit(16);
    await start({ current_a: 10 });
    await begin();
    rig.requests.length = 0;
    await finish({});
    assert.deepEqual(sent(), ['tx_default 6']);
  });

  it('without any limit from here, the profile of the start stays until the next limit', async () => {
    await start({ current_a: 10 });
    await begin();
    assert.deepEqual(sent(), ['start 0:10']);
    await limit(8);
    assert.deepEqual(sent(), ['start 0:10', 'tx_default 8', 'clear 201']);
  });

  it('also where Node-RED restarts meanwhile', async () => {
    await start({ current_a: 10 });
    await begin();
    rig.kill();
    await rig.ready();
    await rig.status('charging');
    await limit(8);
    assert.deepEqual(sent(), ['tx_default 8', 'clear 201']);
  });

  it('a station that keeps the profile of the start is told the limit in its place', async () => {
    await limit(16);
    await start({ current_a: 10 });
    rig.setAnswering((request) => (request.kind === 'clear_profile' ? rejected : undefined));
    rig.requests.length = 0;
    await begin();
    assert.deepEqual(sent(), ['tx_default 10', 'clear 201', 'tx 10']);
  });

  it('and where it does not take that either, the limit has failed', async () => {
    await limit(16);
    await start({ current_a: 10 });
    const refuses = (request: StationRequest): boolean =>
      request.kind === 'clear_profile' || (request.kind === 'set_profile' && request.profile.purpose === 'tx');
    rig.setAnswering((request) => (refuses(request) ? rejected : undefined));
    await begin();
    assert.match(rig.drifts.join(), /the station keeps the limit of its start/);
    assert.equal(code(await limit(8)), 'DEVICE_REJECTED');
  });

  it('a start that is refused or not answered limits nothing', async () => {
    await limit(16);
    for (const answer of [rejected, new CallFailure('error', 'no'), new CallFailure('timeout', 'silent')]) {
      rig.setAnswering((request) => (request.kind === 'start' ? answer : undefined));
      await start({ current_a: 10 });
      rig.setAnswering(() => undefined);
    }
    await end(await begin());
    assert.equal(rig.limits().at(-1), 16);
  });

  it('a start whose car never comes: the limit of the EVSE counts alone again', async () => {
    await limit(16);
    await start({ current_a: 10 });
    rig.requests.length = 0;
    for (let i = 0; i < 40; i++) {
      await rig.clock.advanceAsync(10_000);
      await rig.status('available');
    }
    assert.deepEqual(sent(), ['clear 201']);
    await begin();
    assert.deepEqual(sent(), ['clear 201']);
  });

  it('a start whose car never comes, of which the limit was set with a renewed lease', async () => {
    await limit(16);
    await start({ current_a: 10 });
    rig.requests.length = 0;
    await limit(16);
    assert.deepEqual(sent(), ['tx_default 10', 'clear 201']);
    await rig.clock.advanceAsync(300_000);
    assert.deepEqual(sent().slice(2), ['tx_default 16']);
  });

  it('the next start without a limit has none', async () => {
    await limit(16);
    await start({ current_a: 10 });
    await start({});
    await begin();
    assert.deepEqual(sent().slice(1), ['start 0:10', 'start free', 'tx_default 16', 'clear 201']);
  });

  it('has the fallback of the station', async () => {
    await withLimits({ fallbackS: 300 });
    await limit(16, { notAfter: rig.clock.monotonic() + 3_600_000 });
    await start({ current_a: 10 });
    assert.deepEqual(startProfile()?.periods, [
      { startS: 0, limit: 10 },
      { startS: 360, limit: 6 },
    ]);
  });

  it('in the unit that the station takes', async () => {
    await open({ quirks: { unit: 'W', kind: 'relative', stackLevel: 3 } });
    await start({ current_a: 10 });
    const { unit, kind, stackLevel, periods } = startProfile() ?? {};
    assert.deepEqual([unit, kind, stackLevel, periods], ['W', 'relative', 3, [{ startS: 0, limit: 6900 }]]);
  });

  it('what makes no sense is not sent', async () => {
    assert.equal(code(await start({ current_a: 10, power_w: 7000 })), 'SCHEMA');
    assert.equal(code(await start({ schedule: [] })), 'SCHEMA');
    assert.equal(code(await start({ current_a: 5 })), 'OUT_OF_RANGE');
    assert.equal(code(await start({ power_w: 1000 })), 'OUT_OF_RANGE');
    assert.deepEqual(sent(), []);
  });

  it('not where a second backend may limit the station', async () => {
    for (const mode of ['limit', 'observe'] as const) {
      await open({ forward: { url: 'ws://127.0.0.1:9', mode } });
      const outcome = await start({ current_a: 10 });
      assert.equal(code(outcome), 'UNSUPPORTED');
      assert.match(String(outcome), /a second backend may limit this station/);
      assert.deepEqual(sent(), []);
      await start({});
      assert.deepEqual(sent(), ['start free']);
      await rig.driver().close();
    }
  });

  it('not before a profile of somebody else', async () => {
    const foreign = { id: 7, purpose: 'TxDefaultProfile', stackLevel: 9, kind: 'Absolute' };
    await rig.driver().close();
    rig = createDecodedStation({ limits: { ...usualOptions.limits, foreignPolicy: 'keep' } });
    rig.setAnswering((request) => {
      if (request.kind === 'get_profiles')
        rig.clock.after(50, () => {
          const { requestId } = request;
          const report = { kind: 'profiles' as const, requestId, isLast: true, evse: 1, source: 'EMS' };
          void rig.say({ ...report, profiles: [foreign] });
        });
      return undefined;
    });
    await rig.ready('2.0.1');
    await rig.clock.advanceAsync(5000);
    const outcome = await start({ current_a: 10 });
    assert.equal(code(outcome), 'INTERLOCK');
    assert.match(String(outcome), /TxDefaultProfile 7 of EMS/);
  });

  it('not where profiles of others are kept and the station does not tell them', async () => {
    await withLimits({ foreignPolicy: 'keep' });
    assert.equal(code(await start({ current_a: 10 })), 'INTERLOCK');
    assert.deepEqual(sent(), []);
  });
});
