import assert from 'node:assert/strict';
import type { Applied, CommandFailure, Order } from '../../../../src/drivers/driver.ts';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type { ChargingProfile, SampledValue, StationRequest } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { isoTime } from '../../../../src/model/time.ts';
import { type BegunOrder, beginOrder, chargingOrder } from '../../../support/ocpp/charging-orders.ts';
import {
  type Answering,
  accepted,
  amperes,
  createDecodedStation,
  type DecodedStation,
  offered,
  rejected,
  usualOptions,
  watts,
} from '../../../support/ocpp/decoded-station.ts';

describe('limits of a charging station', () => {
  let rig: DecodedStation;
  const open = async (more: Partial<OcppDriverOptions> = {}): Promise<void> => {
    rig = createDecodedStation(more);
    await rig.ready();
  };
  const withQuirks = (quirks: OcppDriverOptions['quirks']): Promise<void> => open({ quirks });
  const withLimits = (limits: Partial<OcppDriverOptions['limits']>): Promise<void> =>
    open({ limits: { ...usualOptions.limits, ...limits } });
  beforeEach(() => open());
  afterEach(() => rig.driver().close());

  type Outcome = Applied | CommandFailure;
  /** Begins; what became of it is there when enough time has passed. */
  const begin = (given: Order, signal?: AbortSignal): BegunOrder<CommandFailure> =>
    beginOrder(rig.driver(), given, signal);
  const finish = async (given: Order, ms = 40_000): Promise<Outcome | undefined> => {
    const done = begin(given);
    await rig.clock.advanceAsync(ms);
    return done.outcome;
  };
  const limit = (current_a: number): Promise<Outcome | undefined> =>
    finish(chargingOrder('set_current_limit', { current_a }));
  const profile = (): ChargingProfile => rig.asked('set_profile').at(-1)?.profile as ChargingProfile;
  const takes = (fits: (profile: ChargingProfile, request: StationRequest) => boolean): Answering => {
    return (request) => (request.kind === 'set_profile' && !fits(request.profile, request) ? rejected : undefined);
  };
  const charge = async (): Promise<void> => {
    await rig.status('preparing');
    await rig.start();
    await rig.status('charging');
  };
  /** The car follows what it is told after this long. */
  const follow = (delayMs = 3000, isObeying = (): boolean => true): void => {
    const inner = rig.driver();
    rig.setAnswering((request) => {
      if (request.kind === 'set_profile' && isObeying()) {
        const value = request.profile.periods[0]?.limit ?? 0;
        rig.clock.after(delayMs, () => {
          if (rig.driver() === inner) void rig.measure([amperes(value), watts(value * 230)]);
        });
      }
      return undefined;
    });
  };

  it('is told as TxDefaultProfile, begun a minute ago, without an end; before it, foreign ones are cleared once', async () => {
    await limit(16);
    assert.deepEqual(
      rig.asked('clear_profile').map(({ purpose }) => purpose),
      ['tx', 'tx_default'],
    );
    const [request] = rig.asked('set_profile');
    assert.equal(request?.evse, 1);
    const { startAt = 0, ...rest } = request?.profile ?? ({} as ChargingProfile);
    assert.deepEqual(rest, {
      id: 101,
      stackLevel: 0,
      purpose: 'tx_default',
      kind: 'absolute',
      unit: 'A',
      periods: [{ startS: 0, limit: 16 }],
    });
    assert.ok(rig.clock.now() - startAt >= 60_000);
    await limit(10);
    assert.equal(rig.asked('clear_profile').length, 2);
  });

  it('goes before everything that waits, and only the newest of them', async () => {
    await finish(chargingOrder('set_current_limit', { current_a: 16 }, { notAfter: 99_000 }));
    const { options } = rig.requests.find(({ request }) => request.kind === 'set_profile') ?? {};
    assert.deepEqual([options?.isUrgent, options?.key, options?.notAfter], [true, 'limit/1', 99_000]);
  });

  it('down to a tenth, and never between 0 and 6 A', async () => {
    for (const current of [10.06, 5.99, 6, 0, 40]) await limit(current);
    assert.deepEqual(rig.limits(), [10, 0, 6, 0, 32]);
    for (const { profile: told } of rig.asked('set_profile'))
      for (const { limit: value } of told.periods) assert.ok(value === 0 || value >= 6);
  });

  it('not told again where nothing changes; after a new connection it is', async () => {
    await limit(16);
    await limit(16);
    assert.deepEqual(rig.limits(), [16]);
    rig.drop();
    await rig.connect();
    await rig.status('available');
    await rig.clock.advanceAsync(3000);
    await limit(16);
    assert.deepEqual(rig.limits(), [16, 16]);
  });

  it('told again by itself where the old connection was not seen to end, within 10 s', async () => {
    await limit(16);
    await rig.connect();
    await rig.clock.advanceAsync(10_000);
    assert.deepEqual(rig.limits(), [16, 16]);
  });

  it('beside another master: its limits stay', async () => {
    await withLimits({ foreignPolicy: 'keep' });
    await limit(16);
    assert.deepEqual([rig.asked('clear_profile'), rig.limits()], [[], [16]]);
  });

  it('is told when it is pulled (2.1)', async () => {
    assert.deepEqual(await rig.say({ kind: 'schedule_pull', profile: 101 }), {});
    await limit(16);
    assert.deepEqual(await rig.say({ kind: 'schedule_pull', profile: 101 }), { limit: 16 });
  });

  it('one at a time, also where a car comes meanwhile', async () => {
    rig.setAnswering(takes(({ purpose }) => purpose === 'tx'));
    await limit(16);
    let open = 0;
    let most = 0;
    rig.setAnswering(({ kind }) => {
      if (kind !== 'set_profile') return undefined;
      open++;
      most = Math.max(most, open);
      rig.clock.after(20, () => open--);
      return undefined;
    });
    void charge();
    begin(chargingOrder('set_current_limit', { current_a: 10 }));
    await rig.clock.advanceAsync(5000);
    assert.deepEqual([most, rig.limits().at(-1)], [1, 10]);
  });

  it('pause is 0, resume as much as there is, the safe state its own current', async () => {
    for (const verb of ['pause', 'resume', undefined]) await finish(chargingOrder(verb));
    await finish(chargingOrder('resume', { current_a: 8 }));
    assert.deepEqual(rig.limits(), [0, 32, 6, 8]);
  });

  it('a schedule: its periods, and no nonsense', async () => {
    const schedule = [
      { start_s: 0, current_a: 16 },
      { start_s: 600, power_w: 6900 },
      { start_s: 1200, current_a: 3 },
    ];
    await finish(chargingOrder('set_profile', { schedule }));
    assert.deepEqual(
      profile().periods.map(({ startS, limit: value }) => [startS, value]),
      [
        [0, 16],
        [660, 10],
        [1260, 0],
      ],
    );
    const many = Array.from({ length: 25 }, (_, i) => ({ start_s: i, current_a: 6 }));
    assert.equal(
      ((await finish(chargingOrder('set_profile', { schedule: many }))) as CommandFailure).code,
      'OUT_OF_RANGE',
    );
    for (const wrong of [[], [{ start_s: 5, current_a: 6 }], [{ start_s: 0 }], [schedule[1], schedule[0]]]) {
      const outcome = await finish(chargingOrder('set_profile', { schedule: wrong as never }));
      assert.equal((outcome as CommandFailure).code, 'SCHEMA');
    }
  });

  describe('tried once and remembered', () => {
    const cases: [name: string, fits: (profile: ChargingProfile) => boolean, options: Partial<OcppDriverOptions>][] = [
      ['stack level 0 only (ABB, Wallbox 5)', ({ stackLevel }) => stackLevel === 0, {}],
      ['the highest counts as excluded', ({ stackLevel }) => stackLevel === 7, {}],
      ['Relative only (Wallbox)', ({ kind }) => kind === 'relative', {}],
      ['watts only (Huawei, Mennekes, MicroOcpp)', ({ unit }) => unit === 'W', {}],
      ['watts at stack level 0', ({ unit, stackLevel }) => unit === 'W' && stackLevel === 0, {}],
      ['with its phases', ({ periods }) => periods[0]?.phases !== undefined, {}],
    ];
    for (const [name, fits, options] of cases)
      it(name, async () => {
        await open(options);
        rig.setAnswering((request) =>
          request.kind === 'get_variables'
            ? {
                ...accepted,
                variables: [{ name: 'ChargeProfileMaxStackLevel', value: '8', status: 'Accepted' }],
              }
            : takes(fits)(request),
        );
        await rig.connect();
        await rig.say({ kind: 'boot', vendor: 'a', model: 'b' });
        await rig.clock.advanceAsync(70_000);
        const outcome = await limit(16);
        assert.ok(!(outcome instanceof Error), String(outcome));
        assert.ok(fits(profile()));
        const tries = rig.asked('set_profile').length;
        assert.ok(tries <= 10, `${tries} tries`);
        await limit(10);
        rig.kill();
        await rig.connect();
        await rig.status('available');
        await rig.clock.advanceAsync(3000);
        await limit(12);
        assert.equal(rig.asked('set_profile').length, tries + 2);
      });

    it('a preset is not tried, it is done', async () => {
      await withQuirks({ kind: 'relative', stackLevel: 3, unit: 'W', purpose: 'station_max' });
      await limit(10);
      const [request, more] = rig.asked('set_profile');
      assert.equal(more, undefined);
      const { kind, stackLevel, unit, purpose, periods, startAt } = profile();
      // OCPP 2.0.1 K01.FR.38: that of the station is never relative.
      assert.deepEqual([kind, stackLevel, unit, purpose, request?.evse], ['absolute', 3, 'W', 'station_max', 0]);
      assert.equal(periods[0]?.limit, 10 * 230 * 3);
      assert.ok(startAt);
    });

    it('a station that only takes what belongs to a transaction: told with the next one', async () => {
      rig.setAnswering(takes(({ purpose }) => purpose === 'tx'));
      const before = await limit(16);
      assert.deepEqual(before, { verified: false, reason: 'no_session' });
      await charge();
      await rig.clock.advanceAsync(2000);
      assert.deepEqual([profile().purpose, profile().id, profile().periods[0]?.limit], ['tx', 201, 16]);
      const tries = rig.limits().length;
      await rig.say({
        kind: 'transaction_ended',
        transaction: rig.last('1/session_id') as string,
        at: rig.clock.now(),
        isOffline: false,
        meterValues: [],
        reason: 'Local',
      });
      await rig.status('finishing');
      assert.deepEqual(await limit(10), { verified: false, reason: 'no_session' });
      assert.equal(rig.limits().length, tries);
      await charge();
      await rig.clock.advanceAsync(2000);
      assert.equal(rig.limits().at(-1), 10);
    });

    it('with several EVSEs, the limit of the station is none of one of them', async () => {
      await rig.status('available', 2);
      await charge();
      rig.setAnswering(takes(({ purpose }) => purpose === 'station_max'));
      assert.equal(((await limit(16)) as CommandFailure).code, 'DEVICE_REJECTED');
      assert.ok(rig.asked('set_profile').every(({ evse }) => evse === 1));
    });

    it('what came to nothing is not told later', async () => {
      rig.setAnswering(() => new CallFailure('timeout', 'no answer'));
      await limit(16);
      rig.setAnswering(() => undefined);
      const { length } = rig.limits();
      await charge();
      await rig.connect();
      await rig.clock.advanceAsync(20_000);
      assert.equal(rig.limits().length, length);
    });

    it('a station that takes nothing is said to refuse, with its word', async () => {
      await charge();
      rig.setAnswering(takes(() => false));
      const outcome = (await limit(16)) as CommandFailure;
      assert.equal(outcome.code, 'DEVICE_REJECTED');
      assert.match(outcome.message, /Rejected/);
      assert.ok(rig.asked('set_profile').length <= 30);
    });

    it('errors are refusals; silence and a lost connection are not', async () => {
      rig.setAnswering((request) =>
        request.kind === 'set_profile' && request.profile.kind === 'absolute'
          ? new CallFailure('error', 'no', 'PropertyConstraintViolation')
          : undefined,
      );
      await limit(16);
      assert.equal(profile().kind, 'relative');
      rig.setAnswering(() => new CallFailure('timeout', 'no answer'));
      assert.equal(((await limit(10)) as CommandFailure).code, 'TIMEOUT');
      rig.drop();
      assert.equal(((await limit(12)) as CommandFailure).code, 'DEVICE_OFFLINE');
    });

    it('one that writes it to flash is told rarely, and said to wear out', async () => {
      await withQuirks({ purpose: 'station_max' });
      await limit(10);
      const actuator = rig
        .driver()
        .actuators()
        .find(({ key }) => key === 'limit/1');
      assert.deepEqual([actuator?.isPersistent, actuator?.minWriteIntervalMs], [true, 60_000]);
    });
  });

  it('0 refused while nothing is plugged in is no failure; told when a car comes', async () => {
    await limit(16);
    rig.setAnswering(takes(({ periods }) => periods[0]?.limit !== 0 || rig.last('1/status') !== 'available'));
    assert.deepEqual(await finish(chargingOrder('pause')), { verified: false, reason: 'no_car' });
    const { length } = rig.limits();
    await rig.status('preparing');
    await rig.clock.advanceAsync(1000);
    assert.deepEqual(rig.limits().slice(length), [0]);
  });

  describe('watts', () => {
    it('become amperes on the phases the car takes, at the voltage there is', async () => {
      await charge();
      const volts = { quantity: 'voltage', part: 'l1', value: 240, unit: 'V' };
      await rig.measure([amperes(16), volts]);
      await finish(chargingOrder('set_power_limit', { power_w: 2400 }));
      assert.deepEqual(rig.limits(), [10]);
    });

    it('unknown phases are those of the installation: too little is a pause', async () => {
      await finish(chargingOrder('set_power_limit', { power_w: 4200 }));
      await finish(chargingOrder('set_power_limit', { power_w: 4000 }));
      assert.deepEqual(rig.limits(), [6, 0]);
    });

    it('amperes told as watts follow the phases', async () => {
      await withQuirks({ unit: 'W' });
      await charge();
      await limit(10);
      await rig.measure([amperes(10), amperes(0, 'l2'), amperes(0, 'l3')]);
      await rig.clock.advanceAsync(15_000);
      assert.deepEqual(rig.limits(), [6900, 2300]);
    });

    it('and so do watts told as amperes: more phases are no more power', async () => {
      await charge();
      await rig.measure([amperes(10)]);
      await finish(chargingOrder('set_power_limit', { power_w: 6900 }));
      await rig.measure([amperes(30), amperes(30, 'l2'), amperes(30, 'l3')]);
      await rig.clock.advanceAsync(15_000);
      assert.deepEqual(rig.limits(), [30, 10]);
    });

    it('of a station that takes them are passed on', async () => {
      await withQuirks({ unit: 'W' });
      await finish(chargingOrder('set_power_limit', { power_w: 7000.7 }));
      await finish(chargingOrder('set_power_limit', { power_w: 50_000 }));
      assert.deepEqual(rig.limits(), [7000, 32 * 230 * 3]);
    });
  });

  describe('believed when it is seen', () => {
    it('by what the station offers', async () => {
      await charge();
      const done = begin(chargingOrder('set_current_limit', { current_a: 16 }));
      await rig.clock.advanceAsync(2000);
      assert.equal(done.outcome, undefined);
      await rig.measure([offered(16), amperes(3)]);
      await rig.clock.advanceAsync(1000);
      assert.deepEqual(done.outcome, { verified: true, by: 'register' });
    });

    it('by what the car draws', async () => {
      await charge();
      await rig.measure([amperes(32)]);
      follow();
      assert.deepEqual(await limit(10), { verified: true, by: 'effect' });
      assert.deepEqual(await finish(chargingOrder('pause')), { verified: true, by: 'effect' });
    });

    it('by power, where nothing else is measured', async () => {
      await charge();
      const measure = async (w: number, current_a: number): Promise<unknown> => {
        const done = begin(chargingOrder('set_current_limit', { current_a }));
        const measuring = rig.clock.every(5000, () => void rig.measure([watts(w)]));
        await rig.clock.advanceAsync(60_000);
        measuring.cancel();
        return done.outcome;
      };
      assert.deepEqual(await measure(11_000, 16), { verified: true, by: 'effect' });
      assert.deepEqual(await measure(3680, 20), { verified: false, reason: 'takes_less' });
      assert.deepEqual(await measure(5, 0), { verified: true, by: 'effect' });
      assert.match(((await measure(11_000, 8)) as CommandFailure).message, /draws 11000 W and was allowed 8 A/);
    });

    it('what was measured before proves nothing', async () => {
      await charge();
      await rig.measure([amperes(10)]);
      assert.deepEqual(await limit(10), { verified: false, reason: 'no_readback' });
    });

    /** Told a limit, and then this is measured. */
    const measuredAfter = async (current_a: number, values: SampledValue[]): Promise<unknown> => {
      const done = begin(chargingOrder('set_current_limit', { current_a }));
      await rig.clock.advanceAsync(2000);
      await rig.measure(values);
      await rig.clock.advanceAsync(10_000);
      return done.outcome;
    };
    const asBefore = { verified: false, reason: 'within_tolerance' };

    it('not by a current that was like that before', async () => {
      await charge();
      await rig.measure([amperes(10)]);
      assert.deepEqual(await measuredAfter(10, [amperes(10)]), asBefore);
      assert.deepEqual(await measuredAfter(10.4, [amperes(10)]), asBefore);
      assert.deepEqual(await measuredAfter(10.4, [amperes(10)]), asBefore, 'renewed');
      assert.deepEqual(await measuredAfter(16, [amperes(15.8)]), { verified: true, by: 'effect' });
      assert.deepEqual(await measuredAfter(16, [amperes(15.8)]), { verified: true, by: 'effect' }, 'renewed');
      rig.drop();
      await rig.connect();
      await charge();
      await rig.measure([amperes(15.8)]);
      assert.deepEqual(await measuredAfter(16, [amperes(15.8)]), { verified: true, by: 'effect' }, 'told again');
      assert.deepEqual(rig.limits().slice(-2), [16, 16]);
    });

    it('by an offer that is the limit, and not by one that did not follow', async () => {
      await charge();
      await rig.measure([offered(16), amperes(3)]);
      assert.deepEqual(await measuredAfter(16, [offered(16), amperes(3)]), { verified: true, by: 'register' });
      assert.deepEqual(await measuredAfter(15.7, [offered(16), amperes(3)]), asBefore);
      assert.deepEqual(await measuredAfter(10.3, [offered(10), amperes(3)]), { verified: true, by: 'register' });
    });

    it('no pause of a car that drew nothing before', async () => {
      await charge();
      await rig.measure([amperes(0)]);
      const done = begin(chargingOrder('pause'));
      await rig.clock.advanceAsync(1000);
      await rig.measure([amperes(0)]);
      await rig.clock.advanceAsync(10_000);
      assert.deepEqual(done.outcome, { verified: false, reason: 'no_load' });
    });

    it('not where the car takes less, is full, or is not there', async () => {
      assert.deepEqual(await limit(16), { verified: false, reason: 'no_load' });
      await charge();
      follow(3000, () => false);
      const done = begin(chargingOrder('set_current_limit', { current_a: 20 }));
      await rig.clock.advanceAsync(2000);
      await rig.measure([amperes(9)]);
      await rig.clock.advanceAsync(40_000);
      assert.deepEqual(done.outcome, { verified: false, reason: 'takes_less' });
      await rig.status('suspended_ev');
      assert.deepEqual(await limit(18), { verified: false, reason: 'no_load' });
    });

    it('a car that draws more: told again, then a failure', async () => {
      await charge();
      const measuring = rig.clock.every(5000, () => void rig.measure([amperes(16)]));
      const outcome = (await finish(chargingOrder('set_current_limit', { current_a: 10 }), 60_000)) as CommandFailure;
      measuring.cancel();
      assert.equal(outcome.code, 'READBACK_MISMATCH');
      assert.match(outcome.message, /draws 16 A and was allowed 10 A/);
      assert.deepEqual(rig.limits(), [10, 10]);
    });

    it('one that forgets later is noticed', async () => {
      await charge();
      follow();
      await limit(10);
      const measuring = rig.clock.every(10_000, () => void rig.measure([amperes(32)]));
      await rig.clock.advanceAsync(120_000);
      measuring.cancel();
      assert.match(rig.drifts[0] ?? '', /limit\/1: it draws 32 A and was allowed 10 A/);
      await limit(10);
      assert.deepEqual(rig.limits(), [10, 10]);
    });

    it('values are asked for, and not any more after three refusals', async () => {
      await charge();
      rig.setAnswering(({ kind }) => (kind === 'trigger' ? rejected : undefined));
      for (const current of [10, 12, 14, 16]) await limit(current);
      assert.equal(rig.asked('trigger').length, 3);
    });

    it('something newer ends the waiting', async () => {
      await charge();
      const controller = new AbortController();
      const done = begin(chargingOrder('set_current_limit', { current_a: 16 }), controller.signal);
      await rig.clock.advanceAsync(2000);
      controller.abort();
      await rig.clock.advanceAsync(10);
      assert.deepEqual(done.outcome, { verified: false, reason: 'replaced' });
    });
  });

  describe('resuming', () => {
    it('is told again where the car does not begin within 10 s', async () => {
      await charge();
      follow();
      await finish(chargingOrder('pause'));
      await rig.status('suspended_evse');
      follow(3000, () => rig.limits().filter((value) => value === 16).length > 1);
      assert.deepEqual(await limit(16), { verified: true, by: 'effect' });
      assert.deepEqual(rig.limits(), [0, 16, 16]);
    });

    it('starts anew where pausing ended the transaction (EN+, Huawei, NEcharge)', async () => {
      await withQuirks({ restartsAfterPause: true });
      await charge();
      await finish(chargingOrder('pause'));
      await rig.say({
        kind: 'transaction_ended',
        transaction: rig.last('1/session_id') as string,
        at: rig.clock.now(),
        isOffline: false,
        meterValues: [],
        reason: 'Other',
      });
      await rig.status('finishing');
      await limit(16);
      assert.deepEqual(
        rig.asked('start').map(({ evse, token }) => [evse, token.id]),
        [[1, 'EMS']],
      );
    });
  });

  it('a fallback inside the station is pushed out while the order lasts, and not longer', async () => {
    await withLimits({ fallbackS: 300 });
    const actuator = rig
      .driver()
      .actuators()
      .find(({ key }) => key === 'limit/1');
    assert.equal(actuator?.watchdogS, 300);
    await finish(chargingOrder('set_current_limit', { current_a: 16 }, { notAfter: rig.clock.monotonic() + 400_000 }));
    assert.deepEqual(
      profile().periods.map(({ startS, limit: value }) => [startS, value]),
      [
        [0, 16],
        [360, 6],
      ],
    );
    const since = rig.clock.monotonic();
    await rig.clock.advanceAsync(2_000_000);
    const { length } = rig.limits();
    assert.ok(length === 3, `${length} in ${rig.clock.monotonic() - since} ms`);
  });

  describe('phases', () => {
    const phases = (count: number): Order => chargingOrder('set_phases', { phases: count }, { actuator: 'phases/1' });
    beforeEach(async () => {
      await withQuirks({ switchesPhases: true });
      await charge();
      follow(1000);
      await limit(16);
      rig.requests.length = 0;
    });
    /** The car draws what it is told, on as many phases as it is told. */
    const draw = (most = 3): void =>
      rig.setAnswering((request) => {
        if (request.kind !== 'set_profile') return undefined;
        const [period] = request.profile.periods;
        const { limit: value = 0, phases: count = 3 } = period ?? {};
        const active = ['l1', 'l2', 'l3'].slice(0, Math.min(count, most));
        rig.clock.after(1000, () => void rig.measure(active.map((part) => amperes(value, part))));
        return undefined;
      });

    it('without current, with a pause, then the limit again on the new ones', async () => {
      draw();
      const done = begin(phases(1));
      await rig.clock.advanceAsync(20_000);
      assert.deepEqual(rig.limits(), [0]);
      await rig.clock.advanceAsync(100_000);
      assert.deepEqual(done.outcome, { verified: true, by: 'effect' });
      assert.deepEqual(
        rig.asked('set_profile').map(({ profile: told }) => told.periods[0]),
        [
          { startS: 0, limit: 0 },
          { startS: 0, limit: 16, phases: 1, phaseToUse: 1 },
        ],
      );
      assert.equal(rig.named('phase_switched')[0]?.data?.to, 1);
    });

    it('a station that chooses them by power is told the power of the new ones', async () => {
      await withQuirks({ switchesPhases: true, unit: 'W' });
      await charge();
      rig.setAnswering((request) => {
        if (request.kind !== 'set_profile') return undefined;
        const { limit: value = 0 } = request.profile.periods[0] ?? {};
        const active = value >= 4140 ? ['l1', 'l2', 'l3'] : ['l1'];
        const each = amperes(value / 230 / active.length).value;
        rig.clock.after(1000, () => void rig.measure(active.map((part) => amperes(each, part))));
        return undefined;
      });
      await limit(10);
      assert.deepEqual(await finish(phases(1), 150_000), { verified: true, by: 'effect' });
      await rig.clock.advanceAsync(300_000);
      assert.deepEqual(await finish(phases(3), 150_000), { verified: true, by: 'effect' });
      assert.deepEqual(rig.limits(), [6900, 0, 2300, 0, 6900]);
    });

    it('a limit meanwhile waits for its end', async () => {
      draw();
      const done = begin(phases(1));
      await rig.clock.advanceAsync(5000);
      assert.deepEqual(await finish(chargingOrder('set_current_limit', { current_a: 8 }), 0), {
        verified: false,
        reason: 'switching_phases',
      });
      await rig.clock.advanceAsync(100_000);
      assert.deepEqual(rig.limits(), [0, 8]);
      assert.ok(!(done.outcome instanceof Error));
    });

    it('not while the car goes on charging', async () => {
      rig.setAnswering(() => undefined);
      const measuring = rig.clock.every(5000, () => void rig.measure([amperes(16)]));
      const outcome = (await finish(phases(1), 100_000)) as CommandFailure;
      measuring.cancel();
      assert.equal(outcome.code, 'READBACK_MISMATCH');
      assert.deepEqual(rig.limits(), [0, 16]);
      assert.deepEqual(rig.named('phase_switched'), []);
      assert.deepEqual(rig.drifts, [], 'the pause of a switch is not what was ordered');
    });

    it('not wanted any more while the car still charges: nothing is switched, and nothing has failed', async () => {
      rig.setAnswering(() => undefined);
      const controller = new AbortController();
      const given = begin(phases(1), controller.signal);
      await rig.clock.advanceAsync(10_000);
      controller.abort();
      await rig.clock.advanceAsync(1000);
      assert.deepEqual(given.outcome, { verified: false, reason: 'replaced' });
      assert.deepEqual([rig.limits(), rig.named('phase_switched')], [[0, 16], []]);
    });

    it('too early: refused at once, with when; also after a restart', async () => {
      draw();
      await finish(phases(1), 100_000);
      rig.kill();
      await rig.connect();
      await rig.status('charging');
      await rig.clock.advanceAsync(3000);
      const at = isoTime(rig.clock.now());
      const outcome = (await finish(phases(3), 0)) as CommandFailure;
      assert.equal(outcome.code, 'INTERLOCK');
      const [, since, from = ''] = /switched (\d+) s ago, .* not before (\S+)$/.exec(outcome.message) ?? [];
      assert.ok(Math.abs(Date.parse(from) - Date.parse(at) - (300 - Number(since)) * 1000) <= 1000, outcome.message);
      await rig.clock.advanceAsync(300_000);
      assert.equal(rig.named('phase_switched').length, 1);
      draw();
      assert.deepEqual(await finish(phases(3), 150_000), { verified: true, by: 'effect' });
    });

    it('too early: the safe state waits for its time, or until it is not wanted any more', async () => {
      const last = (): unknown => rig.named('phase_switched').at(-1)?.data?.to;
      draw();
      await finish(phases(1), 100_000);
      const controller = new AbortController();
      const given = begin(chargingOrder(undefined, {}, { actuator: 'phases/1' }), controller.signal);
      await rig.clock.advanceAsync(10_000);
      assert.equal(given.outcome, undefined);
      controller.abort();
      await rig.clock.advanceAsync(0);
      assert.deepEqual([given.outcome, last()], [{ verified: false, reason: 'replaced' }, 1]);
      draw();
      assert.deepEqual(await finish(chargingOrder(undefined, {}, { actuator: 'phases/1' }), 500_000), {
        verified: true,
        by: 'effect',
      });
      assert.equal(last(), 3);
    });

    it('a station that ignores it is found out', async () => {
      draw();
      rig.setAnswering((request) => {
        if (request.kind !== 'set_profile') return undefined;
        const { limit: value = 0 } = request.profile.periods[0] ?? {};
        const all = ['l1', 'l2', 'l3'].map((part) => amperes(value, part));
        rig.clock.after(1000, () => void rig.measure(all));
        return undefined;
      });
      const outcome = (await finish(phases(1), 150_000)) as CommandFailure;
      assert.equal(outcome.code, 'READBACK_MISMATCH');
    });

    it('a car with fewer is no failure', async () => {
      draw(2);
      await finish(phases(1), 100_000);
      await rig.clock.advanceAsync(300_000);
      assert.deepEqual(await finish(phases(3), 150_000), { verified: false, reason: 'takes_less' });
    });

    it('are only offered where the station can switch', async () => {
      await open();
      const keys = rig
        .driver()
        .actuators()
        .map(({ key }) => key);
      assert.ok(!keys.includes('phases/1'));
    });
  });
});
