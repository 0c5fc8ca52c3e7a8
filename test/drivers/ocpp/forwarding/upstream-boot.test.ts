import assert from 'node:assert/strict';
import { UpstreamBoot } from '../../../../src/drivers/ocpp/forwarding/upstream-boot.ts';
import { StationRecords } from '../../../../src/drivers/ocpp/station/station-records.ts';
import { createMemoryJournal } from '../../../support/memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

describe('the registration at the backend', () => {
  let clock: VirtualClock;
  let boot: UpstreamBoot;
  let calls: string[];
  let registered: number;
  /** How the backend answers a BootNotification. */
  let answer: { status: string; interval: number } | Error;

  beforeEach(() => {
    clock = createVirtualClock();
    [calls, registered] = [[], 0];
    boot = new UpstreamBoot({
      records: new StationRecords(createMemoryJournal()),
      clock,
      async call(action) {
        calls.push(action);
        if (answer instanceof Error) throw answer;
        return answer;
      },
      onRegistered: () => void registered++,
    });
  });
  afterEach(() => boot.onUpstreamLost());

  const open = async (given: typeof answer): Promise<void> => {
    answer = given;
    boot.onUpstreamOpen();
    boot.onBootNotification({ chargePointModel: 'Box' });
    await clock.advanceAsync(0);
  };
  const countAfter = async (ms: number): Promise<number> => {
    await clock.advanceAsync(ms);
    return calls.length;
  };

  const retries: [what: string, given: typeof answer, ms: number][] = [
    ['as the backend says', { status: 'Pending', interval: 60 }, 60_000],
    ['every 10 s at the most', { status: 'Pending', interval: 1 }, 10_000],
    ['after 30 s where it does not say', { status: 'Rejected', interval: 0 }, 30_000],
    ['after 30 s where it does not answer', new Error('silence'), 30_000],
  ];
  for (const [what, given, ms] of retries)
    it(`a backend that has not accepted the station is told again ${what}`, async () => {
      await open(given);
      assert.equal(await countAfter(ms - 1000), 1);
      assert.equal(await countAfter(2000), 2);
      assert.equal(registered, 0);
    });

  const heartbeats: [what: string, intervalS: number, ms: number][] = [
    ['as often as the backend says', 60, 60_000],
    ['every 10 s at the most', 1, 10_000],
    ['every 300 s where it does not say', 0, 300_000],
  ];
  for (const [what, interval, ms] of heartbeats)
    it(`a backend that has accepted the station gets a heartbeat ${what}`, async () => {
      await open({ status: 'Accepted', interval });
      assert.equal(registered, 1);
      assert.equal(await countAfter(ms - 1000), 1);
      assert.equal(await countAfter(2000), 2);
      assert.equal(calls.at(-1), 'Heartbeat');
      boot.onUpstreamLost();
      assert.equal(await countAfter(2 * ms), 2);
    });

  it('a station that never boots counts as registered after a minute', async () => {
    boot.onUpstreamOpen();
    await clock.advanceAsync(59_000);
    assert.equal(registered, 0);
    await clock.advanceAsync(2000);
    assert.deepEqual([registered, calls], [1, []]);
  });

  it('the same BootNotification after a reconnect of the station is not repeated, a second one is', async () => {
    await open({ status: 'Accepted', interval: 300 });
    boot.onStationConnected();
    boot.onBootNotification({ chargePointModel: 'Box' });
    assert.equal(await countAfter(0), 1);
    boot.onBootNotification({ chargePointModel: 'Box' });
    assert.equal(await countAfter(0), 2);
    assert.equal(registered, 1);
  });
});
