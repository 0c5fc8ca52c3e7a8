import assert from 'node:assert/strict';
import { type Claim, createLeaseBook, mostLeases } from '../../src/control/leases.ts';
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

describe('the lease book', () => {
  beforeEach(() => {
    clock = createVirtualClock();
  });

  it('gives an actuator to the highest priority, among equals to the newest claim', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a'));
    book.claim(claimOf('b'));
    assert.equal(book.decide().setpoint?.owner, 'b');
    book.claim(claimOf('person', { priority: 70 }));
    book.claim(claimOf('a', { params: { power_w: 2000 } }));
    assert.equal(book.decide().setpoint?.owner, 'person');
    book.release('person');
    assert.equal(book.decide().setpoint?.owner, 'a');
  });

  it('does not let two controllers that renew take the actuator from each other in turn', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a'));
    book.claim(claimOf('b'));
    book.claim(claimOf('a'));
    assert.equal(book.decide().setpoint?.owner, 'b');
    book.claim(claimOf('a', { params: { power_w: 5 } }));
    assert.equal(book.decide().setpoint?.owner, 'a');
  });

  it('knows a schedule again when it is renewed', () => {
    const book = createLeaseBook(clock);
    const schedule = (): Partial<Claim> => ({
      verb: 'set_profile',
      params: { schedule: [{ start_s: 0, power_w: 5 }] },
    });
    const first = book.claim(claimOf('a', schedule()))?.lease;
    clock.advance(5000);
    const second = book.claim(claimOf('a', schedule()))?.lease;
    assert.deepEqual([second?.from, second?.order], [first?.from, first?.order]);
  });

  it('says who lost it', () => {
    const book = createLeaseBook(clock);
    const first = book.claim(claimOf('a'));
    assert.equal(first?.displaced, undefined);
    assert.equal(book.claim(claimOf('b'))?.displaced?.owner, 'a');
    assert.equal(book.claim(claimOf('b', { params: { power_w: 5 } }))?.displaced, undefined);
  });

  it('ends a lease when its time is over, whatever the wall clock does', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a', { durationMs: 10_000 }));
    clock.jump(3_600_000);
    assert.deepEqual(book.expire(), []);
    clock.jump(-7_200_000);
    clock.advance(9999);
    assert.deepEqual(book.expire(), []);
    clock.advance(1);
    assert.deepEqual(
      book.expire().map(({ owner }) => owner),
      ['a'],
    );
    assert.equal(book.decide().setpoint, undefined);
  });

  it('counts a renewal from its own time on', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a', { durationMs: 10_000 }));
    clock.advance(9000);
    book.claim(claimOf('a', { durationMs: 10_000 }));
    clock.advance(9000);
    assert.deepEqual(book.expire(), []);
    assert.equal(book.nextExpiry(), clock.monotonic() + 1000);
  });

  it('intersects limits: the lowest counts, whoever set it', () => {
    const book = createLeaseBook(clock);
    book.claim(limitOf('grid', 3000, { priority: 90 }));
    book.claim(limitOf('fuse', 2000, { priority: 10 }));
    assert.equal(book.decide().limits.get('limit_charge')?.value, 2000);
    book.release('fuse', 'limit_charge');
    assert.equal(book.decide().limits.get('limit_charge')?.value, 3000);
    assert.equal(book.decide().setpoint, undefined);
  });

  it('releases what one owner holds, or one command of it', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a'));
    book.claim(limitOf('a', 500));
    book.claim(claimOf('b', { priority: 10 }));
    assert.equal(book.release('a', 'charge').length, 1);
    assert.equal(book.decide().setpoint?.owner, 'b');
    assert.equal(book.decide().limits.size, 1);
    assert.equal(book.release('a').length, 1);
    assert.equal(book.release('a').length, 0);
  });

  it('takes back a claim that came to nothing', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a'));
    const failed = book.claim(claimOf('a', { params: { power_w: 9 } }));
    assert.ok(failed);
    book.undo(failed.lease);
    assert.deepEqual(book.decide().setpoint?.params, { power_w: 1000 });
    const late = book.claim(claimOf('a', { params: { power_w: 9 } }));
    assert.ok(late);
    clock.advance(60_001);
    book.undo(late.lease);
    assert.equal(book.decide().setpoint, undefined);
  });

  it('does not bring back a claim that came to nothing itself', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a', { params: { power_w: 1 } }));
    const second = book.claim(claimOf('a', { params: { power_w: 2 } }));
    const third = book.claim(claimOf('a', { params: { power_w: 3 } }));
    assert.ok(second && third);
    book.undo(second.lease);
    assert.deepEqual(book.decide().setpoint?.params, { power_w: 3 });
    book.undo(third.lease);
    assert.deepEqual(book.decide().setpoint?.params, { power_w: 1 });
  });

  it('does not bring back what its owner has released meanwhile', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a', { verb: 'discharge' }));
    book.claim(claimOf('a', { verb: 'charge' }));
    const newer = [2, 3].map((power_w) => book.claim(claimOf('a', { verb: 'hold', params: { power_w } })));
    assert.deepEqual(book.release('a', 'charge'), []);
    for (const each of newer.reverse()) if (each) book.undo(each.lease);
    assert.deepEqual(book.all(), []);
  });

  it('brings back what was there before one that came to nothing, also where its owner released that one', () => {
    const book = createLeaseBook(clock);
    book.claim(claimOf('a', { verb: 'discharge' }));
    const [second, third] = ['charge', 'hold'].map((verb) => book.claim(claimOf('a', { verb })));
    assert.ok(second && third);
    book.undo(second.lease);
    book.release('a', 'charge');
    book.undo(third.lease);
    assert.equal(book.decide().setpoint?.verb, 'discharge');
  });

  it('lets in no more owners than it can watch over', () => {
    const book = createLeaseBook(clock);
    for (let i = 0; i < mostLeases; i++) assert.ok(book.claim(claimOf(`owner${i}`)));
    assert.equal(book.claim(claimOf('one-more')), undefined);
    assert.ok(book.claim(claimOf('owner0', { params: { power_w: 1 } })));
  });

  describe('after a restart', () => {
    const restart = (book: ReturnType<typeof createLeaseBook>, downMs: number, jumpMs = 0) => {
      const saved = { leases: structuredClone(book.save()), at: clock.now() };
      clock.advance(downMs);
      clock.jump(jumpMs);
      return createLeaseBook(clock, saved);
    };

    it('honours what still lasts, for the rest of its time, and nothing else', () => {
      const book = createLeaseBook(clock);
      book.claim(claimOf('a', { durationMs: 60_000 }));
      book.claim(claimOf('b', { durationMs: 5000, priority: 70 }));
      const next = restart(book, 20_000);
      assert.deepEqual(
        next.all().map(({ owner, until }) => [owner, until - clock.monotonic()]),
        [['a', 40_000]],
      );
    });

    it('believes nothing where the clock stands before the time of saving', () => {
      const book = createLeaseBook(clock);
      book.claim(claimOf('a'));
      assert.deepEqual(restart(book, 1000, -3_600_000).all(), []);
    });

    it('keeps the order of the claims', () => {
      const book = createLeaseBook(clock);
      book.claim(claimOf('a'));
      book.claim(claimOf('b'));
      const next = restart(book, 10);
      assert.equal(next.decide().setpoint?.owner, 'b');
      next.claim(claimOf('c'));
      assert.equal(next.decide().setpoint?.owner, 'c');
    });
  });
});
