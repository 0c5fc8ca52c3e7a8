import assert from 'node:assert/strict';
import { ClockOffset } from '../../../../src/drivers/ocpp/station/clock-offset.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const hour = 3_600_000;

describe('the time of a station', () => {
  let clock: VirtualClock;
  let time: ClockOffset;
  beforeEach(() => {
    clock = createVirtualClock();
    time = new ClockOffset(clock);
    time.begin();
  });
  /** Something measured this long ago by the clock of the station. @returns how old it is taken for, and if it is late */
  const say = (agoMs: number, isOffline = false): [ageMs: number, isReplay: boolean] => {
    const { at, isReplay } = time.momentOf(clock.now() - agoMs, isOffline);
    return [clock.now() - at, isReplay];
  };
  /** The same delay on and on. */
  const repeat = (agoMs: number, times = 5): void => {
    for (let i = 0; i < times; i++) {
      say(agoMs);
      clock.advance(10_000);
    }
  };

  it('is believed where it is right', () => {
    clock.advance(60_000);
    assert.deepEqual(say(500), [500, false]);
    assert.equal(time.wrongBy(), undefined);
  });

  it('1970, or none: now', () => {
    assert.deepEqual(time.momentOf(Date.UTC(1970, 0, 1, 0, 5), false), { at: clock.now(), isReplay: false });
    assert.deepEqual(time.momentOf(undefined, false), { at: clock.now(), isReplay: false });
  });

  it('told late, it is from before the connection', () => {
    assert.deepEqual(say(hour), [hour, true]);
    assert.deepEqual(say(hour - 30_000), [hour - 30_000, true]);
    assert.equal(time.wrongBy(), undefined);
  });

  it('a queue that is told one after the other does not make its clock wrong', () => {
    for (let lag = hour; lag > hour / 2; lag -= 10_000) {
      assert.equal(say(lag)[1], true);
      clock.advance(6000);
    }
    assert.equal(time.wrongBy(), undefined);
  });

  it('what went on before this connection is late', () => {
    clock.advance(hour);
    assert.deepEqual(say(hour / 2), [hour / 2, false]);
    time.begin();
    assert.deepEqual(say(hour / 2), [hour / 2, true]);
  });

  it('offline, it is late although it was just now', () => assert.deepEqual(say(0, true), [0, true]));

  it('local time, an hour behind: known by the delay that stays the same', () => {
    repeat(hour);
    assert.deepEqual(say(hour), [0, false]);
    assert.equal(time.wrongBy(), -hour);
  });

  it('an hour ahead: known at once, and never in the future', () => {
    assert.deepEqual(say(-hour), [0, false]);
    assert.equal(time.wrongBy(), hour);
  });

  it('set right by a heartbeat: believed again', () => {
    say(-hour);
    repeat(0);
    assert.equal(time.wrongBy(), undefined);
    assert.deepEqual(say(1000), [1000, false]);
    repeat(hour);
    say(0);
    assert.equal(time.wrongBy(), undefined);
  });

  it('a replay of a station whose clock is wrong is put right by as much', () => {
    say(-hour);
    assert.deepEqual(say(0, true), [hour, true]);
  });
});
