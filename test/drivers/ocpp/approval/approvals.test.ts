import assert from 'node:assert/strict';
import { PendingConnection } from '../../../../src/drivers/ocpp/approval/pending-connection.ts';
import { type PendingStation, PendingStations } from '../../../../src/drivers/ocpp/approval/pending-stations.ts';
import { type RejectedStation, RejectedStations } from '../../../../src/drivers/ocpp/approval/rejected-stations.ts';
import type { StationMessage, StationResult } from '../../../../src/drivers/ocpp/messages.ts';
import type { Peer, StationLink } from '../../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { accepted, boot, passingCodec, rejected } from '../../../support/ocpp/decoded-station.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

const peer = (address: string): Peer => ({ address, isSecure: false, hasPassword: true });

describe('stations that were refused by hand', () => {
  const station = (identity: string): PendingStation => ({
    ...{ identity, version: '1.6', address: '10.0.0.1', isSecure: false, hasPassword: false },
    ...{ vendor: 'Acme', firstSeen: 1, lastSeen: 2 },
  });

  it('are kept until they are taken back, and survive the process', () => {
    let kept: RejectedStation[] = [];
    const save = (stations: RejectedStation[]) => {
      kept = stations;
    };
    new RejectedStations(kept, save).add(station('a'), 5);
    const list = new RejectedStations(kept, save);
    list.add(station('b'), 6);
    assert.deepEqual(list.list(), [
      { identity: 'b', address: '10.0.0.1', vendor: 'Acme', at: 6 },
      { identity: 'a', address: '10.0.0.1', vendor: 'Acme', at: 5 },
    ]);
    assert.deepEqual([list.remove('a'), list.remove('a'), list.has('a'), list.has('b')], [true, false, false, true]);
    assert.equal(kept.length, 1);
  });

  it('are a thousand at the most', () => {
    const list = new RejectedStations([], () => {});
    for (let i = 0; i < 1100; i++) list.add(station(`a${i}`), i);
    assert.deepEqual([list.list().length, list.has('a99'), list.has('a100')], [1000, false, true]);
  });
});

describe('stations that wait for approval', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = createVirtualClock();
  });

  it('are known by what they said of themselves, until somebody decides', () => {
    const list = new PendingStations(clock);
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

  it('keep what is known of their password to themselves, and of the last one only', () => {
    const list = new PendingStations(clock);
    list.arrived('a', '1.6', { ...peer('10.0.0.1'), offeredPassword: 'scrypt:first', isOfferedWeak: true });
    assert.deepEqual(list.offered('a'), { verifier: 'scrypt:first', isWeak: true });
    list.told('a', { vendor: 'Acme', model: 'Box' });
    list.arrived('a', '1.6', { ...peer('10.0.0.1'), offeredPassword: 'scrypt:second' });
    assert.deepEqual(list.offered('a'), { verifier: 'scrypt:second', isWeak: false });
    assert.ok(!JSON.stringify([list.list(), list.settle('a')]).includes('scrypt'));
    list.arrived('a', '1.6', { address: 'x', isSecure: false, hasPassword: false });
    assert.equal(list.offered('a'), undefined);
  });

  it('are so many at the most, and fewer from one address', () => {
    const list = new PendingStations(clock, { most: 3, mostPerAddress: 2, forgetMs: 1000 });
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
    let closed: [code: number, reason: string][];
    let room: PendingConnection;
    let answering: () => Promise<StationResult>;
    const enter = (most = 10) => {
      const list = new PendingStations(clock, { most, mostPerAddress: 10, forgetMs: 1e9 });
      room = new PendingConnection(list, { codecOf: passingCodec, clock, changed: (station) => seen.push(station) });
      const link: StationLink = {
        identity: 'new',
        version: '1.6',
        peer: peer('10.0.0.1'),
        call: () => answering(),
        close: (...words) => closed.push(words),
      };
      room.connected(link);
      return (event: StationMessage): unknown => room.called(event.kind, event);
    };
    beforeEach(() => {
      [seen, closed] = [[], []];
      answering = () => Promise.reject(new Error('nobody calls it'));
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
      const facts = { at: undefined, isOffline: false, meterValues: [], token: { id: 'T' } };
      assert.deepEqual(say({ kind: 'authorize', token: { id: 'T' } }), { authorization: 'invalid' });
      const started = say({ kind: 'transaction_started', evse: 1, ...facts });
      assert.deepEqual(started, { transaction: 1, authorization: 'invalid' });
      assert.deepEqual(say({ kind: 'meter_values', evse: 1, meterValues: [] }), {});
    });

    it('one too many is sent away', () => {
      enter(0);
      assert.deepEqual([seen, closed], [[], [[1008, 'too many stations wait for approval']]]);
    });

    const byHand = [1008, 'refused by hand: it stays out until it is taken back in the form of this server'];

    it('one that is refused is asked to boot, told so, and shown out', async () => {
      const say = enter();
      say(boot);
      answering = async () => accepted;
      room.reject();
      await clock.advanceAsync(5000);
      assert.deepEqual(closed, []);
      assert.deepEqual(say(boot), { registration: 'rejected', intervalS: 300 });
      assert.deepEqual(closed, [], 'the answer goes first');
      await clock.advanceAsync(1000);
      assert.deepEqual(closed, [byHand]);
    });

    it('one that promises to boot and does not is shown out as well', async () => {
      enter();
      answering = async () => accepted;
      room.reject();
      await clock.advanceAsync(10_000);
      assert.deepEqual(closed, [byHand]);
    });

    for (const [what, answer] of [
      ['does not know the question', () => Promise.reject(new Error('NotImplemented'))],
      ['does not want to boot', async () => rejected],
    ] as const)
      it(`one that ${what} is shown out at once`, async () => {
        enter();
        answering = answer;
        room.reject();
        await clock.advanceAsync(1);
        assert.deepEqual(closed, [byHand]);
      });

    it('one that is set up after all stays', async () => {
      enter();
      room.reject();
      room.spare();
      await clock.advanceAsync(60_000);
      assert.deepEqual(closed, []);
    });
  });
});
