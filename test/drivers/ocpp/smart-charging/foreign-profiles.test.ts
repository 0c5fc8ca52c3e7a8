import assert from 'node:assert/strict';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import type { StationRequest, StationResult, Version } from '../../../../src/drivers/ocpp/messages.ts';
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

type Reported = Extract<Parameters<DecodedStation['say']>[0], { kind: 'profiles' }>;
type Listed = Reported['profiles'][number] & Partial<Pick<Reported, 'evse' | 'source'>>;

const foreignTx: Listed = { id: 7, stackLevel: 3, purpose: 'TxProfile', source: 'EMS' };
const schedule = (limit: number, unit: 'A' | 'W' = 'A'): StationResult => ({
  ...accepted,
  schedule: { unit, periods: [{ startS: 0, limit }] },
});

describe('what others have left in a charging station', () => {
  let rig: DecodedStation;
  /** What lies in it; undefined: it does not list it. */
  let listed: Listed[] | undefined;
  let answering: Answering;

  const open = (foreignPolicy?: 'once' | 'keep' | 'clear', more: Partial<OcppDriverOptions> = {}): void => {
    rig = createDecodedStation({
      ...more,
      limits: { ...usualOptions.limits, ...(foreignPolicy && { foreignPolicy }) },
    });
    rig.setAnswering((request) => {
      const own = answering(request);
      if (own !== undefined) return own;
      if (request.kind === 'clear_profile' && request.id !== undefined)
        listed = listed?.filter(({ id }) => id !== request.id);
      if (request.kind !== 'get_profiles') return undefined;
      if (!listed) return new CallFailure('error', 'no', 'NotImplemented');
      if (listed.length === 0) return { status: 'unknown', raw: 'NoProfiles' };
      const { requestId } = request;
      for (const [i, { evse = 1, source = 'CSO', ...profile }] of listed.entries()) {
        const isLast = i === listed.length - 1;
        const report = { kind: 'profiles' as const, requestId, isLast, evse, source, profiles: [profile] };
        rig.clock.after(50 + i, () => void rig.say(report));
      }
      return undefined;
    });
  };
  beforeEach(() => {
    listed = [];
    answering = () => undefined;
    open();
  });
  afterEach(() => rig.driver().close());

  const connect = async (version: Version = '2.0.1'): Promise<void> => {
    await rig.connect(version);
    await rig.say(boot);
    await rig.status('available');
    await rig.clock.advanceAsync(70_000);
  };
  const reconnect = async (version: Version = '2.0.1'): Promise<void> => {
    rig.drop();
    rig.requests.length = 0;
    await connect(version);
  };
  const limit = async (): Promise<void> => {
    beginOrder(rig.driver(), chargingOrder('set_current_limit', { current_a: 16 }));
    await rig.clock.advanceAsync(60_000);
  };
  const charge = async (): Promise<void> => {
    await rig.start({ token: undefined });
    await rig.status('charging');
    await rig.clock.advanceAsync(10_000);
  };
  const cleared = (): StationRequest[] => rig.asked('clear_profile');
  const alarm = () => rig.named('foreign_profile').at(-1);

  it('2.x: listed at take-over, told of in words, and told when it is gone', async () => {
    listed = [foreignTx, { id: 8, stackLevel: 0, purpose: 'ChargingStationMaxProfile', source: 'SO', evse: 0 }];
    await connect();
    assert.deepEqual(
      [alarm()?.severity, alarm()?.state, alarm()?.component, alarm()?.message],
      [
        'warning',
        'active',
        { type: 'ev_charger', index: 1 },
        'another profile limits this station: TxProfile 7 of EMS, stack level 3, EVSE 1; ' +
          'ChargingStationMaxProfile 8 of SO, stack level 0, the station',
      ],
    );
    assert.deepEqual(cleared(), []);
    listed = [];
    await reconnect();
    assert.equal(alarm()?.state, 'cleared');
  });

  it('the first limit clears what sessions are limited by; a limit of the station stays, and is told of', async () => {
    listed = [foreignTx, { id: 8, stackLevel: 0, purpose: 'ChargingStationMaxProfile', evse: 0 }];
    await connect();
    await limit();
    assert.deepEqual(cleared(), [
      { kind: 'clear_profile', purpose: 'tx' },
      { kind: 'clear_profile', purpose: 'tx_default' },
    ]);
    assert.match(alarm()?.message ?? '', /: ChargingStationMaxProfile 8 [^;]*$/);
    listed = [foreignTx];
    await reconnect();
    assert.match(alarm()?.message ?? '', /TxProfile 7/);
    assert.deepEqual(cleared(), []);
  });

  it('a profile that gives way to ours is none of our business', async () => {
    await connect();
    await limit();
    listed = [
      { id: 9, stackLevel: 0, purpose: 'TxDefaultProfile', evse: 0 },
      { id: 7, stackLevel: 9, purpose: 'TxDefaultProfile', evse: 2 },
    ];
    await reconnect();
    assert.equal(alarm(), undefined);
    listed = [{ id: 9, stackLevel: 1, purpose: 'TxDefaultProfile', evse: 0 }];
    await reconnect();
    assert.match(alarm()?.message ?? '', /TxDefaultProfile 9/);
  });

  it('what it cannot be kept from is told as well: constraints of the grid, priority charging', async () => {
    for (const purpose of ['ChargingStationExternalConstraints', 'PriorityCharging']) {
      listed = [{ id: -3, stackLevel: 0, purpose, evse: 0, source: 'SO' }];
      await reconnect('2.1');
      assert.match(alarm()?.message ?? '', new RegExp(`${purpose} -3 of SO`));
    }
  });

  it('our own of before are cleared by id, and the one in use stays', async () => {
    await connect();
    await limit();
    listed = [
      { id: 201, stackLevel: 0, purpose: 'TxProfile' },
      { id: 101, stackLevel: 0, purpose: 'TxDefaultProfile' },
    ];
    await reconnect();
    assert.deepEqual(cleared(), [{ kind: 'clear_profile', id: 201 }]);
    assert.equal(alarm(), undefined);
  });

  it('after a lost store the one that lies there is ours, and goes when another is told', async () => {
    listed = [{ id: 201, stackLevel: 0, purpose: 'TxProfile' }];
    await connect();
    assert.deepEqual(cleared(), []);
    await limit();
    assert.deepEqual(cleared().at(-1), { kind: 'clear_profile', id: 201 });
  });

  it('where that is wanted, those of sessions are cleared whenever they are found', async () => {
    open('clear');
    await connect();
    await limit();
    listed = [foreignTx, { id: 8, stackLevel: 0, purpose: 'ChargingStationMaxProfile', evse: 0 }];
    await reconnect();
    assert.deepEqual(cleared(), [{ kind: 'clear_profile', id: 7 }]);
    assert.match(alarm()?.message ?? '', /: ChargingStationMaxProfile 8 [^;]*$/);
  });

  it('beside another master they stay, and are no warning', async () => {
    open('keep');
    listed = [foreignTx];
    await connect();
    await limit();
    assert.deepEqual([cleared(), alarm()?.severity], [[], 'info']);
  });

  it('a station that lists nothing is asked what holds, while it charges; one that is silent is not asked again', async () => {
    for (const [failure, again] of [
      [new CallFailure('error', 'no', 'NotImplemented'), 1],
      [new CallFailure('timeout', 'no answer'), 0],
    ] as const) {
      open();
      answering = ({ kind }) =>
        kind === 'get_profiles' ? failure : kind === 'composite_schedule' ? schedule(10) : undefined;
      await connect();
      await limit();
      await charge();
      assert.match(alarm()?.message ?? '', /allows 10 A and was told 16 A/);
      await reconnect();
      assert.equal(rig.asked('get_profiles').length, again);
    }
  });

  describe('1.6 says only what holds', () => {
    const holds = (result: StationResult): void => {
      answering = ({ kind }) => (kind === 'composite_schedule' ? result : undefined);
    };
    const asked = (): number => rig.asked('composite_schedule').length;

    it('asked once for each connection, in a session under a limit of ours', async () => {
      holds(schedule(16));
      await connect('1.6');
      await charge();
      assert.equal(asked(), 0);
      await limit();
      assert.deepEqual(rig.asked('composite_schedule'), [
        { kind: 'composite_schedule', evse: 1, durationS: 60, unit: 'A' },
      ]);
      await limit();
      assert.deepEqual([asked(), alarm(), rig.asked('get_profiles')], [1, undefined, []]);
      await rig.clock.advanceAsync(700_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(10_000);
      assert.equal(asked(), 1, 'a schedule that was ours is not asked for again');
    });

    it('a schedule that was not ours is asked for again after ten minutes, and not before', async () => {
      holds(schedule(10));
      await connect('1.6');
      await charge();
      await limit();
      await rig.clock.advanceAsync(400_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(10_000);
      assert.equal(asked(), 1);
      await rig.clock.advanceAsync(200_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(10_000);
      assert.equal(asked(), 2);
    });

    it('less than told, or more: somebody else limits it; looked at again, and told when it is over', async () => {
      holds(schedule(10));
      await connect('1.6');
      await charge();
      await limit();
      assert.match(alarm()?.message ?? '', /another profile limits this station, .* allows 10 A and was told 16 A/);
      holds(schedule(32));
      await rig.clock.advanceAsync(600_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(10_000);
      assert.match(alarm()?.message ?? '', /another profile goes before ours: .* allows 32 A/);
      holds(schedule(16));
      await rig.clock.advanceAsync(600_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(10_000);
      assert.equal(alarm()?.state, 'cleared');
    });

    it('where that is wanted, cleared and told again, once', async () => {
      open('clear');
      holds(schedule(32));
      await connect('1.6');
      await limit();
      await charge();
      assert.deepEqual(cleared().slice(2), [
        { kind: 'clear_profile', evse: 1, purpose: 'tx' },
        { kind: 'clear_profile', evse: 1, purpose: 'tx_default' },
      ]);
      const { length } = rig.limits();
      await rig.clock.advanceAsync(700_000);
      await rig.status('charging');
      await rig.clock.advanceAsync(60_000);
      assert.deepEqual([rig.limits().length - length, cleared().length], [0, 4]);
      assert.match(alarm()?.message ?? '', /goes before ours/);
    });

    it('nonsense proves nothing: no schedule, an empty one, another unit, a refusal', async () => {
      const { schedule: _none, ...without } = schedule(1);
      const empty: StationResult = { ...accepted, schedule: { unit: 'A', periods: [] } };
      for (const answer of [without, empty, schedule(2300, 'W'), schedule(16.4), rejected]) {
        open();
        holds(answer);
        await connect('1.6');
        await limit();
        await charge();
        assert.deepEqual([asked(), alarm()], [1, undefined]);
      }
    });
  });
});
