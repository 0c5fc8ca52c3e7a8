import assert from 'node:assert/strict';
import type { Applied } from '../../../../src/drivers/driver.ts';
import type { OcppDriverOptions } from '../../../../src/drivers/ocpp/driver.ts';
import { type BegunOrder, beginOrder, chargingOrder } from '../../../support/ocpp/charging-orders.ts';
import {
  amperes,
  createDecodedStation,
  type DecodedStation,
  offered,
  usualOptions,
  wattHours,
} from '../../../support/ocpp/decoded-station.ts';

const forever = Number.POSITIVE_INFINITY;

describe('a charging station and the limit that it keeps', () => {
  let rig: DecodedStation;
  /** The station offers no more, A. */
  let ownA: number;
  /** The car draws this, whatever it is offered, A; undefined: what it is offered. */
  let drawnA: number | undefined;

  const open = async (limits: Partial<OcppDriverOptions['limits']> = {}): Promise<void> => {
    rig = createDecodedStation({ limits: { ...usualOptions.limits, ...limits } });
    await rig.ready();
    await rig.status('preparing');
    await rig.start();
    await rig.status('charging');
  };
  /** The station offers what it is told, up to its own limit, and measures every 5 s. */
  const follow = (): void => {
    let toldA = 0;
    const measure = (): void => {
      const offeredA = Math.min(toldA, ownA);
      void rig.measure(drawnA === undefined ? [offered(offeredA), amperes(offeredA)] : [amperes(drawnA)]);
    };
    rig.setAnswering((request) => {
      if (request.kind !== 'set_profile') return undefined;
      toldA = request.profile.periods[0]?.limit ?? 0;
      rig.clock.after(500, measure);
      return undefined;
    });
    rig.clock.every(5000, measure);
  };
  beforeEach(() => {
    [ownA, drawnA] = [forever, undefined];
  });
  afterEach(() => rig.driver().close());

  const begin = (current_a: number, notAfter = forever): BegunOrder =>
    beginOrder(rig.driver(), chargingOrder('set_current_limit', { current_a }, { notAfter }));
  const stationLimit: Applied = { verified: false, reason: 'station_limit' };
  const alarms = (): unknown[] => rig.named('station_limit').map(({ state }) => state);

  it('is reported as reached with the outcome of the order, before the next tick', async () => {
    await open();
    follow();
    const done = begin(16);
    await rig.clock.advanceAsync(2000);
    assert.equal((done.outcome as Applied).verified, true);
    assert.deepEqual(
      rig.progress.map(({ actuator, isReached }) => [actuator, isReached]),
      [['limit/1', true]],
    );
  });

  it('is reported as not reached when the station had its time, before it is told again', async () => {
    await open();
    drawnA = 20;
    follow();
    begin(10);
    await rig.clock.advanceAsync(17_000);
    assert.deepEqual(rig.progress, []);
    await rig.clock.advanceAsync(3000);
    assert.deepEqual(
      rig.progress.map(({ isReached, what }) => [isReached, what]),
      [[false, 'it draws 20 A and was allowed 10 A']],
    );
  });

  it('offered less: told once more, then known as a limit of the station, and not a drift', async () => {
    await open();
    ownA = 10;
    follow();
    const done = begin(16);
    await rig.clock.advanceAsync(30_000);
    assert.deepEqual([done.outcome, rig.limits(), alarms()], [undefined, [16, 16], []]);
    await rig.clock.advanceAsync(9000);
    assert.deepEqual([done.outcome, rig.limits(), alarms()], [stationLimit, [16, 16], ['active']]);
    const { isReached, inForce, reason, what } = rig.progress.at(-1) ?? {};
    assert.deepEqual(
      [isReached, inForce, reason, what],
      [false, { current_a: 10 }, 'station_limit', 'it offers 10 A and was told 16 A'],
    );
    assert.deepEqual(rig.drifts, []);
  });

  it('once known, the next order meets it at once, and a higher one of the station ends it', async () => {
    await open();
    ownA = 10;
    follow();
    begin(16);
    await rig.clock.advanceAsync(40_000);
    const renewed = begin(20);
    await rig.clock.advanceAsync(3000);
    assert.deepEqual(renewed.outcome, stationLimit);
    ownA = 32;
    await rig.clock.advanceAsync(20_000);
    assert.deepEqual(alarms(), ['active', 'cleared']);
    assert.equal(rig.progress.at(-1)?.isReached, true);
  });

  it('a lower limit ends it with the outcome of the order', async () => {
    await open();
    ownA = 10;
    follow();
    begin(16);
    await rig.clock.advanceAsync(40_000);
    const lower = begin(8);
    await rig.clock.advanceAsync(2000);
    assert.equal((lower.outcome as Applied).verified, true);
    assert.deepEqual(alarms(), ['active', 'cleared']);
  });

  it('is pushed out only where the station falls back by itself and the order ends', async () => {
    await open();
    follow();
    begin(16, rig.clock.monotonic() + 1_000_000);
    await rig.clock.advanceAsync(900_000);
    assert.deepEqual(rig.limits(), [16], 'no fallback');
    await rig.driver().close();
    await open({ fallbackS: 300 });
    follow();
    begin(16);
    await rig.clock.advanceAsync(900_000);
    assert.deepEqual(rig.limits(), [16], 'no end');
  });

  it('seen by a register alone, is waited for until two readings later, for 60 s at the most', async () => {
    await open({ intervalS: 30 });
    let registerWh = 0;
    rig.clock.every(30_000, () => {
      registerWh += 40;
      void rig.measure([wattHours(registerWh)]);
    });
    await rig.clock.advanceAsync(300_000);
    const done = begin(16);
    await rig.clock.advanceAsync(55_000);
    assert.equal(done.outcome, undefined);
    await rig.clock.advanceAsync(8000);
    assert.deepEqual(done.outcome, { verified: false, reason: 'no_readback' });
  });
});
