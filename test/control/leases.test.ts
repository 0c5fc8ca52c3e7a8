import assert from 'node:assert/strict';
import { type Claim, LeaseTable } from '../../src/control/leases.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

let clock: VirtualClock;
let ids = 0;

const claimOf = (owner: string, more: Partial<Claim> = {}): Claim => ({
  id: `c${++ids}`,
  owner,
  verb: 'charge',
  kind: 'setpoint',
  params: { power_w: 1000 },
  priority: 50,
  durationMs: 60_000,
  isBound: false,
  ...more,
});
const limitOf = (owner: string, value: number, more: Partial<Claim> = {}): Claim =>
  claimOf(owner, { verb: 'limit_charge', kind: 'limit', params: { power_w: value }, value, ...more });

describe('the leases of an actuator', () => {
  beforeEach(() => {
    clock = createVirtualClock();
  });

  it('gives an actuator to the highest priority, among equals to the newest claim', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a'));
    leases.claim(claimOf('b'));
    assert.equal(leases.arbitrate().setpoint?.owner, 'b');
    leases.claim(claimOf('person', { priority: 70 }));
    leases.claim(claimOf('a', { params: { power_w: 2000 } }));
    assert.equal(leases.arbitrate().setpoint?.owner, 'person');
    leases.release('person');
    assert.equal(leases.arbitrate().setpoint?.owner, 'a');
  });

  it('does not let two controllers that renew take the actuator from each other in turn', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a'));
    leases.claim(claimOf('b'));
    leases.claim(claimOf('a'));
    assert.equal(leases.arbitrate().setpoint?.owner, 'b');
    leases.claim(claimOf('a', { params: { power_w: 5 } }));
    assert.equal(leases.arbitrate().setpoint?.owner, 'a');
  });

  it('knows a schedule again when it is renewed', () => {
    const leases = new LeaseTable(clock);
    const schedule = (): Partial<Claim> => ({
      verb: 'set_profile',
      params: { schedule: [{ start_s: 0, power_w: 5 }] },
    });
    const first = leases.claim(claimOf('a', schedule()))?.lease;
    clock.advance(5000);
    const second = leases.claim(claimOf('a', schedule()))?.lease;
    assert.deepEqual([second?.from, second?.order], [first?.from, first?.order]);
  });

  it('says who lost it', () => {
    const leases = new LeaseTable(clock);
    const first = leases.claim(claimOf('a'));
    assert.equal(first?.displaced, undefined);
    assert.equal(leases.claim(claimOf('b'))?.displaced?.owner, 'a');
    assert.equal(leases.claim(claimOf('b', { params: { power_w: 5 } }))?.displaced, undefined);
  });

  it('ends a lease when its time is over, whatever the wall clock does', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a', { durationMs: 10_000 }));
    clock.jump(3_600_000);
    assert.deepEqual(leases.expire(), []);
    clock.jump(-7_200_000);
    clock.advance(9999);
    assert.deepEqual(leases.expire(), []);
    clock.advance(1);
    assert.deepEqual(
      leases.expire().map(({ owner }) => owner),
      ['a'],
    );
    assert.equal(leases.arbitrate().setpoint, undefined);
  });

  it('counts a renewal from its own time on', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a', { durationMs: 10_000 }));
    clock.advance(9000);
    leases.claim(claimOf('a', { durationMs: 10_000 }));
    clock.advance(9000);
    assert.deepEqual(leases.expire(), []);
    assert.equal(leases.nextExpiry(), clock.monotonic() + 1000);
  });

  it('intersects limits: the lowest counts, whoever set it', () => {
    const leases = new LeaseTable(clock);
    leases.claim(limitOf('grid', 3000, { priority: 90 }));
    leases.claim(limitOf('fuse', 2000, { priority: 10 }));
    assert.equal(leases.arbitrate().limits.get('limit_charge')?.value, 2000);
    leases.release('fuse', 'limit_charge');
    assert.equal(leases.arbitrate().limits.get('limit_charge')?.value, 3000);
    leases.claim(limitOf('fuse', 4000));
    assert.equal(leases.arbitrate().limits.get('limit_charge')?.value, 3000);
    assert.equal(leases.arbitrate().setpoint, undefined);
  });

  it('names the first owner of two equal limits, so that the second one changes nothing', () => {
    const leases = new LeaseTable(clock);
    leases.claim(limitOf('grid', 2000));
    leases.claim(limitOf('fuse', 2000));
    assert.equal(leases.arbitrate().limits.get('limit_charge')?.owner, 'grid');
  });

  it('takes a limit without a magnitude for zero, the strictest one', () => {
    for (const owners of [
      ['unknown', 'half'],
      ['half', 'unknown'],
    ]) {
      const leases = new LeaseTable(clock);
      const limit = { verb: 'limit_charge', kind: 'limit' } as const;
      for (const owner of owners) leases.claim(claimOf(owner, { ...limit, ...(owner === 'half' && { value: 0.5 }) }));
      assert.equal(leases.arbitrate().limits.get('limit_charge')?.owner, 'unknown');
    }
  });

  it('ends one lease, once, and not the one that took its place', () => {
    const leases = new LeaseTable(clock);
    const before = leases.claim(claimOf('a'))?.lease;
    const renewed = leases.claim(claimOf('a'))?.lease;
    leases.claim(claimOf('b'));
    assert.ok(before && renewed);
    assert.equal(leases.end(before), false);
    assert.equal(leases.all().length, 2);
    assert.equal(leases.end(renewed), true);
    assert.deepEqual(
      leases.all().map(({ owner }) => owner),
      ['b'],
    );
    assert.equal(leases.end(renewed), false);
  });

  it('says when the first lease ends, as long as there is one', () => {
    const leases = new LeaseTable(clock);
    assert.equal(leases.nextExpiry(), undefined);
    leases.claim(claimOf('a', { durationMs: 20_000 }));
    leases.claim(claimOf('b', { durationMs: 10_000 }));
    assert.equal(leases.nextExpiry(), clock.monotonic() + 10_000);
    leases.release('a');
    leases.release('b');
    assert.equal(leases.nextExpiry(), undefined);
  });

  it('releases what one owner holds, or one command of it', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a'));
    leases.claim(limitOf('a', 500));
    leases.claim(claimOf('b', { priority: 10 }));
    assert.equal(leases.release('a', 'charge').length, 1);
    assert.equal(leases.arbitrate().setpoint?.owner, 'b');
    assert.equal(leases.arbitrate().limits.size, 1);
    assert.equal(leases.release('a').length, 1);
    assert.equal(leases.release('a').length, 0);
  });

  it('takes back a claim that came to nothing', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a'));
    const failed = leases.claim(claimOf('a', { params: { power_w: 9 } }));
    assert.ok(failed);
    leases.undo(failed.lease);
    assert.deepEqual(leases.arbitrate().setpoint?.params, { power_w: 1000 });
    const late = leases.claim(claimOf('a', { params: { power_w: 9 } }));
    assert.ok(late);
    clock.advance(60_000);
    leases.undo(late.lease);
    assert.equal(leases.arbitrate().setpoint, undefined);
  });

  it('does not bring back a claim that came to nothing itself', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a', { params: { power_w: 1 } }));
    const second = leases.claim(claimOf('a', { params: { power_w: 2 } }));
    const third = leases.claim(claimOf('a', { params: { power_w: 3 } }));
    assert.ok(second && third);
    leases.undo(second.lease);
    assert.deepEqual(leases.arbitrate().setpoint?.params, { power_w: 3 });
    leases.undo(third.lease);
    assert.deepEqual(leases.arbitrate().setpoint?.params, { power_w: 1 });
  });

  it('does not bring back what its owner has released meanwhile', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a', { verb: 'discharge' }));
    leases.claim(claimOf('a', { verb: 'charge' }));
    const newer = [2, 3].map((power_w) => leases.claim(claimOf('a', { verb: 'hold', params: { power_w } })));
    assert.deepEqual(leases.release('a', 'charge'), []);
    for (const each of newer.reverse()) if (each) leases.undo(each.lease);
    assert.deepEqual(leases.all(), []);
  });

  it('brings back what was there before one that came to nothing, also where its owner released that one', () => {
    const leases = new LeaseTable(clock);
    leases.claim(claimOf('a', { verb: 'discharge' }));
    const [second, third] = ['charge', 'hold'].map((verb) => leases.claim(claimOf('a', { verb })));
    assert.ok(second && third);
    leases.undo(second.lease);
    leases.release('a', 'charge');
    leases.undo(third.lease);
    assert.equal(leases.arbitrate().setpoint?.verb, 'discharge');
  });

  it('lets in no more owners than it can watch over', () => {
    const leases = new LeaseTable(clock);
    for (let i = 0; i < 64; i++) assert.ok(leases.claim(claimOf(`owner${i}`)));
    assert.equal(leases.claim(claimOf('one-more')), undefined);
    assert.ok(leases.claim(claimOf('owner0', { params: { power_w: 1 } })));
  });

  describe('after a restart', () => {
    const restart = (leases: LeaseTable, downMs: number, jumpMs = 0) => {
      const saved = { leases: structuredClone(leases.save()), at: clock.now() };
      clock.advance(downMs);
      clock.jump(jumpMs);
      return new LeaseTable(clock, saved);
    };

    it('honours what still lasts, for the rest of its time, and nothing else', () => {
      const leases = new LeaseTable(clock);
      leases.claim(claimOf('a', { durationMs: 60_000 }));
      leases.claim(claimOf('b', { durationMs: 5000, priority: 70 }));
      const next = restart(leases, 20_000);
      assert.deepEqual(
        next.all().map(({ owner, until }) => [owner, until - clock.monotonic()]),
        [['a', 40_000]],
      );
    });

    it('honours a lease until its last millisecond, and not at its end', () => {
      const leases = new LeaseTable(clock);
      leases.claim(claimOf('ends', { durationMs: 20_000 }));
      leases.claim(claimOf('lasts', { durationMs: 20_001 }));
      assert.deepEqual(
        restart(leases, 20_000)
          .all()
          .map(({ owner }) => owner),
        ['lasts'],
      );
    });

    it('honours all leases if no time has passed since they were saved', () => {
      const leases = new LeaseTable(clock);
      leases.claim(claimOf('a'));
      assert.equal(restart(leases, 0).all().length, 1);
    });

    it('believes nothing where the clock stands before the time of saving', () => {
      const leases = new LeaseTable(clock);
      leases.claim(claimOf('a'));
      assert.deepEqual(restart(leases, 1000, -3_600_000).all(), []);
    });

    it('keeps the order of the claims', () => {
      const leases = new LeaseTable(clock);
      leases.claim(claimOf('a'));
      leases.claim(claimOf('b'));
      const next = restart(leases, 10);
      assert.equal(next.arbitrate().setpoint?.owner, 'b');
      next.claim(claimOf('c'));
      assert.equal(next.arbitrate().setpoint?.owner, 'c');
    });
  });
});
