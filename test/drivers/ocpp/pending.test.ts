import assert from 'node:assert/strict';
import type { Peer, StationLink } from '../../../src/drivers/ocpp/link/link.ts';
import { createPendingList, type PendingStation } from '../../../src/drivers/ocpp/station/pending.ts';
import { createWaitingRoom } from '../../../src/drivers/ocpp/station/waiting-room.ts';
import type { StationEvent } from '../../../src/drivers/ocpp/words.ts';
import { boot, passingCodec } from '../../support/scripted-station.ts';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.ts';

const peer = (address: string): Peer => ({ address, isSecure: false, hasPassword: true });

describe('stations that wait for approval', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = createVirtualClock();
  });

  it('are known by what they said of themselves, until somebody decides', () => {
    const list = createPendingList(clock);
    assert.equal(list.arrived('a', '1.6', peer('10.0.0.1')), 'new');
    list.told('a', { vendor: 'Acme', model: 'Box' });
    clock.advance(60_000);
    assert.equal(list.arrived('a', '2.0.1', peer('10.0.0.1')), 'known');
    const [station] = list.list();
    assert.deepEqual(
      [station?.vendor, station?.version, station?.hasPassword, (station?.lastSeen ?? 0) - (station?.firstSeen ?? 0)],
      ['Acme', '2.0.1', true, 60_000],
    );
    assert.equal(list.settle('a')?.model, 'Box');
    assert.deepEqual([list.list(), list.settle('a')], [[], undefined]);
  });

  it('are so many at the most, and fewer from one address', () => {
    const list = createPendingList(clock, { most: 3, mostPerAddress: 2, forgetMs: 1000 });
    assert.equal(list.arrived('a', '1.6', peer('x')), 'new');
    assert.equal(list.arrived('b', '1.6', peer('x')), 'new');
    assert.equal(list.arrived('c', '1.6', peer('x')), 'full');
    assert.equal(list.arrived('c', '1.6', peer('y')), 'new');
    assert.equal(list.arrived('d', '1.6', peer('z')), 'full');
    assert.equal(list.arrived('a', '1.6', peer('z')), 'known');
    list.told('d', { vendor: 'not kept' });
    assert.equal(list.list().length, 3);
    clock.advance(1001);
    assert.equal(list.arrived('d', '1.6', peer('x')), 'new');
    assert.equal(list.list().length, 1);
  });

  describe('in the waiting room', () => {
    let seen: PendingStation[];
    let closed: number[];
    const enter = (most = 10) => {
      const list = createPendingList(clock, { most, mostPerAddress: 10, forgetMs: 1e9 });
      const room = createWaitingRoom(list, passingCodec, clock, (station) => seen.push(station));
      const link: StationLink = {
        identity: 'new',
        version: '1.6',
        peer: peer('10.0.0.1'),
        call: () => Promise.reject(new Error('nobody calls it')),
        close: (code) => closed.push(code),
      };
      room.connected(link);
      return (event: StationEvent): unknown => room.called(event.kind, event);
    };
    beforeEach(() => {
      [seen, closed] = [[], []];
    });

    it('it is seen at once, and again when it says what it is', () => {
      const say = enter();
      assert.deepEqual(say(boot), { registration: 'pending', intervalS: 60 });
      assert.deepEqual(
        seen.map(({ identity, vendor }) => [identity, vendor]),
        [
          ['new', undefined],
          ['new', 'Acme'],
        ],
      );
    });

    it('nobody charges there, booted or not', () => {
      const say = enter();
      const facts = { at: undefined, isOffline: false, samples: [], token: { id: 'T' } };
      assert.deepEqual(say({ kind: 'authorize', token: { id: 'T' } }), { authorization: 'invalid' });
      const started = say({ kind: 'transaction_started', evse: 1, ...facts });
      assert.deepEqual(started, { transaction: 1, authorization: 'invalid' });
      assert.deepEqual(say({ kind: 'meter_values', evse: 1, samples: [] }), {});
    });

    it('one too many is sent away', () => {
      enter(0);
      assert.deepEqual([seen, closed], [[], [1008]]);
    });
  });
});
