import assert from 'node:assert/strict';
import type { Applied, Order } from '../../../../src/drivers/driver.ts';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type { ChargingProfile, Version } from '../../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { beginOrder, chargingOrder } from '../../../support/ocpp/charging-orders.ts';
import {
  type Answering,
  accepted,
  boot,
  createDecodedStation,
  type DecodedStation,
  rejected,
  usualOptions,
} from '../../../support/ocpp/decoded-station.ts';

describe('limits inside a dynamic profile (OCPP 2.1)', () => {
  let rig: DecodedStation;
  let isSupported: string;
  let stackLevel: string;
  let answering: Answering;

  const open = async (more: Partial<OcppDriverOptions> = {}, version: Version = '2.1'): Promise<void> => {
    rig = createDecodedStation(more);
    rig.setAnswering((request) => {
      if (request.kind !== 'get_variables') return answering(request);
      const values: Record<string, string> = {
        'SmartChargingCtrlr.SupportsDynamicProfiles': isSupported,
        'SmartChargingCtrlr.ProfileStackLevel': stackLevel,
      };
      const variables = (request.variables ?? []).flatMap((each) =>
        values[each.name] === undefined ? [] : [{ ...each, value: values[each.name], status: 'Accepted' }],
      );
      return { ...accepted, variables };
    });
    await connect(version);
  };
  const connect = async (version: Version = '2.1', firmware = '1.0'): Promise<void> => {
    await rig.connect(version);
    await rig.say({ ...boot, firmware });
    await rig.status('available');
    await rig.clock.advanceAsync(90_000);
    rig.requests.length = 0;
  };
  const withFallback = (): Promise<void> => open({ limits: { ...usualOptions.limits, fallbackS: 300 } });

  beforeEach(() => {
    [isSupported, stackLevel, answering] = ['true', '8', () => undefined];
  });
  afterEach(() => rig.driver().close());

  const apply = async (
    verb: string,
    params: Order['params'],
    notAfter = Number.POSITIVE_INFINITY,
  ): Promise<Applied | Error | undefined> => {
    const begun = beginOrder(rig.driver(), chargingOrder(verb, params, { notAfter }));
    await rig.clock.advanceAsync(10_000);
    return begun.outcome;
  };
  const limit = (current_a: number, notAfter?: number) => apply('set_current_limit', { current_a }, notAfter);
  /** "absolute 16", "dynamic 10", "update 8" */
  const told = (): string[] =>
    rig.requests.flatMap(({ request }) => {
      if (request.kind === 'set_profile') return `${request.profile.kind} ${request.profile.periods[0]?.limit}`;
      return request.kind === 'update_dynamic' ? `update ${request.limit}` : [];
    });
  const profiles = (): ChargingProfile[] => rig.asked('set_profile').map(({ profile }) => profile);

  it('how it takes limits is found out first; from then on one profile is set, and only its limit changes', async () => {
    await open();
    for (const current of [16, 10, 8, 12]) await limit(current);
    assert.deepEqual(told(), ['absolute 16', 'dynamic 10', 'update 8', 'update 12']);
    const { startAt, ...dynamic } = profiles()[1] as ChargingProfile;
    assert.deepEqual(
      [startAt, dynamic],
      [
        undefined,
        {
          id: 101,
          stackLevel: 8,
          purpose: 'tx_default',
          kind: 'dynamic',
          unit: 'A',
          periods: [{ startS: 0, limit: 10 }],
        },
      ],
    );
    assert.deepEqual(rig.asked('update_dynamic')[0], { kind: 'update_dynamic', profile: 101, limit: 8 });
    assert.deepEqual(await rig.say({ kind: 'schedule_pull', profile: 101 }), { limit: 12 });
  });

  it('set again on a new connection, once', async () => {
    await open();
    for (const current of [16, 10]) await limit(current);
    rig.drop();
    await connect();
    for (const current of [8, 9]) await limit(current);
    assert.deepEqual(told(), ['dynamic 8', 'update 9']);
  });

  it('not where the station does not say that it can, or speaks 2.0.1', async () => {
    for (const [said, version] of [
      ['false', '2.1'],
      ['true', '2.0.1'],
    ] as const) {
      isSupported = said;
      await open({}, version);
      for (const current of [16, 10, 8]) await limit(current);
      assert.deepEqual(told(), ['absolute 16', 'absolute 10', 'absolute 8']);
      await rig.driver().close();
    }
  });

  it('one that refuses it all the same is not asked again until its firmware is another', async () => {
    answering = (request) =>
      request.kind === 'set_profile' && request.profile.kind === 'dynamic' ? rejected : undefined;
    await open();
    for (const current of [16, 10, 8]) await limit(current);
    assert.deepEqual(told(), ['absolute 16', 'dynamic 10', 'absolute 10', 'absolute 8']);
    rig.drop();
    await connect();
    await limit(9);
    assert.deepEqual(told(), ['absolute 9']);
    answering = () => undefined;
    rig.drop();
    await connect('2.1', '2.0');
    await limit(10);
    assert.deepEqual(told(), ['dynamic 10']);
  });

  it('an update that is refused is told by the profile: it was lost there', async () => {
    await open();
    for (const current of [16, 10]) await limit(current);
    rig.requests.length = 0;
    for (const refusal of [rejected, new CallFailure('error', 'no', 'NotSupported')]) {
      answering = ({ kind }) => (kind === 'update_dynamic' ? refusal : undefined);
      await limit(8);
      answering = () => undefined;
      await limit(9);
      assert.deepEqual(told(), ['update 8', 'dynamic 8', 'update 9']);
      rig.requests.length = 0;
    }
  });

  it('a silent station is no refusal', async () => {
    await open();
    for (const current of [16, 10]) await limit(current);
    answering = ({ kind }) => (kind === 'update_dynamic' ? new CallFailure('timeout', 'no answer') : undefined);
    assert.match(String(await limit(8)), /no answer/);
    assert.equal(told().at(-1), 'update 8');
  });

  it('a schedule has more than one limit: it is fixed, and takes its place', async () => {
    await open();
    for (const current of [16, 10]) await limit(current);
    const schedule = [
      { start_s: 0, current_a: 8 },
      { start_s: 600, current_a: 16 },
    ];
    await apply('set_profile', { schedule });
    await limit(9);
    assert.deepEqual(told(), ['absolute 16', 'dynamic 10', 'absolute 8', 'dynamic 9']);
    assert.deepEqual(new Set(profiles().map(({ id }) => id)), new Set([101]));
  });

  describe('where the station falls back by itself', () => {
    it('good for so long without an update, and the safe current lies below it', async () => {
      await withFallback();
      for (const current of [16, 10, 12]) await limit(current, rig.clock.monotonic() + 3_600_000);
      assert.deepEqual(told(), ['absolute 16', 'absolute 6', 'dynamic 10', 'update 12']);
      const [, floor, dynamic] = profiles();
      assert.deepEqual(
        [floor?.id, floor?.stackLevel, floor?.purpose, floor?.durationS, floor?.periods],
        [401, 7, 'tx_default', undefined, [{ startS: 0, limit: 6 }]],
      );
      assert.deepEqual([dynamic?.durationS, dynamic?.pullIntervalS], [300, 200]);
    });

    it('both are laid again on a new connection', async () => {
      await withFallback();
      for (const current of [16, 10]) await limit(current);
      rig.drop();
      await connect();
      for (const current of [8, 9]) await limit(current);
      assert.deepEqual(told(), ['absolute 6', 'dynamic 8', 'update 9']);
    });

    it('an order that lasts is updated twice in that time, and no profile is written for it', async () => {
      await withFallback();
      for (const current of [16, 10]) await limit(current, rig.clock.monotonic() + 3_600_000);
      rig.requests.length = 0;
      await rig.clock.advanceAsync(600_000);
      assert.deepEqual(told(), ['update 10', 'update 10', 'update 10', 'update 10']);
    });

    it('a pull does not keep it alive when nobody wants it any more', async () => {
      await withFallback();
      for (const current of [16, 10]) await limit(current, rig.clock.monotonic() + 60_000);
      assert.deepEqual(await rig.say({ kind: 'schedule_pull', profile: 101 }), { limit: 10 });
      await rig.clock.advanceAsync(60_000);
      assert.deepEqual(await rig.say({ kind: 'schedule_pull', profile: 101 }), {});
    });

    it('without room below, or where the floor is refused, the profile falls back as a fixed one', async () => {
      stackLevel = '0';
      await withFallback();
      for (const current of [16, 10]) await limit(current);
      assert.deepEqual(told(), ['absolute 16', 'absolute 10']);
      assert.equal(profiles().at(-1)?.periods.length, 2);
      await rig.driver().close();
      stackLevel = '8';
      answering = (request) => (request.kind === 'set_profile' && request.profile.id === 401 ? rejected : undefined);
      await withFallback();
      for (const current of [16, 10]) await limit(current);
      assert.deepEqual(told(), ['absolute 16', 'absolute 6', 'absolute 10']);
      assert.equal(profiles().at(-1)?.periods.length, 2);
    });

    it('the floor is ours: no profile of somebody else, and not cleared', async () => {
      await withFallback();
      for (const current of [16, 10]) await limit(current);
      const clears = rig.asked('clear_profile').length;
      answering = (request) => {
        if (request.kind !== 'get_profiles') return undefined;
        const { requestId } = request;
        const lie = { stackLevel: 8, purpose: 'TxDefaultProfile' };
        const found = [
          { id: 101, ...lie },
          { id: 401, ...lie, stackLevel: 9 },
        ];
        const report = { kind: 'profiles' as const, requestId, isLast: true, evse: 1, source: 'CSO', profiles: found };
        rig.clock.after(50, () => void rig.say(report));
        return undefined;
      };
      rig.drop();
      await connect();
      assert.deepEqual([rig.named('foreign_profile'), rig.asked('clear_profile').length], [[], 0]);
      assert.ok(clears > 0);
    });
  });

  it('priority charging is told of, where it begins and where it ends', async () => {
    await open();
    for (const isActive of [true, false]) await rig.say({ kind: 'priority_charging', transaction: 'T1', isActive });
    assert.deepEqual(
      rig.named('priority_charging').map(({ state }) => state),
      ['active', 'cleared'],
    );
  });
});
