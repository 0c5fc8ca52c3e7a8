import assert from 'node:assert/strict';
import { type ChargingProfile, ChargingProfileStore } from '../../../src/simulator/ocpp/charging-profile-store.ts';

const start = Date.UTC(2026, 10, 25, 10);
const profile = (given: Partial<ChargingProfile>): ChargingProfile => ({
  id: 1,
  stackLevel: 0,
  purpose: 'tx_default',
  kind: 'absolute',
  unit: 'A',
  startAt: start,
  periods: [{ startS: 0, limit: 16 }],
  ...given,
});

describe('charging profiles in a simulated station', () => {
  const limitOf = (profiles: [evse: number, profile: ChargingProfile][], at: number, begun?: number) => {
    const store = new ChargingProfileStore(false);
    for (const [evse, each] of profiles) store.set(evse, each, start);
    const { tx, station } = store.at(at, 1, begun);
    return [tx?.limit, station?.limit];
  };

  it('the higher stack level wins, until its time is over', () => {
    const both: [number, ChargingProfile][] = [
      [1, profile({ id: 1 })],
      [1, profile({ id: 2, stackLevel: 3, durationS: 60, periods: [{ startS: 0, limit: 8 }] })],
    ];
    assert.deepEqual(limitOf(both, start + 59_000), [8, undefined]);
    assert.deepEqual(limitOf(both, start + 60_000), [16, undefined]);
  });

  it('a transaction profile goes before the default, the station stays a ceiling of its own', () => {
    const all: [number, ChargingProfile][] = [
      [1, profile({ id: 1, stackLevel: 8 })],
      [1, profile({ id: 2, purpose: 'tx', periods: [{ startS: 0, limit: 7 }] })],
      [0, profile({ id: 3, purpose: 'station_max', periods: [{ startS: 0, limit: 20 }] })],
    ];
    assert.deepEqual(limitOf(all, start, start), [7, 20]);
    assert.deepEqual(limitOf(all, start), [16, 20]);
  });

  it('one for this connector goes before one for all on the same level', () => {
    const both: [number, ChargingProfile][] = [
      [1, profile({ id: 1, periods: [{ startS: 0, limit: 9 }] })],
      [0, profile({ id: 2 })],
    ];
    assert.deepEqual(limitOf(both, start), [9, undefined]);
  });

  it('relative periods count from the start of the transaction', () => {
    const periods = [
      { startS: 0, limit: 6 },
      { startS: 300, limit: 12 },
    ];
    const relative: [number, ChargingProfile][] = [[1, profile({ kind: 'relative', startAt: undefined, periods })]];
    assert.deepEqual(limitOf(relative, start + 299_000, start), [6, undefined]);
    assert.deepEqual(limitOf(relative, start + 300_000, start), [12, undefined]);
    assert.deepEqual(limitOf(relative, start + 900_000), [6, undefined]);
  });

  it('an absolute one has not begun before its start; a daily one comes again; validity ends it', () => {
    assert.deepEqual(limitOf([[1, profile({})]], start - 1), [undefined, undefined]);
    const night = { everyS: 86_400, kind: 'recurring' as const, durationS: 3600 };
    assert.deepEqual(limitOf([[1, profile(night)]], start + 2 * 86_400_000 + 60_000), [16, undefined]);
    assert.deepEqual(limitOf([[1, profile(night)]], start + 2 * 86_400_000 + 3_600_000), [undefined, undefined]);
    assert.deepEqual(limitOf([[1, profile({ validTo: start + 1000 })]], start + 1000), [undefined, undefined]);
  });

  it('1.6 replaces what stands at the same place; 2.x refuses it under another id (K01.FR.06)', () => {
    const [old, young] = [profile({ id: 1 }), profile({ id: 2, periods: [{ startS: 0, limit: 6 }] })];
    const [store16, store201] = [new ChargingProfileStore(false), new ChargingProfileStore(true)];
    for (const store of [store16, store201]) assert.ok(store.set(1, old, start));
    assert.equal(store16.set(1, young, start), true);
    assert.deepEqual(
      store16.list().map((each) => each.profile.id),
      [2],
    );
    assert.equal(store201.set(1, young, start), false);
    assert.equal(store201.set(1, { ...young, id: 1 }, start), true);
    assert.equal(store201.at(start, 1, undefined).tx?.limit, 6);
  });

  it('clears by id, by place and by purpose', () => {
    const store = new ChargingProfileStore(false);
    store.set(1, profile({ id: 1 }), start);
    store.set(1, profile({ id: 2, stackLevel: 2 }), start);
    store.set(0, profile({ id: 3, purpose: 'station_max' }), start);
    assert.equal(store.clear({ id: 9 }), 0);
    assert.equal(store.clear({ purpose: 'tx_default', stackLevel: 2 }), 1);
    assert.equal(store.clear({ evse: 0 }), 1);
    assert.equal(store.clear({}), 1);
  });

  it('names the times at which something changes', () => {
    const store = new ChargingProfileStore(false);
    const periods = [
      { startS: 0, limit: 6 },
      { startS: 60, limit: 12 },
    ];
    store.set(1, profile({ durationS: 120, periods }), start);
    assert.deepEqual(
      store.changes(start + 10_000, start + 600_000, 1, undefined).map((at) => (at - start) / 1000),
      [10, 60, 120],
    );
  });
});
